"""What a session has on screen: the router's events, folded into entries that a person can read.

Kept apart from the conversation that is sent to models: a refusal or a fallback is read by the person only.
"""

from collections.abc import Iterable
from typing import Literal, assert_never

from msgspec import Struct

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
from burn_tui.core.failure import FALLS_BACK, IN_WORDS, Failure
from burn_tui.core.usage import UsageRecord

AnswerState = Literal["waiting", "streaming", "done", "truncated", "failed", "cancelled"]
"""waiting: a provider was called, no text yet. truncated: the text is incomplete and stays."""

Verdict = Literal["good", "bad"]
"""A person's word on an answer."""

NoticeKind = Literal["fallback", "escalation", "failure", "refusal", "truncation", "waiting", "budget", "context"]


class Asked(Struct):
    """What the person said."""

    text: str
    at: float
    """Seconds since the epoch."""


class Answer(Struct):
    """One attempt's answer, as far as it has come."""

    target: Target
    at: float
    text: str = ""
    reasoning: str = ""
    state: AnswerState = "waiting"
    record: UsageRecord | None = None
    """None while it is in flight."""
    verdict: Verdict | None = None
    """The person's; None = there is none."""
    note: str = ""
    """The person's own words about it; "" = there are none."""


class Notice(Struct):
    """Something the person must be told, in place."""

    kind: NoticeKind
    text: str
    at: float


Entry = Asked | Answer | Notice


class Transcript:
    """The entries of one session, oldest first. `revision` grows with every change."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.revision = 0
        self.unseen_fallbacks: list[FellBack | Escalated] = []
        """Changes of the target that the person has not dismissed yet, oldest first."""
        self.given_up_at: Target | None = None
        """The last one that was asked where nobody answered; None = somebody answered, or is being asked."""

    @property
    def answering(self) -> Answer | None:
        """The answer that is being written; None if no provider is being called."""
        last = next((entry for entry in reversed(self.entries) if isinstance(entry, Answer)), None)
        return last if last is not None and last.state in {"waiting", "streaming"} else None

    def ask(self, text: str, *, at: float) -> None:
        """The person sends `text`."""
        self.given_up_at = None
        self._add(Asked(text, at))

    def withdraw_ask(self) -> None:
        """Nothing was sent after all (a refusal): the words go back to the prompt, the notice stays."""
        for position in range(len(self.entries) - 1, -1, -1):
            if isinstance(self.entries[position], Asked):
                del self.entries[position]
                self.revision += 1
                return

    def stop(self) -> None:
        """Nothing more will come: an answer still being written stays as far as it got, marked as cancelled."""
        if (answer := self.answering) is not None:
            answer.state = "cancelled"
            self.revision += 1

    def dismiss_fallbacks(self) -> None:
        """The person has seen them."""
        self.unseen_fallbacks.clear()
        self.revision += 1

    def rate(self, answer: Answer, verdict: Verdict | None, note: str) -> None:
        """The person's word on an answer; None takes an earlier verdict back."""
        answer.verdict, answer.note = verdict, note
        self.revision += 1

    def append(self, entries: Iterable[Entry]) -> None:
        """What was said beside this conversation."""
        for entry in entries:
            self._add(entry)

    def apply(self, event: Event, *, at: float) -> None:
        """Fold one event in."""
        self.revision += 1
        match event:
            case AttemptStarted():
                self._add(Answer(event.target, at))
            case TextDelta() | ReasoningDelta():
                self._extend(event)
            case AttemptFailed():
                self._fail(event)
            case AttemptFinished():
                self._settle(event.record)
            case FellBack():
                self.unseen_fallbacks.append(event)
                how = "Now {}, which goes on from there." if event.continues else "Now {}."
                self.note("fallback", f"{event.why} {how.format(event.to_target)}", at)
            case Escalated():
                self.unseen_fallbacks.append(event)
                self.note("escalation", f"{event.why} Now {event.to_target}. {event.costs}".rstrip(), at)
            case NotEscalated():
                self.note("escalation", event.why, at)
            case Hedged():
                self.note("waiting", f"{event.why} {event.also_target} is asked as well.", at)
            case Refused(kind="confirmation"):
                pass  # A question to the person, who is asked it elsewhere.
            case Refused():
                self.note("refusal", f"{event.reason} {event.mend}", at)
            case Truncated():
                self.note("truncation", f"The answer above is incomplete: {event.why}", at)
            case Waiting():
                self.note("waiting", _waiting(event), at)
            case ContextReduced():
                self.note("context", f"Not sent to {event.target.provider_name}: {', '.join(event.what)}.", at)
            case BudgetWarned():
                share = event.spent_nanousd / event.limit_nanousd if event.limit_nanousd else 1.0
                self.note("budget", f"Budget {event.budget} is {share:.0%} used.", at)
            case RequestFinished():
                if event.failure is not None:
                    self.given_up_at = _last_asked(event)
                    self.note("failure", _nobody_answered(event), at)
            case RouteDecided() | ToolCallDelta() | UsageSeen() | ModelSeen() | FinishSeen() | Malformed() | Failure():
                pass
            case _:
                assert_never(event)

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.revision += 1

    def note(self, kind: NoticeKind, text: str, at: float) -> None:
        """Tell the person something, in place."""
        self._add(Notice(kind, text, at))

    def _extend(self, delta: TextDelta | ReasoningDelta) -> None:
        if (answer := self.answering) is None:
            return
        answer.state = "streaming"
        if isinstance(delta, TextDelta):
            answer.text += delta.text
        else:
            answer.reasoning += delta.text

    def _fail(self, event: AttemptFailed) -> None:
        if (answer := self.answering) is None:
            return
        if event.failure.error_type == "cancelled":
            answer.state = "cancelled"
        else:
            answer.state = "truncated" if answer.text else "failed"

    def _settle(self, record: UsageRecord) -> None:
        answer = next(entry for entry in reversed(self.entries) if isinstance(entry, Answer))
        answer.record = record
        if answer.state in {"waiting", "streaming"}:
            answer.state = "done"


def _waiting(event: Waiting) -> str:
    who = event.target or "the first that is back"
    seconds = f"{event.seconds:.0f}" if event.seconds >= 1 else f"{event.seconds:.1f}"
    return f"Waiting {seconds} s for {who}. {event.why}"


def _last_asked(event: RequestFinished) -> Target | None:
    asked = [record.opened for record in event.records if record.opened.attempt > 0]
    return Target(asked[-1].provider_name, asked[-1].request_model) if asked else None


def _nobody_answered(event: RequestFinished) -> str:
    assert event.failure is not None
    asked = [record.opened.provider_name for record in event.records if record.opened.attempt > 0]
    who = asked[-1] if asked else "nobody"
    words = f"No answer: {who} {IN_WORDS[event.failure.error_type]}. {event.failure.message}".rstrip()
    if event.failure.error_type not in FALLS_BACK:
        return words
    return f"{words if words.endswith('.') else f'{words}.'} Ask again, or choose another provider."
