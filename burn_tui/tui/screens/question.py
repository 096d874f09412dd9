"""A question with facts, answered by single letters: Enter says nothing, so that no stray key pays for a call."""

from typing import TYPE_CHECKING, ClassVar, Literal

from msgspec import Struct
from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from burn_tui.core.events import Confirmation, TooLong
from burn_tui.tui import format as fmt
from burn_tui.tui.actions import bindings
from burn_tui.tui.badges import badge
from burn_tui.tui.cells import filled
from burn_tui.tui.widgets.drawn import Drawn
from burn_tui.tui.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from burn_tui.engine.conversations import Kept
    from burn_tui.engine.session import Session


Word = Literal["yes", "other", "no"]
"""What a person may answer."""


class Question(Struct, frozen=True, kw_only=True):
    """What is to be decided."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    """Label and value, one pair a line."""
    text: str = ""
    yes: str
    """What y does; "" = it cannot be answered so."""
    other: str = ""
    """What o does; "" = there is no other way."""
    no: str
    """What n does."""


class QuestionScreen(ModalScreen[Word]):
    """Dismisses with the person's word."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("question")

    def __init__(self, question: Question, *, colour: str | None = None) -> None:
        super().__init__()
        self._question = question
        self._colour = colour
        """Of the frame: the environment's; None = the theme's."""

    def compose(self) -> ComposeResult:
        """A frame with title, facts, and the answers that there are."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = self._question.title
            if self._colour is not None:
                frame.styles.border = ("round", self._colour)
            with VerticalScroll(can_focus=False):
                # Shown here and not when mounted: a quick answer takes the dialog away before that.
                facts = FactTable()
                facts.show(self._question.facts)
                yield facts
                if self._question.text:
                    yield Static(Content(self._question.text), classes="text")
            with Vertical(classes="answers"):
                for word, what_it_does in self._ways().items():
                    yield Answer(word, what_it_does)
        yield TooSmall()

    def _ways(self) -> dict[Word, str]:
        asked = self._question
        ways: dict[Word, str] = {"yes": asked.yes, "other": asked.other, "no": asked.no}
        return {word: what_it_does for word, what_it_does in ways.items() if what_it_does}

    def action_answer(self, word: Word) -> None:
        """Close with the answer, if it is one to this question."""
        if word in self._ways():
            self.dismiss(word)
        else:
            self.app.bell()


class FactTable(Drawn[tuple[tuple[str, str], ...]]):
    """Labels and values in two columns; long values are wrapped in theirs."""

    def draw(self, view: tuple[tuple[str, str], ...], width: int) -> Content:
        """One or more lines a fact."""
        indent = max((cell_len(label) for label, _ in view), default=0) + 2
        lines = []
        for label, value in view:
            longest_word = max((cell_len(word) for word in value.split()), default=0)
            if width - indent < longest_word:
                # A name that is broken in two cannot be read; on a line of its own it nearly always fits.
                lines.append(Content.styled(label, "$foreground-muted"))
                lines += [line.rstrip().pad_left(2) for line in Content(value).wrap(max(width - 2, 1))]
                continue
            for position, line in enumerate(Content(value).wrap(max(width - indent, 1))):
                left = label if position == 0 else ""
                lines.append(Content.assemble((filled(left, indent), "$foreground-muted"), line.rstrip()))
        return Content("\n").join(lines)


class Answer(Static):
    """One of the ways out; can be clicked."""

    DEFAULT_CSS = """
    Answer { height: auto; &:hover { background: $boost; } }
    """

    def __init__(self, word: Word, what_it_does: str) -> None:
        super().__init__(Content.assemble((f" {word[0]} ", "bold reverse"), " ", what_it_does))
        self._word: Word = word

    def on_click(self, event: events.Click) -> None:
        """As if its key had been pressed."""
        event.stop()
        self.screen.dismiss(self._word)


def about_paid_call(asked: Confirmation, session: "Session") -> Question:
    """Before a paid call leaves a guarded environment."""
    cost = asked.cost_estimate_nanousd
    key = f"{asked.key_variable} ({asked.key_fingerprint})" if asked.key_fingerprint else asked.key_variable
    facts = [
        ("target", str(asked.target)),
        ("environment", asked.environment),
        ("paid with", key or "no key needed"),
        ("prompt", f"about {fmt.tokens(asked.input_tokens_estimate)} tokens"),
        ("estimate", "unknown: this model has no price" if cost is None else fmt.money(cost)),
    ]
    if asked.budget is not None:
        facts.append((f"budget {asked.budget}", _budget_share(asked)))
    return Question(
        title=f"{badge(session.environment)} asks: send this paid call?",
        facts=tuple(facts),
        text=_what_a_yes_means(asked, session),
        yes="send it",
        no="back to the prompt",
    )


def _budget_share(asked: Confirmation) -> str:
    spent, limit = asked.budget_spent_nanousd, asked.budget_limit_nanousd
    now = f"{fmt.money(spent)} of {fmt.money(limit)} used"
    if asked.cost_estimate_nanousd is None or not limit:
        return now
    return f"{now}, this is {fmt.share(asked.cost_estimate_nanousd / limit)} of it"


def _what_a_yes_means(asked: Confirmation, session: "Session") -> str:
    if asked.unlocks_for_s is None:
        return f"A yes holds for the session {session.name} until it is closed."
    requests = session.environment.unlock_requests
    until = "" if requests is None else f" or {requests} requests"
    unlocked = f"{badge(session.environment).word} is locked. A yes unlocks it for the session {session.name}"
    return f"{unlocked} for {fmt.countdown(asked.unlocks_for_s)}{until}."


def about_closing(session: "Session") -> Question:
    """Before a session goes away while somebody answers in it."""
    text = "An answer is still being written. What has come of it stays in the session."
    return Question(title=f"Close {session.name}?", text=text, yes="stop it and close", no="keep it open")


def about_erasing(kept: "Kept") -> Question:
    """Before the words of a session are gone for good."""
    return Question(
        title=f"Erase {kept.name}?",
        text="Its words are gone then. What it cost stays in the ledger.",
        yes="erase it",
        no="keep it",
    )


def about_leaving(lost: list[str]) -> Question:
    """Before burn-tui ends with something unfinished."""
    return Question(title="Leave burn-tui?", text="\n".join(lost), yes="leave and lose this", no="stay")


def about_length(asked: TooLong) -> Question:
    """Before turns are forgotten because a conversation has outgrown its model."""
    facts = [
        ("needs", f"about {fmt.tokens(asked.tokens_needed)} tokens"),
        ("window", f"{fmt.tokens(asked.window)}, answer included"),
    ]
    can_be_shortened = asked.shortest <= asked.shorten_to
    if can_be_shortened:
        facts.append(("shortened", f"the newest {fmt.tokens(asked.shorten_to)} at most"))
    if asked.carrier is not None:
        facts.append(("whole", f"{asked.carrier}, {_estimate(asked.carrier_cost_nanousd)}"))
    return Question(
        title="Too long for its model",
        facts=tuple(facts),
        text=(
            "Shortened, the model forgets the oldest turns. On screen they stay."
            if can_be_shortened
            else "Forgetting everything before this question would not make enough room."
        ),
        yes="forget the oldest turns" if can_be_shortened else "",
        other="send it whole, this once" if asked.carrier else "",
        no="back to the prompt",
    )


def _estimate(cost_nanousd: int | None) -> str:
    return "at an unknown price" if cost_nanousd is None else f"for about {fmt.money(cost_nanousd)}"
