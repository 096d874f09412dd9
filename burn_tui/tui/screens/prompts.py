"""One prompt after the other: its versions with what they were used for, and the text of the marked one."""

from datetime import UTC, datetime
from typing import ClassVar

from msgspec import Struct
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from burn_tui.core.errors import BurnError, PromptError, SettingsError
from burn_tui.core.inspection import Which
from burn_tui.core.pins import PRODUCTION, previous_of
from burn_tui.core.prompt_diff import Piece, lines, shown
from burn_tui.core.prompt_form import SHOWN_DIGITS, WORKING, PromptVersion
from burn_tui.core.prompt_history import History, PinChange, VersionUse
from burn_tui.tui import format as fmt
from burn_tui.tui.action import Place
from burn_tui.tui.actions import bindings
from burn_tui.tui.one_prompt import OnePrompt, still_there
from burn_tui.tui.screens.question import Question, QuestionScreen
from burn_tui.tui.screens.report import Desk, Listing, Page, ReportScreen, heading, nothing
from burn_tui.tui.screens.requests import RequestsScreen
from burn_tui.tui.widgets.packing import packed
from burn_tui.tui.widgets.table import Column, table

_COLUMNS = (
    Column("version", is_left=True, style="bold"),
    Column("for", is_left=True, style="$foreground", rank=2),
    Column("stands for", is_left=True, style="$text-accent"),
    Column("answers", rank=1),
    Column("failed", rank=7, style="$text-error"),
    Column("cost", rank=3, style="bold", by_point=True),
    Column("each", rank=5, by_point=True),
    Column("mean", rank=4),
    Column("thumbs", rank=6),
    Column("first used", rank=8),
)

_DAY_S = 86_400.0

_ROOMY_CELLS = 60
"""Below it the latest change is left out."""

_NO_PROMPT = (
    "There is no prompt here. Write prompts/NAME.prompt.md in the project, or beside the settings file.",
    "It has a head between two lines ---, and a body with system: and user: and {{variables}}.",
)


class Shown(OnePrompt, frozen=True, kw_only=True):
    """What is on screen."""

    history: History | None
    """None = there is no prompt, or its file is broken."""
    problem: str = ""
    """What is wrong with it; "" = nothing."""


class Text(Struct, frozen=True, kw_only=True):
    """The lower half."""

    version: PromptVersion | None
    """None = none is marked."""
    against: PromptVersion | None
    """What it is compared with; None = the text is shown as it is."""
    label: str = ""
    """What stands for that, in words."""


