"""How long a request is, before it is sent: estimated here, because asking a provider would be a request of its own."""

import msgspec

from burn_tui.providers.reading import mapping, parsed


def countable(body: bytes, dialect: str) -> bytes:
    """The body of the request whose tokens are asked for. ValueError for what is no JSON.

    Google's clients may wrap it, and Anthropic's leave out how long the answer may be.
    """
    asked = mapping(parsed(body))
    asked = mapping(asked, "generateContentRequest") or asked
    return msgspec.json.encode({**asked, "max_tokens": 1} if dialect == "anthropic-messages" else asked)


def counted(tokens: int, dialect: str) -> dict[str, object]:
    """The answer in the client's dialect."""
    return {"totalTokens": tokens} if dialect == "gemini-generate" else {"input_tokens": tokens}
