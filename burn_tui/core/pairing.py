"""Tool calls and their results, which providers accept only together."""

from collections.abc import Set as AbstractSet

from msgspec import structs

from burn_tui.core.chat import Message, ToolCall, ToolResult

Place = tuple[int, int]
"""Positions of a message in a conversation and of a part in that message."""


def paired(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """`messages` without the calls that nobody answered and the results that nobody asked for.

    A result belongs to the latest call of its id. Messages of which nothing is left are left out.
    """
    alone = unpaired(messages)
    kept = (_kept(position, message, alone) for position, message in enumerate(messages))
    return tuple(message for message in kept if message.parts)


def unpaired(messages: tuple[Message, ...]) -> set[Place]:
    """Where calls without a result and results without a call stand."""
    together = _together(messages)
    return {
        (position, index)
        for position, message in enumerate(messages)
        for index, part in enumerate(message.parts)
        if isinstance(part, ToolCall | ToolResult) and (position, index) not in together
    }


def _together(messages: tuple[Message, ...]) -> set[Place]:
    """Where the calls that have a result and the results that have a call stand."""
    together: set[Place] = set()
    waiting: dict[str, Place] = {}
    speaker = ""
    for position, message in enumerate(messages):
        if message.role == "assistant" and speaker != "assistant":
            # The model went on without them: a result belongs right behind its call.
            waiting.clear()
        speaker = speaker if message.role == "system" else message.role
        if message.role == "user" and not any(isinstance(part, ToolResult) for part in message.parts):
            # The person went on without the results; one that came later would be in no provider's order.
            waiting.clear()
        for index, part in enumerate(message.parts):
            if isinstance(part, ToolCall) and message.role == "assistant":
                waiting[part.id] = position, index
            elif isinstance(part, ToolResult) and part.id in waiting and message.role in {"tool", "user"}:
                together |= {waiting.pop(part.id), (position, index)}
    return together


def _kept(position: int, message: Message, alone: AbstractSet[Place]) -> Message:
    parts = tuple(part for index, part in enumerate(message.parts) if (position, index) not in alone)
    return message if parts == message.parts else structs.replace(message, parts=parts)
