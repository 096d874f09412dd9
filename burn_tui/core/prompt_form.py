"""What a prompt is, and the one form of it that its version is the hash of.

A file may be written in many ways: other line ends, other order of keys, comments, a description. All that a model or
a program could notice is in the canonical form, and nothing else; it is itself a prompt file, with JSON in its head.

    ---
    {"inputs":{"ticket":{}},"model":{"options":{"temperature":0.2}},"name":"triage"}
    ---
    system:
    You sort tickets.
"""

import re
import unicodedata
from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from burn_tui.core.chat import ReasoningEffort
from burn_tui.core.prompt_values import InputType, Value

SHOWN_DIGITS = 12
"""Of a version, where a person reads it."""

FEWEST_DIGITS = 8
"""Of a version, where a person writes it: with fewer, two versions may soon begin alike."""

WORKING = "working"
"""The label of the file as it is now, pinned or not."""

UNSEMANTIC_KEYS = ("description", "notes", "owner", "tags")
"""Of a prompt and of each of its inputs: what people tell each other, and no part of the version."""

FENCE = "---"
"""A line of its own before and after the head."""

_DIGITS = re.compile(r"[0-9a-f]+")


class Input(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A variable that the body may hold."""

    type: InputType = "string"
    required: bool = True
    """False = without a value and a default it is empty."""
    default: Value | UnsetType = UNSET
    """Of the declared type; absent = it has none."""


class Options(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How a model is to answer. None = the provider's default."""

    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=100)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    stop_sequences: tuple[str, ...] = ()
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    reasoning_effort: ReasoningEffort | None = None


class Model(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who is to answer, and how."""

    route: str | None = None
    """A route, "provider/model", a provider or a model; None = the default route."""
    options: Options = Options()


class Output(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The form of the answer."""

    format: Literal["text", "json"] = "text"
    schema: dict[str, Any] | None = None
    """JSON Schema; None = any JSON."""
    strict: bool = False
    """True = the answer must follow the schema, where the provider can promise it."""


class Prompt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sent, before any variable has its value."""

    name: str
    model: Model = Model()
    inputs: dict[str, Input] = {}
    body: str = ""
    """Roles and all; line feeds only, and one at its end."""
    output: Output = Output()


class PromptVersion(Struct, frozen=True, kw_only=True):
    """A prompt at one moment of its life."""

    prompt: Prompt
    variant: str | None = None
    """The provider or model family that it was written for; None = for whomever nobody wrote another."""
    version: str
    """SHA-256 of `text`, 64 hex digits."""
    text: str
    """The canonical form."""

    @property
    def name(self) -> str:
        """As the file is called, without its variant."""
        return self.prompt.name

    @property
    def stem(self) -> str:
        """As pins know it: the name, and the variant where there is one."""
        return stem_of(self.name, self.variant)

    @property
    def readable(self) -> str:
        """The canonical form for people: each key of the head on a line of its own, then the body."""
        head = msgspec.json.decode(self.text.split("\n", 2)[1])
        rows = [f"{path}: {msgspec.json.encode(value or 'string').decode()}" for path, value in _flat(head, "")]
        return "\n".join([*rows, "", self.prompt.body])

    @property
    def shown(self) -> str:
        """The version as a person reads it."""
        return self.version[:SHOWN_DIGITS]


def stem_of(name: str, variant: str | None) -> str:
    """Of a file: what stands before .prompt.md."""
    return name if variant is None else f"{name}.{variant}"


def version_of(prompt: Prompt, variant: str | None = None) -> PromptVersion:
    """The version that this prompt is."""
    text = canonical(prompt)
    return PromptVersion(prompt=prompt, variant=variant, version=digest(text), text=text)


def canonical(prompt: Prompt) -> str:
    """The canonical form of a prompt whose texts went through `normal` and whose body through `normal_body`."""
    head = {name: value for name, value in msgspec.to_builtins(prompt).items() if name != "body"}
    head = _filled({**head, "model": _filled(head.get("model", {}))})
    return f"{FENCE}\n{msgspec.json.encode(head, order='sorted').decode()}\n{FENCE}\n{prompt.body}"


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict) or not value:
        yield path, value
        return
    for name, below in value.items():
        yield from _flat(below, f"{path}.{name}" if path else name)


def _filled(mapping: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    return {name: value for name, value in mapping.items() if value != {}}


def recalled(text: str, variant: str | None = None) -> PromptVersion:
    """The version that a canonical form was kept of; msgspec.DecodeError if that is none."""
    _, _, rest = text.partition(f"{FENCE}\n")
    head, fence, body = rest.partition(f"\n{FENCE}\n")
    if not fence:
        raise msgspec.DecodeError("it has no head")
    prompt = msgspec.structs.replace(msgspec.json.decode(head, type=Prompt), body=body)
    return PromptVersion(prompt=prompt, variant=variant, version=digest(text), text=text)


def normal(text: str) -> str:
    """The same text in Unicode's composed form (NFC), with line feeds only and without a byte order mark."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text)


def normal_body(text: str) -> str:
    """A body with exactly one line feed at its end; all other white space is part of the prompt."""
    return normal(text).rstrip("\n") + "\n"


def digest(text: str) -> str:
    """SHA-256 of the text in UTF-8, 64 hex digits."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_beginning_of_version(text: str) -> bool:
    """Whether `text` could be a version, or enough of its beginning."""
    return FEWEST_DIGITS <= len(text) <= 64 and _DIGITS.fullmatch(text) is not None