class PromptsScreen(ReportScreen[Shown]):
    """Enter shows the answers that came from the marked version."""

    AUTO_FOCUS: ClassVar[str | None] = "Listing"
    BINDINGS: ClassVar[list[BindingType]] = bindings("prompt versions")
    name_of: ClassVar[str] = "prompts"
    title_of: ClassVar[str] = "Prompts"
    place: ClassVar[Place] = "prompt versions"

    DEFAULT_CSS = """
    PromptsScreen Listing { height: auto; max-height: 40%; }
    PromptsScreen #headings { margin-top: 1; }
    PromptsScreen #text { height: 1fr; margin-top: 1; }
    PromptsScreen.-short #headings, PromptsScreen.-short #text { margin-top: 0; }
    PromptsScreen.-squat #headings, PromptsScreen.-squat #text { margin-top: 0; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._name = ""
        self._is_diff = False

    def content(self) -> ComposeResult:
        """Which prompt it is, its versions, and a text."""
        yield Page(self.lines, id="what")
        yield Page(self._headings, id="headings")
        yield Listing()
        with VerticalScroll(id="text"):
            yield Page(_text, id="version")

    async def look(self) -> Shown:
        """What files and ledger know now."""
        prompts = self.desk.runtime.prompts
        names = tuple(await prompts.names())
        self._name = still_there(self._name, names)
        if not self._name:
            return Shown(names=names, name="", history=None)
        try:
            return Shown(names=names, name=self._name, history=await prompts.history(self._name))
        except (SettingsError, PromptError) as error:
            return Shown(names=names, name=self._name, history=None, problem=str(error))

    def draw_report(self, view: Shown) -> None:
        """A row for each version."""
        self.query_one("#what", Page).show(view)
        self.query_one("#headings", Page).show(view)
        _, rows = table(_columns(view), _cells(view), self.row_cells)
        self.query_one(Listing).show(rows)
        self._show_text()

    def lines(self, view: Shown, width: int) -> list[Content]:
        """Its name, and what is wrong with it."""
        if not view.name:
            return [line for text in _NO_PROMPT for line in Content.styled(text, "$foreground-muted").wrap(width)]
        pieces = [
            Content.styled(view.name, "bold"),
            *([Content.styled(view.place, "$foreground-muted")] if view.place else []),
        ]
        if view.history is not None and view.history.changes and width >= _ROOMY_CELLS:
            pieces.append(Content.styled(_change(view.history.changes[0]), "$foreground-muted"))
        problem = [line.rstrip() for line in Content.styled(view.problem, "$text-error").wrap(width)]
        return [*packed(pieces, width).split("\n"), *(problem if view.problem else [])]

    def _headings(self, view: Shown, _: int) -> list[Content]:
        if view.history is None:
            return []
        headings, _rows = table(_columns(view), _cells(view), self.row_cells)
        return [headings]

    # --- the lower half -----------------------------------------------------------------------------

    def on_option_list_option_highlighted(self) -> None:
        """Another version is marked."""
        self._show_text()

    def action_toggle_diff(self) -> None:
        """Its text, or what differs."""
        self._is_diff = not self._is_diff
        self._show_text()

    def _show_text(self) -> None:
        use = self._marked()
        other, label = self._compared(use) if use is not None and self._is_diff else (None, "")
        text = Text(version=use.version if use else None, against=other.version if other else None, label=label)
        self.query_one("#version", Page).show(text)

    def _compared(self, use: VersionUse) -> tuple[VersionUse | None, str]:
        """What production stands for; for that one, and where nothing is pinned, the version below it."""
        assert self.last is not None, "a version is marked"
        assert self.last.history is not None, "a version is marked"
        uses = [one for one in self.last.history.uses if one.version.variant == use.version.variant]
        pinned = next((one for one in uses if PRODUCTION in one.labels), None)
        if pinned is not None and pinned is not use:
            return pinned, PRODUCTION
        below = uses[uses.index(use) + 1 :] if use in uses else []
        others = below or [one for one in uses if one is not use]
        return (others[0], "the version before") if others else (None, "")

    def _marked(self) -> VersionUse | None:
        marked = self.query_one(Listing).highlighted
        history = self.last.history if self.last is not None else None
        return history.uses[marked] if marked is not None and history and marked < len(history.uses) else None

    # --- what can be done ---------------------------------------------------------------------------

    def on_option_list_option_selected(self) -> None:
        """Enter or a click."""
        self.action_show_answers()

    def action_show_answers(self) -> None:
        """The requests that were made with the marked version."""
        use = self._marked()
        if use is None:
            return
        if use.first_day is None or use.last_day is None:
            self.notify(f"{use.version.stem} {use.version.shown} was not used yet.")
            return
        which = Which(
            since=use.first_day * _DAY_S,
            until=(use.last_day + 1) * _DAY_S,
            prompt_name=use.version.name,
            prompt_version=use.version.version,
        )
        labels = f" ({', '.join(use.labels)})" if use.labels else ""
        why = f"Answers from {use.version.stem} {use.version.shown}{labels}"
        self.app.push_screen(RequestsScreen(self.desk, which, why))

    def action_compare(self) -> None:
        """Versions and models of this prompt against each other."""
        from burn_tui.tui.screens.comparison import PromptComparisonScreen  # noqa: PLC0415 - not needed to look

        self.app.push_screen(PromptComparisonScreen(self.desk, self._name or ""))

    def action_turn(self, step: int) -> None:
        """Another prompt."""
        if self.last is None or not self.last.can_turn:
            self.app.bell()
            return
        self._name = self.last.turned(step)
        self.query_one(Listing).highlighted = 0
        self.refresh_report()

    def action_use_version(self) -> None:
        """Back to the dashboard, with the command typed."""
        use = self._marked()
        if use is not None:
            at = WORKING if WORKING in use.labels else use.version.shown
            self.dismiss(None)
            self.desk.call(f"{use.version.stem}@{at} ")

    @work(group="pinning")
    async def action_pin(self) -> None:
        """The session's environment stands for the marked version."""
        use, label = self._marked(), self.desk.session.environment.name
        if use is None:
            return
        asked = f"{use.version.stem}@{use.version.version}"
        before = self._standing_for(label, use.version.variant)
        question = Question(
            title=f"Pin {use.version.stem}",
            facts=(("label", label), ("now", before), ("then", use.version.shown)),
            text="pins.yaml is changed in one line; rolling back is one key.",
            yes="pin it",
            no="leave it",
        )
        if await self.app.push_screen_wait(QuestionScreen(question)) == "yes":
            await self._change(asked, label, is_rollback=False)

    @work(group="pinning")
    async def action_rollback(self) -> None:
        """The session's environment stands for what it stood for before."""
        use, label = self._marked(), self.desk.session.environment.name
        if use is None:
            return
        stem, variant = use.version.stem, use.version.variant
        question = Question(
            title=f"Roll {stem} back",
            facts=(
                ("label", label),
                ("now", self._standing_for(label, variant)),
                ("then", self._standing_for(previous_of(label), variant)),
            ),
            text="pins.yaml is changed in one line; once more undoes it.",
            yes="roll back",
            no="leave it",
        )
        if await self.app.push_screen_wait(QuestionScreen(question)) == "yes":
            await self._change(stem, label, is_rollback=True)

    async def _change(self, asked: str, label: str, *, is_rollback: bool) -> None:
        prompts = self.desk.runtime.prompts
        try:
            change = await (prompts.rollback(asked, label) if is_rollback else prompts.pin(asked, label))
        except BurnError as error:
            self.notify(str(error), severity="warning")
            return
        self.notify(_change(change))
        self.refresh_report()

    def _standing_for(self, label: str, variant: str | None) -> str:
        history = self.last.history if self.last is not None else None
        uses = history.uses if history is not None else ()
        found = (one for one in uses if label in one.labels and one.version.variant == variant)
        return next((one.version.shown for one in found), "nothing")


