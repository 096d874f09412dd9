"""What promptfoo's prompts, providers and compact assertions mean here (promptfoo.dev/docs/configuration). Pure.

A prompt of promptfoo's is a Nunjucks template. What is more than a variable is not guessed at: it cannot be taken.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from burn_tui.core.assertions import NOT, SAME_AS, TYPES
from burn_tui.core.prompt_rendering import RESERVED

_TAG = re.compile(r"\{\{-?(?P<inside>.*?)-?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_VARIABLE = re.compile(r"\s*(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*(?:\|\s*(?P<filter>[^|]*?)\s*)?")
_DEFAULT = re.compile(r"default\(\s*(?P<quote>['\"])(?P<value>[^'\"]*)(?P=quote)\s*(?:,\s*true\s*)?\)")
_ROLE = re.compile(r"^(?:system|user):[ \t]*$", re.MULTILINE)

_PROVIDERS: Mapping[str, str] = {"google": "gemini", "vertex": "gemini", "togetherai": "together"}
"""promptfoo's name -> ours, where they differ."""

_WAYS = ("chat", "messages", "responses", "completion", "text")
"""Of asking a provider, between its name and the model's."""

_COMPACT = re.compile(r"(?P<type>[a-z_-]+)(?:\((?P<threshold>[0-9.]+)\))?(?::\s*(?P<value>.*))?", re.DOTALL)
_PROGRAMS = ("javascript", "fn", "eval", "python", "file", "similar")


class NotTakenError(Exception):
    """Something that means nothing here; the message says what."""


def renamed(name: str) -> str:
    """A variable's name here: those of keys are taken."""
    return f"the_{name}" if name in RESERVED else name


def template(text: str) -> str:
    """A Nunjucks template as ours; NotTakenError for whatever is more than a variable."""

    def one(found: re.Match[str]) -> str:
        if found[0].startswith("{#"):
            return ""
        if found["inside"] is None:
            raise NotTakenError(f"{_short(found[0])} decides or repeats something")
        variable = _VARIABLE.fullmatch(found["inside"])
        if variable is None or variable["name"] == "env":
            raise NotTakenError(f"{_short(found[0])} is no plain variable")
        name, filtered = renamed(variable["name"]), variable["filter"]
        if filtered in {None, "safe"}:
            return f"{{{{{name}}}}}"
        default = _DEFAULT.fullmatch(filtered)
        if default is None:
            raise NotTakenError(f"{_short(found[0])} changes its value")
        return f"{{{{{name}|{default['value']}}}}}"

    return _TAG.sub(one, text)


def body_of(text: str) -> str:
    """The body of a prompt that is one text for the user."""
    return f"user:\n{_said(text)}\n"


def body_of_chat(messages: Sequence[Any]) -> str:
    """The body of a prompt that is a list of messages."""
    parts = []
    for message in messages:
        role = message.get("role") if isinstance(message, dict) else None
        if role not in {"system", "developer", "user"}:
            raise NotTakenError(f"a prompt has no messages of {role!r} here")
        if not isinstance(message.get("content"), str):
            raise NotTakenError("a message is more than text")
        parts.append(f"{'user' if role == 'user' else 'system'}:\n{_said(message['content'])}\n")
    return "\n".join(parts)


def target_of(provider: str) -> str | None:
    """The target that a provider of promptfoo's is: openai:chat:gpt-6 -> openai/gpt-6; None = it is none of ours."""
    name, colon, rest = provider.partition(":")
    way, more, model = rest.partition(":")
    if more and way in _WAYS:
        rest = model
    return (
        f"{_PROVIDERS.get(name, name)}/{rest}"
        if colon and rest and not provider.startswith(("file:", "http"))
        else None
    )


def compact(text: str) -> dict[str, Any]:
    """An assertion as a table's column has it: `contains-any: a, b`, `latency(500)`; without a type it is `equals`."""
    found = _COMPACT.fullmatch(text.strip())
    kind = found["type"] if found else ""
    if kind in _PROGRAMS:
        raise NotTakenError(f"{kind} cannot be checked here")
    plain = {"grade": "llm-rubric"}.get(kind.removeprefix(NOT), kind.removeprefix(NOT))
    if found is None or (plain not in TYPES and plain not in SAME_AS):
        return {"type": "equals", "value": text}
    assertion: dict[str, Any] = {"type": f"{NOT}{plain}" if kind.startswith(NOT) else plain}
    if found["threshold"]:
        assertion["threshold"] = float(found["threshold"])
    if found["value"] is not None:
        is_list = plain.endswith(("-all", "-any"))
        assertion["value"] = [one.strip() for one in found["value"].split(",")] if is_list else found["value"]
    return assertion


def _said(text: str) -> str:
    if _ROLE.search(text):
        raise NotTakenError("a line of it is just `system:` or `user:`, which begins a part of a prompt here")
    return template(text).strip("\n")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 50 else f"{text[:49]}…"
