"""Prompts as files: `<name>.prompt.md`, `<name>.<variant>.prompt.md`, in `prompts/` of the project and of the
settings' directory. A file is read whole, once for each use, so that nothing mixes two versions of it.
"""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from burn_tui.core.errors import SettingsError, mend_by_name
from burn_tui.core.prompt_form import (
    FENCE,
    UNSEMANTIC_KEYS,
    Input,
    Model,
    Options,
    Output,
    Prompt,
    PromptVersion,
    normal,
    normal_body,
    version_of,
)
from burn_tui.core.prompt_rendering import RESERVED, BodyError, Placeholder, parts, placeholders
from burn_tui.core.prompt_values import InputType, WrongValueError, coerced
from burn_tui.engine.settings_file import stamp
from burn_tui.engine.yaml_source import Document, parse

SUFFIX = ".prompt.md"

FOLDER = "prompts"
"""In the project, or beside the settings file."""

MOST_BYTES = 1024 * 1024
"""Of one file. Nothing that is longer was written by a person, and each answer would pay for all of it."""

_READ_AGAIN = 3
"""How often a file that changes while it is read is tried."""

_STEM = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_-]*)(?:\.(?P<variant>[A-Za-z0-9][A-Za-z0-9._-]*))?")
_KEYS = ("name", "model", "inputs", "output", *UNSEMANTIC_KEYS)
_INPUT_KEYS = ("type", "required", "default", *UNSEMANTIC_KEYS)


class PromptFile(Struct, frozen=True, kw_only=True):
    """A file as it is now."""

    path: Path
    version: PromptVersion
    description: str = ""
    """For people; "" = it has none."""


class Shelf(Struct, frozen=True, kw_only=True):
    """Every prompt that is there."""

    directories: tuple[Path, ...]
    """Where they were looked for."""
    files: dict[str, PromptFile]
    """By name and variant, as PromptVersion.stem."""
    problems: dict[str, SettingsError]
    """What is wrong with the others, by the same."""

    @property
    def names(self) -> list[str]:
        """Of prompts, whatever their variants, good or bad, in the order of the alphabet."""
        return sorted({stem.partition(".")[0] for stem in (*self.files, *self.problems)})

    def variants(self, name: str) -> list[PromptFile]:
        """All files of a prompt, the plain one first; SettingsError if any of them is broken."""
        for stem, problem in self.problems.items():
            if stem.partition(".")[0] == name:
                raise problem
        found = [file for file in self.files.values() if file.version.name == name]
        return sorted(found, key=lambda file: file.version.variant or "")


def folders(directory: Path | None, config_directory: Path | None) -> tuple[Path, ...]:
    """Where prompts are: `prompts/` in `directory` or the nearest folder above it within its repository, and in the
    settings' directory. Those that do not exist are left out.
    """
    wanted = [*_up_to_the_repository(directory)] if directory is not None else []
    project = next((path / FOLDER for path in wanted if (path / FOLDER).is_dir()), None)
    own = config_directory / FOLDER if config_directory is not None else None
    return tuple(dict.fromkeys(path for path in (project, own) if path is not None and path.is_dir()))


def _up_to_the_repository(directory: Path) -> list[Path]:
    """`directory` and what is above it, up to the one that holds .git; itself alone outside of a repository."""
    above = [directory, *directory.parents]
    root = next((position for position, path in enumerate(above) if (path / ".git").exists()), 0)
    return above[: root + 1]


def shelf(directories: Sequence[Path]) -> Shelf:
    """All prompts in these folders. What is broken is a problem of its own and hides nothing else."""
    files: dict[str, PromptFile] = {}
    problems: dict[str, SettingsError] = {}
    seen: dict[str, Path] = {}
    for path in _paths(directories):
        stem = path.name.removesuffix(SUFFIX)
        try:
            _refuse_twin(path, seen.get(normal(stem).casefold()))
            seen[normal(stem).casefold()] = path
            files[stem] = read_prompt(path)
        except SettingsError as error:
            problems[stem] = error
    for stem in problems:
        files.pop(stem, None)
    return Shelf(directories=tuple(directories), files=files, problems=problems)


def read_prompt(path: Path) -> PromptFile:
    """The prompt in `path`; SettingsError for whatever is wrong with it."""
    found = _STEM.fullmatch(normal(path.name.removesuffix(SUFFIX)))
    if found is None:
        raise SettingsError(
            "is no name of a prompt.",
            file=str(path),
            mend=f"Letters, digits, - and _, as in triage{SUFFIX} or triage.anthropic{SUFFIX}.",
        )
    return parsed(_text(path), path=path, name=found["name"], variant=found["variant"])


def parsed(text: str, *, path: Path, name: str, variant: str | None = None) -> PromptFile:
    """The prompt that `text` is; SettingsError for whatever is wrong with it."""
    head, body, body_line = _split(normal(text), str(path))
    # The empty line stands for the fence, so that lines are counted as in the file.
    document = parse(f"\n{head}", file=str(path), refuses_traps=False)
    keys = document.mapping(())
    for key in keys:
        if key not in _KEYS:
            raise document.error("unknown key.", (key,), mend=mend_by_name(key, _KEYS))
    prompt = Prompt(
        name=_name(document, name),
        model=_model(document),
        inputs=_inputs(document),
        body=normal_body(body),
        output=_output(document),
    )
    _check_body(prompt, document, body_line)
    description = keys.get("description")
    return PromptFile(
        path=path,
        version=version_of(prompt, variant),
        description=description if isinstance(description, str) else "",
    )


# --- reading ----------------------------------------------------------------------------------------