def _columns(view: Shown) -> list[Column]:
    """Variants have a column where there are any."""
    has_variants = view.history is not None and any(use.version.variant for use in view.history.uses)
    return [column for column in _COLUMNS if column.name != "for" or has_variants]


def _cells(view: Shown) -> list[dict[str, Content | str]]:
    return [_row(use) for use in view.history.uses] if view.history is not None else []


def _row(use: VersionUse) -> dict[str, Content | str]:
    return {
        "version": use.version.shown,
        "for": use.version.variant or "",
        "stands for": ", ".join(use.labels),
        "answers": str(use.answers) if use.attempts else "-",
        "failed": str(use.failures) if use.failures else "",
        "cost": fmt.money(use.cost_nanousd) if use.attempts else "-",
        "each": fmt.money(use.mean_nanousd) if use.answers else "-",
        "mean": fmt.seconds(use.mean_s),
        "thumbs": _thumbs(use),
        "first used": "" if use.first_used_at is None else f"{datetime.fromtimestamp(use.first_used_at, UTC):%d %b}",
    }


def _thumbs(use: VersionUse) -> Content:
    up = Content.styled(f"▲{use.thumbs_up}", "$text-success") if use.thumbs_up else Content()
    down = Content.styled(f"▼{use.thumbs_down}", "$text-error") if use.thumbs_down else Content()
    return Content.assemble(up, " " if use.thumbs_up and use.thumbs_down else "", down)


def _change(change: PinChange) -> str:
    before = "nothing" if change.before is None else change.before[:SHOWN_DIGITS]
    what = "rolled back" if change.what == "rollback" else "pinned"
    return f"{change.label} {what}: {before} → {change.after[:SHOWN_DIGITS]}"


def _text(view: Text, width: int) -> list[Content]:
    if view.version is None:
        return []
    if view.against is None:
        title = [heading(view.version.shown, "the text")]
        return [
            *title,
            *_wrapped([[Piece("same", line)] for line in view.version.readable.rstrip("\n").split("\n")], width),
        ]
    title = [heading(view.version.shown, f"against {view.label} {view.against.shown}")]
    if view.version.version == view.against.version:
        return [*title, *nothing("Nothing differs.")]
    return [*title, *_wrapped(lines(view.against.readable, view.version.readable), width)]


def _wrapped(pieces: list[list[Piece]], width: int) -> list[Content]:
    styles = {"same": "$foreground", "gone": "$text-error strike", "new": "bold $text-success underline"}
    whole = [Content.assemble(*((shown(piece), styles[piece.kind]) for piece in line)) for line in pieces]
    return [part.rstrip() for line in whole for part in (line.wrap(width) if line.cell_length else [Content()])]
