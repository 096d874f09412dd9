"""Every event leaves its mark on screen, and no text that was shown goes away silently."""

from collections.abc import Iterator
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, structs
from support.attempts import opened, settled

from burn_tui.core.catalog import Target
from burn_tui.core.events import (
    AttemptFailed,
    AttemptFinished,
    AttemptStarted,
    BudgetWarned,
    ContextReduced,
    Escalated,
    Event,
    FellBack,
    FinishSeen,
    Hedged,
    Malformed,
    ModelSeen,
    NotEscalated,
    ReasoningDelta,
    Refused,
    RequestFinished,
    RouteDecided,
    TextDelta,
    ToolCallDelta,
    Truncated,
    UsageSeen,
    Waiting,
)
from burn_tui.core.failure import FALLS_BACK, ErrorType, Failure
from burn_tui.core.transcript import Answer, Asked, Notice, Transcript
from burn_tui.core.usage import Usage

BIG, SMALL, OWN = Target("anthropic", "big"), Target("openai", "small"), Target("ollama", "own")
RATE_LIMITED = Failure("rate_limited", "slow down", 429, 43.0)

EXAMPLES: tuple[Event, ...] = (
    RouteDecided("r", "default", (BIG, SMALL), ("first choice",)),
    AttemptStarted("e", 1, BIG),
    TextDelta("Because "),
    ReasoningDelta("Let me see."),
    ToolCallDelta(0, "call_1", "find", "{}"),
    UsageSeen(Usage(10, 2)),
    ModelSeen("big-2026-01-01"),
    FinishSeen("stop", "end_turn"),
    Malformed("{"),
    AttemptFailed(1, BIG, RATE_LIMITED),
    FellBack(BIG, SMALL, "rate_limited", "anthropic refused: rate limited, back in 43 s.", 0.03),
    Escalated(BIG, SMALL, "The answer was empty."),
    NotEscalated(BIG, SMALL, "The answer was empty, and the small one is not asked: the day's share is used up."),
    Hedged(BIG, SMALL, "It is slow."),
    Waiting(BIG, 12.0, "It rests."),
    ContextReduced(SMALL, ("2 thinking blocks of anthropic",)),
    BudgetWarned("daily", 19, 20),
    Refused("budget", "Budget daily is used up.", "Wait for tomorrow."),
    Truncated(BIG, 8, "connection lost"),
    AttemptFinished(settled()),
    RequestFinished("r", None, BIG, (settled(),)),
)


def _answering(*events: Event) -> Transcript:
    """A transcript in which the big model is answering."""
    return _folded(AttemptStarted("e", 1, BIG), *events)


def _folded(*events: Event) -> Transcript:
    transcript = Transcript()
    transcript.ask("Why?", at=0.0)
    for event in events:
        transcript.apply(event, at=1.0)
    return transcript


def _answers(transcript: Transcript) -> list[Answer]:
    return [entry for entry in transcript.entries if isinstance(entry, Answer)]


def _notices(transcript: Transcript) -> list[tuple[str, str]]:
    return [(entry.kind, entry.text) for entry in transcript.entries if isinstance(entry, Notice)]


def test_the_examples_are_of_every_event_there_is() -> None:
    assert {type(event) for event in EXAMPLES} == set(get_args(Event))


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_every_event_is_folded_in_and_moves_the_revision_on(event: Event) -> None:
    transcript = _answering()
    before = transcript.revision
    transcript.apply(event, at=2.0)
    assert transcript.revision > before


@pytest.mark.parametrize(
    ("event", "kind", "words"),
    [
        (
            FellBack(BIG, SMALL, "rate_limited", "anthropic refused: rate limited.", 0.03),
            "fallback",
            "anthropic refused: rate limited. Now openai/small.",
        ),
        (Hedged(BIG, SMALL, "It is slow."), "waiting", "It is slow. openai/small is asked as well."),
        (Escalated(BIG, SMALL, "The answer was empty."), "escalation", "The answer was empty. Now openai/small."),
        (Refused("budget", "It is used up.", "Wait."), "refusal", "It is used up. Wait."),
        (Truncated(BIG, 8, "connection lost"), "truncation", "The answer above is incomplete: connection lost"),
        (
            FellBack(BIG, SMALL, "truncated", "anthropic broke off in mid-answer.", 0.03, continues=True),
            "fallback",
            "anthropic broke off in mid-answer. Now openai/small, which goes on from there.",
        ),
        (
            ContextReduced(SMALL, ("2 thinking blocks of anthropic", "1 picture")),
            "context",
            "Not sent to openai: 2 thinking blocks of anthropic, 1 picture.",
        ),
        (Waiting(BIG, 12.4, "It rests."), "waiting", "Waiting 12 s for anthropic/big. It rests."),
        (Waiting(None, 0.3, "All rest."), "waiting", "Waiting 0.3 s for the first that is back. All rest."),
        (BudgetWarned("daily", 19, 20), "budget", "Budget daily is 95% used."),
        (BudgetWarned("none", 0, 0), "budget", "Budget none is 100% used."),
    ],
)
def test_what_the_person_must_be_told_is_said_in_place(event: Event, kind: str, words: str) -> None:
    assert _notices(_answering(event)) == [(kind, words)]


