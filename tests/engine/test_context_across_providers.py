"""A conversation may go to any provider after any other: nobody answers it with a 400, and what is left out is said."""

from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path

import pytest
from support.conversations import PNG
from support.world import World, world

from burn_tui.core.assembly import AnswerBuilder
from burn_tui.core.catalog import Model
from burn_tui.core.chat import ChatRequest, Image, Message, Reasoning, Text, Tool, ToolCall, ToolResult, said
from burn_tui.core.events import ContextReduced, Event, RequestFinished
from burn_tui.engine.session import Session
from burn_tui.simulator.script import Action, Answer, Cut

WHO = {
    "anthropic": ("anthropic-messages", "claude-sonnet-5-5"),
    "openai": ("openai-chat", "gpt-5-mini"),
    "responses": ("openai-responses", "gpt-5"),
    "gemini": ("gemini-generate", "gemini-3-pro"),
    "ollama": ("ollama-chat", "qwen3:8b"),
}
"""A provider of each dialect, and the model that it is asked for."""

KEEPS_THINKING = {"anthropic", "responses", "gemini", "ollama"}
"""Those that take their own thinking back; Chat Completions has no place for it."""

LOOK = Tool("look", "Looks at something.", '{"type":"object","properties":{"at":{"type":"string"}}}')

ANSWER = Answer(text="So it is. ", reasoning="Let me think about it.")
CALLS = Answer(
    text="I will look twice.",
    reasoning="I must look.",
    tool_calls=(("look", '{"at":"left"}'), ("look", '{"at":"right"}')),
    finish_reason="tool_call",
)


def script(request: ChatRequest, _count: int) -> Action:
    """Calls where there are tools and the person has spoken last, else an answer."""
    return CALLS if request.tools and request.messages[-1].role == "user" else ANSWER


@pytest.fixture
async def five(tmp_path: Path) -> AsyncIterator[World]:
    shapes = {name: {"models": (Model(model),)} for name, (_, model) in WHO.items()}
    dialects = {name: dialect for name, (dialect, _) in WHO.items()}
    async with world(tmp_path, dict.fromkeys(WHO, script), dialects=dialects, shapes=shapes) as running:
        yield running


class Talk:
    """A conversation that is sent to one provider after the other."""

    def __init__(self, running: World) -> None:
        self._world = running
        self.messages: tuple[Message, ...] = ()

    async def ask(self, name: str, *said_now: Message, tools: tuple[Tool, ...] = ()) -> tuple[str, ...]:
        """Send everything to `name`, whose answer becomes part of it; what was said to be left out."""
        self.messages += said_now
        answer = AnswerBuilder()
        request = ChatRequest(messages=self.messages, model=f"{name}/{WHO[name][1]}", tools=tools)
        story = await self._world.ask(request, each=answer.take)
        assert self._world.providers[name].refusals == []
        assert story.served is not None, story.finished.failure
        assert story.served.provider_name == name
        self.messages += (answer.message(name),)
        return tuple(words for event in story.of(ContextReduced) for words in event.what)

    def results(self) -> Message:
        """What the tools answered to the last message's calls."""
        calls = [part for part in self.messages[-1].parts if isinstance(part, ToolCall)]
        return Message("tool", tuple(ToolResult(call.id, f"seen {call.arguments}") for call in calls))


PICTURE = Message("user", (Text("What is this?"), Image(data=PNG), Image(url="https://example.org/a.png")))


@pytest.mark.parametrize(("first", "second"), permutations(WHO, 2))
async def test_a_conversation_goes_to_another_provider_and_back_in_the_middle_of_a_tool_call(
    five: World, first: str, second: str
) -> None:
    talk = Talk(five)
    await talk.ask(first, said("system", "Be brief."), PICTURE, tools=(LOOK,))
    assert len(talk.results().parts) == 2
    reduced = await talk.ask(second, talk.results(), tools=(LOOK,))
    assert f"1 thinking block of {first}" in reduced
    assert ("1 tool call signature of gemini" in reduced) == (first == "gemini")
    assert ("1 image, told in words" in reduced) == (second in {"gemini", "ollama"})
    reduced = await talk.ask(first, said("user", "Look again."), tools=(LOOK,))
    assert f"1 thinking block of {second}" in reduced
    assert f"thinking block of {first}" not in " ".join(reduced)
    await talk.ask(first, talk.results(), tools=(LOOK,))
    await talk.ask(second, said("user", "Thank you."))
    await talk.ask(first, said("user", "Good bye."))


@pytest.mark.parametrize("name", WHO)
async def test_who_comes_back_is_given_its_own_thinking_again(five: World, name: str) -> None:
    talk = Talk(five)
    for who in (name, next(other for other in WHO if other != name), name):
        await talk.ask(who, said("user", "And now?"))
    sent = [part for message in five.providers[name].seen[-1].request.messages for part in message.parts]
    thoughts = [part.text for part in sent if isinstance(part, Reasoning)]
    assert thoughts == (["Let me think about it."] if name in KEEPS_THINKING else [])


async def test_a_session_wanders_through_all_providers_and_keeps_its_context(five: World) -> None:
    session = five.runtime.session("wanderer")
    for turn, name in enumerate((*WHO, *reversed(WHO))):
        session.requested = f"{name}/{WHO[name][1]}"
        await heard(session, f"Question {turn}.")
        asked = [
            part.text
            for message in five.providers[name].seen[-1].request.messages
            for part in message.parts
            if isinstance(part, Text) and message.role == "user"
        ]
        assert asked == [f"Question {number}." for number in range(turn + 1)]
    assert [provider.refusals for provider in five.providers.values()] == [[]] * 5


async def heard(session: Session, text: str) -> list[Event]:
    return [event async for event in session.send(text)]


async def test_thinking_of_an_answer_that_another_provider_ended_stays_its_writers(tmp_path: Path) -> None:
    cut = Answer(text="One two three four five.", reasoning="Hm.", faults={2: Cut()})
    dialects = {"primary": "anthropic-messages", "backup": "anthropic-messages"}
    async with world(tmp_path, {"primary": cut, "backup": ANSWER}, dialects=dialects) as two:
        session = two.runtime.session("broken off")
        await heard(session, "Count.")
        thoughts = [
            (part.text, part.provider_name) for part in session.messages[-1].parts if isinstance(part, Reasoning)
        ]
        assert thoughts == [("Hm.", "primary"), ("Let me think about it.", "backup")]
        two.script("primary", ANSWER)
        for name in ("backup", "primary"):
            session.requested = f"{name}/big"
            last = (await heard(session, "And on."))[-1]
            assert isinstance(last, RequestFinished)
            assert last.served is not None
            assert two.providers[name].refusals == []
