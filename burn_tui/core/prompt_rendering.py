r"""From a prompt and the values of its variables to the messages that are sent, in one pass.

{{ticket}}              a variable
{{tone|kindly}}         a variable, and what stands there if it has no value
\\{{                     two braces, and no variable

system:                 a line of its own begins a part of the body; what stands before the first is the user's
user:
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Literal

import msgspec
from msgspec import UNSET, Struct

from burn_tui.core.chat import Message, said
from burn_tui.core.errors import PromptError, mend_by_name
from burn_tui.core.prompt_form import Input, Prompt
from burn_tui.core.prompt_values import Value, WrongValueError, coerced, in_words

_OPENING = re.compile(r"(?P<escaped>\\\{\{)|\{\{(?P<inside>(?:(?!\{\{|\}\}).)*)(?P<end>\}\})?", re.DOTALL)
_INSIDE = re.compile(r"\s*(?P<name>[A-Za-z_][A-Za-z0-9_-]*)\s*(?:\|(?P<default>.*))?", re.DOTALL)
_ROLE = re.compile(r"^(?P<role>system|user):[ \t]*$", re.MULTILINE)

RESERVED = frozenset(
    {"name", "description", "model", "inputs", "output", "notes", "owner", "tags", "system", "user", "version"}
)
"""Keys of a prompt file and its roles: a variable of that name could not be told from them."""


class Placeholder(Struct, frozen=True):
    """Where a body holds a variable."""

    name: str
    default: str | None
    """What stands there if the variable has no value; None = nothing is said."""
    line: int
    """Of the body, from 1."""


class BodyError(Exception):
    """A body that cannot be rendered, whatever the variables are."""

    def __init__(self, problem: str, mend: str, line: int) -> None:
        super().__init__(f"{problem} {mend}")
        self.problem = problem
        self.mend = mend
        self.line = line
        """Of the body, from 1."""


class Part(Struct, frozen=True):
    """What one role says, before its variables have their values."""

    role: Literal["system", "user"]
    text: str


class Rendered(Struct, frozen=True, kw_only=True):
    """A prompt with its variables' values."""

    messages: tuple[Message, ...]
    variables_hash: str | None
    """SHA-256 of all values that it was rendered with, 64 hex digits; None = it has no variables."""


def placeholders(body: str) -> Iterator[Placeholder]:
    """Every variable of a body, in order; BodyError for braces that mean nothing."""
    for found in _OPENING.finditer(body):
        if not found["escaped"]:
            name, default = _meaning(found)
            yield Placeholder(name, default, _line(body, found.start()))


def parts(body: str) -> list[Part]:
    """The body by roles; BodyError where the user says nothing."""
    marks = list(_ROLE.finditer(body))
    first = body[: marks[0].start()] if marks else body
    said_by = [] if marks and not first.strip() else [Part("user", first.strip("\n"))]
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        text = body[mark.end() : following.start() if following else len(body)].strip("\n")
        said_by.append(Part("system" if mark["role"] == "system" else "user", text))
    if not any(part.role == "user" and part.text.strip() for part in said_by):
        line = body.count("\n") + (0 if body.endswith("\n") else 1)
        raise BodyError("the user says nothing.", "Write the question below a line `user:`.", max(line, 1))
    return [part for part in said_by if part.text.strip()]


def declared(prompt: Prompt) -> dict[str, Input]:
    """Its variables. A prompt that declares none has those of its body, as texts that must be given."""
    return prompt.inputs or {one.name: Input() for one in placeholders(prompt.body)}


def checked(prompt: Prompt, variables: Mapping[str, object]) -> dict[str, Value]:
    """The values of the variables as they were declared; PromptError for a value too many, too few or of a wrong kind.

    Variables that have neither value nor default are not in it: their places say what stands there.
    """
    inputs = declared(prompt)
    for name in variables:
        if name not in inputs:
            raise PromptError(f"Prompt {prompt.name} has no variable {name!r}.", mend=mend_by_name(name, inputs))
    values: dict[str, Value] = {}
    for name, one in inputs.items():
        if name in variables:
            try:
                values[name] = coerced(variables[name], one.type)
            except WrongValueError as error:
                raise PromptError(f"Variable {name} of prompt {prompt.name}:", mend=str(error)) from error
        elif one.default is not UNSET:
            values[name] = one.default
    _refuse_missing(prompt, inputs, values)
    return values


def rendered(prompt: Prompt, variables: Mapping[str, object]) -> Rendered:
    """What is sent, and the hash of the values; PromptError before anything is."""
    values = checked(prompt, variables)

    def standing_there(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "{{"
        name, default = _meaning(found)
        if default is not None and name not in variables:
            return default
        return in_words(values.get(name, ""))

    messages = tuple(said(part.role, _OPENING.sub(standing_there, part.text)) for part in parts(prompt.body))
    if not any(message.role == "user" and message.text.strip() for message in messages):
        raise PromptError(f"Prompt {prompt.name} says nothing with these variables.", mend="Give them a text.")
    used = {one.name for one in placeholders(prompt.body)} | set(values)
    return Rendered(messages=messages, variables_hash=_hash(values) if used else None)


def _refuse_missing(prompt: Prompt, inputs: Mapping[str, Input], values: Mapping[str, Value]) -> None:
    bare = {one.name for one in placeholders(prompt.body) if one.default is None}
    uses = {one.name for one in placeholders(prompt.body)}
    missing = [
        name
        for name, one in inputs.items()
        if one.required and name not in values and (name in bare or name not in uses)
    ]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise PromptError(
            f"Prompt {prompt.name} needs {', '.join(missing)}, which {are} not given.",
            mend=f"Add {' '.join(f'{name}=VALUE' for name in missing)}.",
        )


def _meaning(found: re.Match[str]) -> tuple[str, str | None]:
    """The name of a variable, and what stands there without a value."""
    inside = _INSIDE.fullmatch(found["inside"])
    if inside is None or found["end"] is None:
        text = " ".join(found[0][:40].split())
        raise BodyError(
            f"{text!r} is no variable.",
            r"Write {{name}} or {{name|default}}, and \{{ for two braces that are only text.",
            _line(found.string, found.start()),
        )
    return inside["name"], inside["default"]


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _hash(values: Mapping[str, Value]) -> str:
    return sha256(msgspec.json.encode(dict(values), order="sorted")).hexdigest()
