"""Which path asks for what, in whose dialect.

Clients are given a base URL with or without a version and put what they know behind it, some a version of their own:
so the end of a path counts, and what stands before it is one of a few beginnings.
"""

import re
from typing import Literal

from msgspec import Struct

Kind = Literal["generate", "count_tokens", "embed", "models", "model", "health", "root"]

_BEGINNING = re.compile(r"(?:/openai|/anthropic|/gemini)?(?:/v1|/v1beta|/v1alpha){0,2}(?=/)")
"""groq's client says /openai/v1, Google's says /v1beta; some leave /v1 away, others write it twice."""

_GEMINI = re.compile(r"/models/(.+):(generateContent|streamGenerateContent|countTokens)")


class Door(Struct, frozen=True):
    """What a path asks for."""

    kind: Kind
    dialect: str = "openai-chat"
    """In which a refusal is worded, whatever the path asks for."""
    method: Literal["POST", "GET"] = "POST"
    """GET doors answer to HEAD as well."""
    name: str = ""
    """Of the model, where the path says it; "" = it does not."""


_DOORS = {
    "/chat/completions": Door("generate"),
    "/responses": Door("generate", "openai-responses"),
    "/messages": Door("generate", "anthropic-messages"),
    "/messages/count_tokens": Door("count_tokens", "anthropic-messages"),
    "/embeddings": Door("embed"),
    "/models": Door("models", method="GET"),
    "/healthz": Door("health", method="GET"),
    "/": Door("root", method="GET"),
}


def door(path: str) -> Door | None:
    """What `path` (without its query, percent signs resolved) asks for; None = nothing that is here."""
    beginning = _BEGINNING.match(path)
    rest = path[beginning.end() :] if beginning else path
    rest = rest.rstrip("/") or "/"
    if found := _DOORS.get(rest):
        return found
    if asked := _GEMINI.fullmatch(rest):
        kind: Kind = "count_tokens" if asked[2] == "countTokens" else "generate"
        return Door(kind, "gemini-generate", name=asked[1])
    if rest.startswith("/models/"):
        return Door("model", method="GET", name=rest.removeprefix("/models/"))
    return None