def test_a_question_to_the_person_is_no_refusal_on_screen() -> None:
    assert _notices(_answering(Refused("confirmation", "It asks first.", "Say yes."))) == []


def test_text_and_reasoning_grow_apart_from_each_other() -> None:
    transcript = _answering(ReasoningDelta("Hm"), TextDelta("Yes"), ReasoningDelta("m."), TextDelta(", here."))
    answer = _answers(transcript)[0]
    assert (answer.text, answer.reasoning, answer.state) == ("Yes, here.", "Hmm.", "streaming")


def test_an_answer_waits_until_its_first_piece_and_is_done_with_its_record() -> None:
    transcript = _answering()
    assert transcript.answering is not None
    assert transcript.answering.state == "waiting"
    record = settled()
    transcript.apply(TextDelta("Yes."), at=2.0)
    transcript.apply(AttemptFinished(record), at=2.0)
    answer = _answers(transcript)[0]
    assert (answer.state, answer.record) == ("done", record)
    assert transcript.answering is None


@pytest.mark.parametrize(
    ("text", "error_type", "state"),
    [
        ("", "transient", "failed"),
        ("Half an", "transient", "truncated"),
        ("", "cancelled", "cancelled"),
        ("Half an", "cancelled", "cancelled"),
    ],
)
def test_a_failed_answer_keeps_its_text_and_says_that_it_is_incomplete(
    text: str, error_type: ErrorType, state: str
) -> None:
    deltas = [TextDelta(text)] if text else []
    transcript = _answering(*deltas, AttemptFailed(1, BIG, Failure(error_type, "no")), AttemptFinished(settled()))
    answer = _answers(transcript)[0]
    assert (answer.text, answer.state) == (text, state)
    assert answer.record is not None


def test_a_fallback_is_unseen_until_it_is_dismissed() -> None:
    fell_back = FellBack(BIG, SMALL, "rate_limited", "anthropic refused.", 0.03)
    transcript = _answering(fell_back)
    assert transcript.unseen_fallbacks == [fell_back]
    before = transcript.revision
    transcript.dismiss_fallbacks()
    assert transcript.unseen_fallbacks == []
    assert transcript.revision > before
    assert [kind for kind, _ in _notices(transcript)] == ["fallback"]


def test_when_nobody_answered_the_last_one_asked_is_named() -> None:
    records = (settled(opened(attempt=1)), settled(opened(attempt=2, provider_name="anthropic")))
    failure = Failure("overloaded", "Overloaded")
    transcript = _answering(RequestFinished("r", None, None, records, failure))
    words = "No answer: anthropic is overloaded. Overloaded. Ask again, or choose another provider."
    assert _notices(transcript) == [("failure", words)]


def test_the_target_that_was_given_up_is_known_until_the_next_question() -> None:
    records = (settled(opened(attempt=1)), settled(opened(attempt=2, provider_name="anthropic", request_model="big")))
    transcript = _answering(RequestFinished("r", None, None, records, Failure("overloaded", "Overloaded")))
    assert transcript.given_up_at == Target("anthropic", "big")
    transcript.ask("again?", at=1.0)
    assert transcript.given_up_at is None


def test_when_nobody_could_be_asked_that_is_said() -> None:
    refused = settled(opened(attempt=0, provider_name=""))
    transcript = _folded(RequestFinished("r", None, None, (refused,), Failure("unknown", "odd")))
    assert _notices(transcript) == [
        ("failure", "No answer: nobody failed in an unknown way. odd. Ask again, or choose another provider.")
    ]


def test_stopping_leaves_what_has_come_and_takes_nothing_more() -> None:
    transcript = _answering(TextDelta("Half an"))
    transcript.stop()
    transcript.apply(TextDelta(" answer"), at=2.0)
    answer = _answers(transcript)[0]
    assert (answer.text, answer.state) == ("Half an", "cancelled")


def test_stopping_when_nothing_is_written_changes_nothing() -> None:
    transcript = _folded()
    before = transcript.revision
    transcript.stop()
    assert transcript.revision == before


def test_a_withdrawn_prompt_goes_and_the_reason_stays() -> None:
    transcript = _folded(Refused("guard", "Not from here.", "Switch."))
    transcript.withdraw_ask()
    assert [type(entry) for entry in transcript.entries] == [Notice]


