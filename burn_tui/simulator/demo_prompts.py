"""The demo's own project: a prompt that was changed this morning, one for two providers, and their use."""

from functools import cache
from pathlib import Path
from sqlite3 import Connection

from burn_tui.core.pins import written
from burn_tui.core.prompt_form import WORKING, PromptVersion
from burn_tui.core.usage import PromptUse
from burn_tui.engine.comparing.files import FOLDER as CASES_FOLDER
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.prompts import memory
from burn_tui.engine.prompts.files import FOLDER, SUFFIX, parsed
from burn_tui.engine.prompts.pins_file import FILE

_REVIEW = """---
name: review-diff
description: What a reviewer should look at first.
model:
  route: quick
  options: {temperature: 0.2}
inputs:
  diff: {type: string}
  language: {default: Python}
---
system:
You review changes to a program written in {{language}}.
Name at most three things, the worst first.

user:
Review this change:

{{diff}}
"""

_TRIAGE = """---
name: triage
inputs:
  ticket: {type: string}
---
system:
You sort tickets. Answer with the name of a team.

user:
{{ticket}}
"""

_FILES = {
    "review-diff": _REVIEW,
    "triage": _TRIAGE,
    "triage.anthropic": _TRIAGE.replace("You sort", "Think first, then sort"),
}

_CASES = """repeats: 2
defaultTest:
  assert:
    - {type: latency, threshold: 20000}
    - {type: not-icontains, value: as an AI}
tests:
  - description: a retry loop
    vars: {diff: "+ for attempt in range(limit): fetch(url)"}
    assert:
      - {type: icontains-any, value: [loop, attempt, retry]}
  - description: a budget
    vars: {diff: "+ with lock: reserve(budget)"}
    assert:
      - {type: icontains, value: lock}
      - {type: word-count, value: {max: 200}}
"""

_BEFORE = _REVIEW.replace("temperature: 0.2", "temperature: 0.7").replace("Name at most three things,", "Name things,")

CHANGED_S = 2.5 * 3600
"""So long ago the prompt was changed, in seconds."""


def write_project(folder: Path) -> None:
    """The files, as a person would have written them."""
    prompts = folder / FOLDER
    prompts.mkdir(parents=True)
    for stem, text in _FILES.items():
        (prompts / f"{stem}{SUFFIX}").write_text(text, encoding="utf-8")
    pins = f"review-diff: {{production: {written(_version(_BEFORE).version)}, staging: {WORKING}}}\n"
    (prompts / FILE).write_text(pins, encoding="utf-8")
    (prompts / CASES_FOLDER).mkdir()
    (prompts / CASES_FOLDER / "review-diff.yaml").write_text(_CASES, encoding="utf-8")


async def remember(ledger: Ledger, now: float) -> None:
    """Both versions are known, as if they had been used. `now`: seconds since the epoch."""

    def both(connection: Connection) -> None:
        memory.keep(connection, [_version(_BEFORE)], now - 9 * 3600)
        memory.keep(connection, [_version(_REVIEW)], now - CHANGED_S)

    await ledger.writing(both)


def use_of(operation: str, age_s: float) -> PromptUse | None:
    """What a program of the demo sent so long ago; None = no versioned prompt."""
    if operation != "review-diff":
        return None
    version = _version(_BEFORE if age_s > CHANGED_S else _REVIEW)
    return PromptUse(name=version.name, version=version.version, label="staging")


@cache
def _version(text: str) -> PromptVersion:
    return parsed(text, path=Path(FOLDER) / f"review-diff{SUFFIX}", name="review-diff").version
