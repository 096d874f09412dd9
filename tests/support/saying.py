"""Simulated answers down to their single events, and the rows that they leave."""

import asyncio

from support.gateways import Doorway

from burn_tui.core.chat import ChatRequest
from burn_tui.core.events import FinishSeen, TextDelta, ToolCallDelta, UsageSeen, WireEvent
from burn_tui.core.usage import Usage, UsageRecord
from burn_tui.simulator.script import Answer

USAGE = Usage(input_tokens=30, output_tokens=7)

TEXT: tuple[WireEvent, ...] = (
    TextDelta("Grüße, "),
    TextDelta("Welt 🔥"),
    FinishSeen("stop", "stop"),
    UsageSeen(USAGE),
)
CALLS: tuple[WireEvent, ...] = (
    ToolCallDelta(0, "call_a", "add"),
    ToolCallDelta(0, arguments='{"a":'),
    ToolCallDelta(0, arguments="1}"),
    ToolCallDelta(1, "call_b", "sub", '{"b":2}'),
    FinishSeen("tool_call", "tool_calls"),
    UsageSeen(USAGE),
)


class Saying(Answer, frozen=True, kw_only=True):
    """Answers with these very events."""

    text: str = ""
    wire: tuple[WireEvent, ...]

    def events(self, request: ChatRequest) -> list[WireEvent]:
        """As they stand."""
        return list(self.wire)


async def settled(door: Doorway, attempts: int = 1) -> list[UsageRecord]:
    """All rows, as soon as there are so many."""
    async with asyncio.timeout(20):
        while len(rows := await door.world.rows()) < attempts:  # noqa: ASYNC110 - rows ring no bell
            await asyncio.sleep(0)
    return rows