def test_only_the_last_prompt_is_withdrawn() -> None:
    transcript = Transcript()
    transcript.ask("First?", at=0.0)
    transcript.ask("Second?", at=1.0)
    transcript.withdraw_ask()
    assert [entry.text for entry in transcript.entries if isinstance(entry, Asked)] == ["First?"]


def test_with_no_prompt_there_is_none_to_withdraw() -> None:
    transcript = Transcript()
    transcript.withdraw_ask()
    assert transcript.entries == []


class Piece(Struct, frozen=True):
    """What one attempt says, and how it ends."""

    deltas: tuple[TextDelta | ReasoningDelta, ...]
    error_type: ErrorType | None


deltas = st.builds(TextDelta, st.text(min_size=1, max_size=5)) | st.builds(ReasoningDelta, st.text(max_size=5))
pieces = st.builds(
    Piece, st.lists(deltas, max_size=4).map(tuple), st.none() | st.sampled_from([*sorted(FALLS_BACK), "cancelled"])
)
conversations = st.lists(st.lists(pieces, min_size=1, max_size=4), max_size=3)


def _events(script: list[Piece]) -> Iterator[Event]:
    """One request as a router tells it: whoever fails in a way that another may not share is followed by the next."""
    yield RouteDecided("r", "default", (BIG, SMALL, OWN), ("first choice",))
    target, following = BIG, [SMALL, OWN]
    for number, piece in enumerate(script, 1):
        yield AttemptStarted(f"e{number}", number, target)
        yield from piece.deltas
        if piece.error_type is None:
            yield AttemptFinished(settled())
            yield RequestFinished("r", None, target, ())
            return
        failure = Failure(piece.error_type, "no")
        yield AttemptFailed(number, target, failure)
        yield AttemptFinished(settled(error_type=piece.error_type))
        if any(isinstance(delta, TextDelta) for delta in piece.deltas):
            yield Truncated(target, 1, "no")
        if piece.error_type not in FALLS_BACK or not following or number == len(script):
            yield RequestFinished("r", None, None, (), failure)
            return
        previous, target = target, following.pop(0)
        if piece.error_type == "bad_answer":
            yield Escalated(previous, target, "It was no answer.")
        else:
            yield FellBack(previous, target, piece.error_type, "It failed.", 0.1)


@given(conversations)
def test_no_text_is_ever_withdrawn_and_what_broke_off_is_marked(conversation: list[list[Piece]]) -> None:
    transcript = Transcript()
    shown: list[tuple[object, str, str]] = []
    for script in conversation:
        transcript.ask("Why?", at=0.0)
        for event in _events(script):
            transcript.apply(event, at=1.0)
            for entry, (before, text, reasoning) in zip(transcript.entries, shown, strict=False):
                assert entry is before
                assert not isinstance(entry, Answer) or entry.text.startswith(text)
                assert not isinstance(entry, Answer) or entry.reasoning.startswith(reasoning)
            assert len(transcript.entries) >= len(shown)
            shown = [(entry, entry.text, getattr(entry, "reasoning", "")) for entry in transcript.entries]
    broken = [answer for answer in _answers(transcript) if answer.state != "done" and answer.text]
    assert sum(kind == "truncation" for kind, _ in _notices(transcript)) == len(broken)


@given(conversations)
def test_every_piece_of_text_is_on_screen_in_order(conversation: list[list[Piece]]) -> None:
    transcript = Transcript()
    events = [event for script in conversation for event in _events(script)]
    for event in events:
        transcript.apply(event, at=1.0)
    said = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert "".join(answer.text for answer in _answers(transcript)) == said


@given(conversations)
def test_the_target_changes_among_the_answers_as_often_as_an_event_has_said_so(
    conversation: list[list[Piece]],
) -> None:
    for script in conversation:
        events = list(_events(script))
        transcript = _folded(*events)
        changes = sum(one.target != other.target for one, other in pairwise(_answers(transcript)))
        said = [event for event in events if isinstance(event, FellBack | Escalated)]
        told = [kind for kind, _ in _notices(transcript) if kind in {"fallback", "escalation"}]
        assert changes == len(said) == len(told)
        assert transcript.unseen_fallbacks == said


def test_a_later_request_starts_an_answer_of_its_own() -> None:
    record = settled()
    first = (AttemptStarted("e", 1, BIG), TextDelta("One."), AttemptFinished(record))
    second = (AttemptStarted("f", 1, SMALL), TextDelta("Two."))
    transcript = _folded(*first, *second)
    assert [(answer.target, answer.text) for answer in _answers(transcript)] == [(BIG, "One."), (SMALL, "Two.")]
    transcript.apply(AttemptFinished(structs.replace(record, duration_s=9.0)), at=3.0)
    assert [answer.record.duration_s for answer in _answers(transcript) if answer.record] == [2.0, 9.0]
