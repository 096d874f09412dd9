"""What of a conversation another provider can take: pieces that only their writer may have, and what does not fit.

Nothing here shortens by itself. `left_out` says what a dialect will drop, so that it can be told; `shortened` is used
only after a person has agreed.
"""

from burn_tui.core.chat import Message, Reasoning, ToolCall, ToolResult, estimate_input_tokens


def left_out(messages: tuple[Message, ...], provider_name: str) -> tuple[str, ...]:
    """In words, what `provider_name` will not be sent because somebody else signed it; () = everything is sent."""
    writers = [
        part.provider_name or "another provider"
        for message in messages
        for part in message.parts
        if isinstance(part, Reasoning) and part.provider_name != provider_name and (part.text or part.signature)
    ]
    return tuple(
        f"{_counted(writers.count(writer), 'thinking block')} of {writer}" for writer in dict.fromkeys(writers)
    )


def shortened(messages: tuple[Message, ...], tokens: int) -> tuple[Message, ...]:
    """The newest turns that fit into `tokens` (estimated), system messages always; at least the last message.

    What is kept begins with a user turn, so that no tool result stands without its call.
    """
    system = tuple(message for message in messages if message.role == "system")
    turns = [message for message in messages if message.role != "system"]
    starts = [at for at, message in enumerate(turns) if _begins_a_turn(message)] or [len(turns) - 1]
    for start in starts:
        kept = (*system, *turns[start:])
        if estimate_input_tokens(kept) <= tokens:
            return kept
    return (*system, *turns[starts[-1] :])


def calls_without_results(messages: tuple[Message, ...]) -> frozenset[str]:
    """Ids of tool calls that nobody answered, and of results without a call: no API takes either."""
    calls = {part.id for message in messages for part in message.parts if isinstance(part, ToolCall)}
    results = {part.id for message in messages for part in message.parts if isinstance(part, ToolResult)}
    return frozenset(calls ^ results)


def _begins_a_turn(message: Message) -> bool:
    return message.role == "user" and not any(isinstance(part, ToolResult) for part in message.parts)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
