"""What a tool may be called, which every API sees otherwise, and the way there and back.

A client offers `db.query`, Anthropic and OpenAI refuse that name, so `db_query` is offered in its place, here and in
the calls of the past; when the model calls it, the client is told of a call of `db.query`.
"""

import re
from collections.abc import Iterable

from msgspec import Struct, structs

from burn_tui.core.chat import ChatRequest, Message, NamedTool, Part, Tool, ToolCall
from burn_tui.core.events import ToolCallDelta, WireEvent


class Naming(Struct, frozen=True, kw_only=True):
    """Which names of tools a dialect takes."""

    others: str = ""
    """What may stand in them beside letters, digits, _ and -."""
    longest: int = 64
    """Characters."""
    begins_with_digit: bool = True
    """False = a letter or _ stands first."""

    def allowed(self, name: str) -> str:
        """`name` where it is taken, else the one most like it."""
        plain = re.sub(rf"[^a-zA-Z0-9_\-{re.escape(self.others)}]", "_", name) or "tool"
        if not self.begins_with_digit and not (plain[0].isalpha() or plain[0] == "_"):
            plain = f"_{plain}"
        return plain[: self.longest]


class ToolNames:
    """The names that the tools of one request go by on one wire. `naming` None = it takes any."""

    def __init__(self, tools: Iterable[Tool], naming: Naming | None) -> None:
        offered = list(dict.fromkeys(tool.name for tool in tools)) if naming is not None else []
        self._sent = {} if naming is None else _stand_ins(offered, naming)
        """By the name that was offered, where the two differ."""
        self._given = {sent: given for given, sent in self._sent.items()}

    @property
    def are_changed(self) -> bool:
        """Whether any tool goes by another name."""
        return bool(self._sent)

    def sent(self, request: ChatRequest) -> ChatRequest:
        """The request as it can be sent."""
        if not self._sent:
            return request
        choice = request.tool_choice
        return structs.replace(
            request,
            tools=tuple(structs.replace(tool, name=self._sent.get(tool.name, tool.name)) for tool in request.tools),
            tool_choice=NamedTool(self._sent.get(choice.name, choice.name))
            if isinstance(choice, NamedTool)
            else choice,
            messages=tuple(self._message(message) for message in request.messages),
        )

    def given(self, event: WireEvent) -> WireEvent:
        """The event as whoever offered the tools understands it."""
        if isinstance(event, ToolCallDelta) and event.name in self._given:
            return structs.replace(event, name=self._given[event.name])
        return event

    def _message(self, message: Message) -> Message:
        return structs.replace(message, parts=tuple(self._part(part) for part in message.parts))

    def _part(self, part: Part) -> Part:
        if isinstance(part, ToolCall) and part.name in self._sent:
            return structs.replace(part, name=self._sent[part.name])
        return part


def _stand_ins(names: list[str], naming: Naming) -> dict[str, str]:
    """A name of its own for each of `names` that is not taken as it is; the others keep theirs."""
    used = {name for name in names if naming.allowed(name) == name}
    found: dict[str, str] = {}
    for name in names:
        if name in used:
            continue
        plain = free = naming.allowed(name)
        times = 1
        while free in used:
            times += 1
            free = f"{plain[: naming.longest - len(str(times)) - 1]}_{times}"
        used.add(free)
        found[name] = free
    return found
