"""A conversation that outgrew a model is neither cut nor sent: the person is told what it takes, and chooses."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.world import FINE, PRICE, World, world

from burn_tui.core.catalog import Model, Target
from burn_tui.core.chat import ChatRequest, estimate_input_tokens, said
from burn_tui.core.environment import Environment
from burn_tui.core.events import Event, Refused, RequestFinished, TooLong
from burn_tui.core.money import cost
from burn_tui.core.usage import Usage
from burn_tui.engine.admission import EXPECTED_OUTPUT_TOKENS
from burn_tui.engine.session import Session

SMALL, MIDDLE, LARGE = Target("small", "big"), Target("middle", "big"), Target("large", "big")
WINDOWS = {"small": 600, "middle": 4_000, "large": 8_000}


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[World]:
    shapes = {name: {"models": (Model("big", window),)} for name, window in WINDOWS.items()}
    async with world(tmp_path, dict.fromkeys(WINDOWS, FINE), shapes=shapes) as running:
        yield running


async def heard(session: Session, text: str) -> list[Event]:
    return [event async for event in session.send(text)]


async def grown(three: World, words: str = "word " * 200) -> Session:
    """A session that has said about 2,500 tokens to the large model, and now asks the small one."""
    session = three.runtime.session("grown")
    session.requested = str(LARGE)
    for number in range(10):
        await heard(session, f"{number} {words}")
    session.requested = str(SMALL)
    return session


def refusal(events: list[Event]) -> TooLong:
    (refused,) = [event for event in events if isinstance(event, Refused)]
    assert refused.kind == "context_length"
    assert refused.too_long is not None
    return refused.too_long


async def test_a_smaller_window_is_refused_with_the_facts_and_nothing_is_sent(three: World) -> None:
    session = await grown(three)
    facts = refusal(await heard(session, "And now?"))
    request = ChatRequest(messages=(*session.messages, said("user", "And now?")))
    needed = estimate_input_tokens(request.messages)
    usage = Usage(input_tokens=needed, output_tokens=EXPECTED_OUTPUT_TOKENS)
    assert facts == TooLong(
        tokens_needed=needed,
        window=600,
        shorten_to=600 - 150,
        shortest=estimate_input_tokens((said("user", "And now?"),)),
        carrier=LARGE,
        carrier_window=8_000,
        carrier_cost_nanousd=cost(usage, PRICE),
    )
    assert three.calls("small") == 0


async def test_nothing_is_forgotten_before_the_person_agrees(three: World) -> None:
    session = await grown(three)
    before = session.messages
    await heard(session, "And now?")
    assert session.messages == before


async def test_after_a_yes_the_newest_turns_are_sent_and_answered(three: World) -> None:
    session = await grown(three)
    facts = refusal(await heard(session, "And now?"))
    session.shorten(facts.shorten_to, "And now?")
    last = (await heard(session, "And now?"))[-1]
    assert isinstance(last, RequestFinished)
    assert last.served == SMALL
    sent = three.providers["small"].seen[-1].request.messages
    assert estimate_input_tokens(sent) <= facts.shorten_to
    assert [message.text for message in sent][-1] == "And now?"
    assert sent[0].text.startswith("9 ")


async def test_who_would_rather_carry_everything_may(three: World) -> None:
    session = await grown(three)
    facts = refusal(await heard(session, "And now?"))
    session.requested = str(facts.carrier)
    await heard(session, "And now?")
    assert len(three.providers["large"].seen[-1].request.messages) == 21


async def test_a_target_that_the_environment_forbids_carries_nothing(three: World) -> None:
    session = await grown(three)
    session.environment = Environment(name="local", hue="yellow", allow=("small", "middle"))
    assert refusal(await heard(session, "And now?")).carrier == MIDDLE
    session.environment = Environment(name="smaller", hue="green", allow=("small",))
    facts = refusal(await heard(session, "And now?"))
    assert (facts.carrier, facts.carrier_window, facts.carrier_cost_nanousd) == (None, None, None)


async def test_a_question_that_is_too_long_by_itself_says_that_shortening_is_no_help(three: World) -> None:
    session = await grown(three)
    facts = refusal(await heard(session, "word " * 600))
    assert facts.shortest > facts.shorten_to


async def test_a_limit_for_the_answer_is_kept_free(three: World) -> None:
    request = ChatRequest(messages=(said("user", "word " * 400),), model=str(SMALL), max_output_tokens=300)
    facts = (await three.ask(request)).refused.too_long
    assert facts is not None
    assert facts.shorten_to == 300
    assert facts.tokens_needed == estimate_input_tokens(request.messages) + 300


async def test_a_preview_does_not_send_what_is_too_long(three: World) -> None:
    session = await grown(three)
    preview = session.preview("And now?")
    assert preview.target is None
    assert "600" in preview.why
