"""What of a conversation another provider can take: pieces that only their writer may have, and what does not fit.

Nothing here shortens by itself. `fitting` leaves out what no API takes, `left_out` says what a dialect will not send,
so that it can be told; `shortened` is used only after a person has agreed.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct, structs

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import (
    ChatRequest,
    Extras,
    Image,
    Message,
    Part,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
    estimate_input_tokens,
    said,
)
from burn_tui.core.pairing import paired, unpaired


class Sight(Struct, frozen=True, kw_only=True):
    """Which pictures a dialect takes. It is told of the others in words."""

    media_types: frozenset[str] | None = None
    """Of pictures that go along as bytes; None = any."""
    address_starts: tuple[str, ...] = ()
    """How the address of a picture may begin; () = pictures go along as bytes only."""
    roles: frozenset[Role] = frozenset({"user", "tool"})
    """Whose messages may hold pictures."""

    def takes(self, image: Image, role: Role) -> bool:
        """Whether `image` may stand in a message of `role`."""
        if role not in self.roles:
            return False
        if image.url is not None:
            return image.url.startswith(self.address_starts)
        return bool(image.data) and (self.media_types is None or image.media_type in self.media_types)


def fitting(messages: tuple[Message, ...], sight: Sight) -> tuple[Message, ...]:
    """`messages` as they can be sent: calls and results in pairs, thinking only where a model speaks, and words in the
    place of pictures that are not taken.
    """
    return tuple(_fitted(message, sight) for message in paired(messages))


def _fitted(message: Message, sight: Sight) -> Message:
    parts = tuple(
        Text(f"[image: {part.url or part.media_type}]", part.cache_for)
        if isinstance(part, Image) and not sight.takes(part, message.role)
        else part
        for part in message.parts
        if message.role == "assistant" or not isinstance(part, Reasoning)
    )
    return message if parts == message.parts else structs.replace(message, parts=parts)


def left_out(request: ChatRequest, provider: Provider, sight: Sight) -> tuple[str, ...]:
    """In words, what `provider` will not be sent of `request`; () = everything is sent.

    Thinking that the provider wrote itself is not counted: whether it wants it back is its own affair.
    """
    alone = unpaired(request.messages)
    lone = [request.messages[position].parts[index] for position, index in sorted(alone)]
    sent = [
        (message.role, part)
        for position, message in enumerate(request.messages)
        for index, part in enumerate(message.parts)
        if (position, index) not in alone
    ]
    pictures = [part for role, part in sent if isinstance(part, Image) and not sight.takes(part, role)]
    calls = sum(isinstance(part, ToolCall) for part in lone)
    return (
        *_by_writer(_foreign_thoughts((part for _, part in sent), provider.name), "thinking block"),
        *_by_writer(_foreign_signatures((part for _, part in sent), provider.name), "tool call signature"),
        *([f"{_counted(calls, 'tool call')} without a result"] if calls else []),
        *([f"{_counted(len(lone) - calls, 'tool result')} without a call"] if len(lone) > calls else []),
        *([f"{_counted(len(pictures), 'image')}, told in words"] if pictures else []),
        *_foreign_fields(request.extras, provider.dialect),
    )


def _foreign_thoughts(parts: Iterable[Part], provider_name: str) -> Iterator[str]:
    """The writer of each."""
    for part in parts:
        if isinstance(part, Reasoning) and part.provider_name != provider_name and (part.text or part.signature):
            yield part.provider_name or "another provider"


def _foreign_signatures(parts: Iterable[Part], provider_name: str) -> Iterator[str]:
    """The signer of each."""
    for part in parts:
        if isinstance(part, ToolCall) and part.signature is not None and part.provider_name != provider_name:
            yield part.provider_name or "another provider"


def _foreign_fields(extras: Extras | None, dialect: str) -> Iterator[str]:
    if extras is not None and extras.dialect != dialect and extras.fields:
        yield f"what only {extras.dialect} has words for: {', '.join(extras.fields)}"


def _by_writer(writers: Iterable[str], noun: str) -> Iterator[str]:
    counted = list(writers)
    return (f"{_counted(counted.count(writer), noun)} of {writer}" for writer in dict.fromkeys(counted))


def shortened(messages: tuple[Message, ...], tokens: int) -> tuple[Message, ...]:
    """The newest turns that fit into `tokens` (estimated), system messages always; at least the last turn.

    What is kept begins with a user turn, so that no tool result stands without its call.
    """
    system = tuple(message for message in messages if message.role == "system")
    turns = [message for message in messages if message.role != "system"]
    if not turns:
        return system
    starts = [at for at, message in enumerate(turns) if begins_a_turn(message)] or [len(turns) - 1]
    for start in starts:
        kept = (*system, *turns[start:])
        if estimate_input_tokens(kept) <= tokens:
            return kept
    return (*system, *turns[starts[-1] :])


def begins_a_turn(message: Message) -> bool:
    """Whether a person asks in it: what tools found is sent in the same role."""
    return message.role == "user" and not any(isinstance(part, ToolResult) for part in message.parts)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


GO_ON = (
    "Your answer was cut off by a network failure. Go on exactly where it stopped: "
    "do not repeat anything, do not comment on the interruption."
)
"""Said to the target that takes over in mid-answer; the first one's text stands before it as the assistant's turn."""


def going_on(request: ChatRequest, text: str) -> ChatRequest:
    """The request with the cut answer's text as the assistant's turn, and the wish that it be finished."""
    if request.messages[-1:] == (said("user", GO_ON),):  # cut once more: what came before belongs to the same answer
        *messages, before, _ = request.messages
        return structs.replace(
            request, messages=(*messages, said("assistant", before.text + text), said("user", GO_ON))
        )
    return structs.replace(request, messages=(*request.messages, said("assistant", text), said("user", GO_ON)))
