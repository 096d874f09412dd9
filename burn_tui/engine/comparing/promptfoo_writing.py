"""How taken-over prompts and cases are written: as a person would, with values as JSON, which YAML reads as it is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from burn_tui.core.prompt_form import FENCE
from burn_tui.engine.comparing.promptfoo_files import json_text

if TYPE_CHECKING:
    from burn_tui.engine.comparing.promptfoo import Test


def prompt_text(body: str, source: str, options: Mapping[str, Any]) -> str:
    """A prompt's file."""
    head = [f"description: {json_text(f'Taken over from {source}.')}"]
    if options:
        head += ["model:", f"  options: {json_text(dict(options))}"]
    return "\n".join([FENCE, *head, FENCE, body])


def cases_text(
    tests: "Sequence[Test]",
    *,
    source: str,
    models: Sequence[str],
    unknown: Sequence[str],
    repeats: int,
    judge: str | None,
) -> str:
    """A file of cases. What all cases have in common stands once."""
    lines = [f"# Taken over from {source}."]
    if unknown:
        lines.append(f"# Not in the settings when it was taken over: {json_text(list(unknown))}")
    if models:
        lines.append(f"models: {json_text(list(models))}")
    if repeats > 1:
        lines.append(f"repeats: {repeats}")
    if judge is not None:
        lines.append(f"judge: {json_text(judge)}")
    common = _common(tests)
    if common:
        lines += ["defaultTest:", "  assert:", *(f"    - {json_text(one)}" for one in common)]
    lines.append("tests:")
    for test in tests:
        lines += _test(test, common)
    return "\n".join(lines) + "\n"


def _common(tests: "Sequence[Test]") -> list[dict[str, Any]]:
    """The assertions with which all cases begin."""
    shared: list[dict[str, Any]] = []
    for each in zip(*(test.asserts for test in tests), strict=False):
        if len(tests) < 2 or any(one != each[0] for one in each):
            break
        shared.append(each[0])
    return shared


def _test(test: "Test", common: Sequence[dict[str, Any]]) -> Iterator[str]:
    rows = [] if test.description is None else [f"description: {json_text(test.description)}"]
    if test.variables:
        rows += ["vars:", *(f"  {json_text(name)}: {json_text(value)}" for name, value in test.variables.items())]
    own = test.asserts[len(common) :]
    if own:
        rows += ["assert:", *(f"  - {json_text(one)}" for one in own)]
    for number, row in enumerate(rows or ["{}"]):
        yield f"{'  - ' if number == 0 else '    '}{row}"
