"""Prompt files of a project that a test makes."""

from pathlib import Path

from burn_tui.engine.prompts.files import SUFFIX, PromptFile, parsed

TRIAGE = """---
name: triage
description: Sorts tickets by who has to look at them.
model:
  options: {temperature: 0.2}
inputs:
  ticket: {type: string}
  team: {default: support}
---
system:
You sort tickets for the team {{team}}.

user:
Who has to look at this?

{{ticket}}
"""


def prompt_of(text: str, name: str = "triage", variant: str | None = None) -> PromptFile:
    """The prompt that a text is."""
    return parsed(text, path=Path(f"prompts/{name}{SUFFIX}"), name=name, variant=variant)


def write(folder: Path, text: str = TRIAGE, stem: str = "triage") -> Path:
    """A prompt's file in the folder `prompts` of a project."""
    path = folder / "prompts" / f"{stem}{SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path
