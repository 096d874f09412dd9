"""What stands in where a provider demands something that the conversation does not have."""

import re

from burn_tui.core.chat import ChatRequest

BEFORE = "(The conversation began before this.)"
"""The user's first turn, where the model's stands first."""

GO_ON = "(Go on.)"
"""The user's last turn, where the model's stands last and may not."""

JSON_ONLY = "Answer with one JSON value and nothing else."
"""The wish for any JSON, in words."""


def tool_name(name: str, *, others: str = "", longest: int = 64) -> str:
    """The name of a tool that was called, with _ for what is no letter, digit, _, - or one of `others`.

    For calls of the past alone: a model that makes a name up, or was allowed more, must not spoil what follows. Tools
    that are offered keep their names, because the answer comes back in them.
    """
    return re.sub(rf"[^a-zA-Z0-9_\-{re.escape(others)}]", "_", name)[:longest] or "tool"


def must_say_json(request: ChatRequest) -> bool:
    """Whether the wish for any JSON must be put in words: OpenAI refuses it where nothing that is said speaks of it."""
    wanted = request.response_format
    if wanted is None or wanted.schema is not None:
        return False
    return not any("json" in message.text.lower() for message in request.messages)
