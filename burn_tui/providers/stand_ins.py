"""What stands in where a provider demands something that the conversation does not have."""

from burn_tui.core.chat import ChatRequest

BEFORE = "(The conversation began before this.)"
"""The user's first turn, where the model's stands first."""

GO_ON = "(Go on.)"
"""The user's last turn, where the model's stands last and may not."""

JSON_ONLY = "Answer with one JSON value and nothing else."
"""The wish for any JSON, in words."""


def must_say_json(request: ChatRequest) -> bool:
    """Whether the wish for any JSON must be put in words: OpenAI refuses it where nothing that is said speaks of it."""
    wanted = request.response_format
    if wanted is None or wanted.schema is not None:
        return False
    return not any("json" in message.text.lower() for message in request.messages)
