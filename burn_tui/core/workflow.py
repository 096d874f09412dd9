"""Prompts one after the other, each of which may use what was answered before: what a file of steps means.

- step: outline
  prompt: Outline a talk on rivers.
  target: auto
- step: write
  prompt: "Write it: {{outline}}"
  check: code
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from msgspec import Struct, structs

INPUT = "input"
"""The name of what a step takes in."""

BUILT_IN_CHECKS = ("answer", "json", "code")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_REFERENCE = re.compile(r"\{\{\s*([A-Za-z][A-Za-z0-9_-]*)\s*\}\}")


class Step(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of the file."""

    step: str
    """Its name, by which later ones refer to its answer as {{name}}."""
    prompt: str | None = None
    """What is asked."""
    use: str | None = None
    """A versioned prompt instead, as "name", "name@label" or "name@version"."""
    variables: Mapping[str, Any] = {}
    """Of the versioned prompt; texts among them may refer to earlier answers."""
    input: str | None = None
    """An earlier step whose answer is {{input}}; where the prompt does not say {{input}}, it stands below it."""
    target: str | None = None
    """A provider/model, a route or auto; None = the default route."""
    budget_usd: float | None = None
    """What all attempts of the step may cost together; None = as much as other budgets allow."""
    check: str | None = None
    """answer, json, code, or the name of one of the settings' checks; None = nothing is checked."""


class Problem(Struct, frozen=True):
    """Why a file of steps cannot be run, and where."""

    place: int
    """Of the step, from 0."""
    key: str
    """Of the step; "" = the step as a whole."""
    what: str
    mend: str


def problem(steps: Sequence[Step], checks: Sequence[str]) -> Problem | None:
    """The first thing that is wrong; None = they can be run in their order. `checks`: those of the settings."""
    if not steps:
        return Problem(0, "", "there is no step.", "Write a list of steps, each with step: and prompt:.")
    return next((found for place in range(len(steps)) if (found := _step_problem(place, steps, checks))), None)


def _step_problem(place: int, steps: Sequence[Step], checks: Sequence[str]) -> Problem | None:
    step, earlier = steps[place], [one.step for one in steps[:place]]
    if not _NAME.fullmatch(step.step) or step.step == INPUT:
        mend = f"Begin with a letter, then letters, digits, - and _; {INPUT} is taken."
        return Problem(place, "step", f"{step.step!r} is no name for a step.", mend)
    if step.step in earlier:
        return Problem(place, "step", f"there are two steps {step.step!r}.", "Give each a name of its own.")
    if (step.prompt is None) == (step.use is None):
        return Problem(place, "", "it needs either prompt: or use:.", "Write one of the two.")
    if step.prompt is not None and not step.prompt.strip():
        return Problem(place, "prompt", "the prompt is empty.", "Say something.")
    if step.prompt is not None and step.variables:
        return Problem(place, "variables", "only a versioned prompt has variables.", "Write use: in place of prompt:.")
    if step.budget_usd is not None and step.budget_usd < 0:
        return Problem(place, "budget_usd", "a budget is not below 0.", "Write dollars, as 0.05.")
    if step.check is not None and step.check not in (*BUILT_IN_CHECKS, *checks):
        known = ", ".join((*BUILT_IN_CHECKS, *checks))
        return Problem(place, "check", f"there is no check {step.check!r}.", f"Known: {known}.")
    return _reference_problem(place, steps, earlier)


def _reference_problem(place: int, steps: Sequence[Step], earlier: Sequence[str]) -> Problem | None:
    later = {one.step for one in steps[place:]}
    for key, name in _references(steps[place]):
        if name in earlier:
            continue
        if name == INPUT and key != INPUT:
            if steps[place].input is not None:
                continue
            return Problem(place, key, "{{input}} is used, and there is no input.", "Write input: and a step's name.")
        if name in later:
            return Problem(place, key, f"step {name!r} comes later.", "Move it before this one.")
        known = f"Earlier steps: {', '.join(earlier)}." if earlier else "There is no earlier step."
        return Problem(place, key, f"there is no step {name!r}.", known)
    return None


def _references(step: Step) -> Iterator[tuple[str, str]]:
    """Key and name of each."""
    if step.input is not None:
        yield INPUT, step.input
    if step.prompt is not None:
        yield from (("prompt", name) for name in _REFERENCE.findall(step.prompt))
    for value in step.variables.values():
        if isinstance(value, str):
            yield from (("variables", name) for name in _REFERENCE.findall(value))


def filled(step: Step, answers: Mapping[str, str]) -> Step:
    """With the earlier answers in their places. What an answer itself says in double braces stays as it is."""
    given = dict(answers)
    if step.input is not None:
        given[INPUT] = answers[step.input]

    def in_place(text: str) -> str:
        return _REFERENCE.sub(lambda match: given[match.group(1)], text)

    prompt = None if step.prompt is None else in_place(step.prompt)
    if step.prompt is not None and step.input is not None and not _says_input(step.prompt):
        prompt = f"{prompt}\n\n{given[INPUT]}"
    variables = {name: in_place(value) if isinstance(value, str) else value for name, value in step.variables.items()}
    if step.use is not None and step.input is not None and not any(map(_says_input, step.variables.values())):
        variables.setdefault(INPUT, given[INPUT])
    return structs.replace(step, prompt=prompt, variables=variables)


def _says_input(text: object) -> bool:
    return isinstance(text, str) and INPUT in _REFERENCE.findall(text)


def fingerprint(step: Step) -> str:
    """Of a filled step: the same as long as it would ask the same of the same and be content with the same."""
    return sha256(json.dumps(structs.asdict(step), sort_keys=True, default=str).encode()).hexdigest()