def _paths(directories: Iterable[Path]) -> list[Path]:
    try:
        return [path for folder in directories for path in sorted(folder.iterdir()) if path.name.endswith(SUFFIX)]
    except OSError as error:
        raise SettingsError(
            f"cannot be read: {error.strerror}.", file=str(error.filename), mend="Check its permissions."
        ) from error


def _refuse_twin(path: Path, other: Path | None) -> None:
    if other is not None:
        raise SettingsError(
            "has the same name as another prompt.", file=str(path), mend=f"Rename it or {other}, or take one away."
        )


def _text(path: Path) -> str:
    try:
        for _ in range(_READ_AGAIN):
            if path.exists() and not path.is_file():  # to read a pipe would be to wait for ever
                raise SettingsError("is no file.", file=str(path), line=1, mend="Take it away.")
            before = stamp(path)
            size = os.stat(path).st_size  # noqa: PTH116 - with the reason if there is no such file
            if size > MOST_BYTES:
                raise SettingsError(
                    f"has {size / 1e6:.1f} MB, more than a prompt may have (1 MB).",
                    file=str(path),
                    line=1,
                    mend="Give what is long as the value of a variable.",
                )
            data = path.read_bytes()
            if stamp(path) == before:
                return data.decode()
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(f"cannot be read: {reason}.", file=str(path), mend="Is it being moved?") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError("is not UTF-8 text.", file=str(path), line=line, mend="Save it as UTF-8.") from error
    raise SettingsError(
        "changes all the time.", file=str(path), line=1, mend="Wait until it is written, and ask again."
    )


def _split(text: str, file: str) -> tuple[str, str, int]:
    """Head, body, and the line of the file in which the body begins. A text without a fence is all body."""
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        return "", text, 1
    end = next((number for number, line in enumerate(lines[1:], start=1) if line.rstrip() == FENCE), None)
    if end is None:
        raise SettingsError(
            "its head has no end.", file=file, line=1, mend=f"Put a line {FENCE} between the keys and the body."
        )
    return "\n".join(lines[1:end]), "\n".join(lines[end + 1 :]), end + 2


# --- the head ---------------------------------------------------------------------------------------


def _name(document: Document, file_name: str) -> str:
    said = document.written.get(("name",), document.at(("name",)))
    if said is not None and said != file_name:
        mend = f"Leave it out, or rename the file to {said}{SUFFIX}." if isinstance(said, str) else "Leave it out."
        raise document.error(f"the file is called {file_name}.", ("name",), mend=mend)
    return file_name


def _model(document: Document) -> Model:
    model = document.convert(("model",), Model) if document.at(("model",)) is not None else Model()
    if ("model", "options") in document.lines and document.at(("model", "options")) is not None:
        document.convert(("model", "options"), Options)
    return model


def _output(document: Document) -> Output:
    said = document.at(("output",))
    if said is None:
        return Output()
    if isinstance(said, str):
        document.value = {**document.mapping(()), "output": {"format": said}}
    output = document.convert(("output",), Output)
    if output.format == "text" and (output.schema is not None or output.strict):
        raise document.error("only JSON has a schema.", ("output",), mend="Add `format: json`.")
    return output


def _inputs(document: Document) -> dict[str, Input]:
    found = {}
    for name in document.mapping(("inputs",)):
        path = ("inputs", name)
        if name in RESERVED:
            raise document.error(
                f"a variable cannot be called like the key {name!r}.",
                path,
                mend=f"Call it the_{name}, in the body too.",
            )
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
            raise document.error("is no name of a variable.", path, mend="Letters, digits, - and _, as in ticket_2.")
        given = document.mapping(path)
        for key in given:
            if key not in _INPUT_KEYS:
                raise document.error("unknown key.", (*path, key), mend=mend_by_name(key, _INPUT_KEYS))
        found[name] = _input(document, path, given)
    return found


def _input(document: Document, path: tuple[str, ...], given: dict[str, Any]) -> Input:
    fields = {key: value for key, value in given.items() if key in {"type", "required"}}
    type_: InputType = _converted(document, (*path, "type"), InputType) if "type" in fields else "string"
    required = _converted(document, (*path, "required"), bool) if "required" in fields else True
    if given.get("default") is None:
        return Input(type=type_, required=required)
    where = (*path, "default")
    written = document.written.get(where) if type_ == "string" else None
    try:
        return Input(type=type_, required=required, default=coerced(given["default"], type_, written=written))
    except WrongValueError as error:
        raise document.error(str(error), where, mend="") from error  # it says itself what to do


def _converted(document: Document, path: tuple[str, ...], type_: Any) -> Any:
    try:
        return msgspec.convert(document.at(path), type_)
    except msgspec.ValidationError as error:
        mend = "Write true or false." if type_ is bool else "Write string, integer, number, boolean, array or object."
        raise document.error(f"{document.at(path)!r} is not possible here.", path, mend=mend) from error


# --- the body ---------------------------------------------------------------------------------------


def _check_body(prompt: Prompt, document: Document, body_line: int) -> None:
    """Everything about the body that does not depend on the values."""
    try:
        parts(prompt.body)
        for one in placeholders(prompt.body):
            _check_variable(one, prompt)
    except BodyError as error:
        line = body_line + error.line - 1
        raise SettingsError(error.problem, file=document.file, line=line, mend=error.mend) from error


def _check_variable(one: Placeholder, prompt: Prompt) -> None:
    if one.name in RESERVED:
        problem = f"a variable cannot be called like the key {one.name!r}."
        raise BodyError(problem, f"Call it the_{one.name}.", one.line)
    if prompt.inputs and one.name not in prompt.inputs:
        mend = mend_by_name(one.name, prompt.inputs)
        raise BodyError(f"the variable {one.name} is not among the inputs.", mend, one.line)
