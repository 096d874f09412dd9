"""Versions and models of a prompt against each other: new failures and new passes first, then the answers side by side.

Two answers within a session are compared by compare.py.
"""

from contextlib import aclosing
from typing import ClassVar

from msgspec import structs
from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from burn_tui.core.comparison import Base, Comparison, Result, Row, other_models, rows
from burn_tui.core.errors import BurnError
from burn_tui.engine.comparing.running import STOPPED, Draft, Wish
from burn_tui.tui import format as fmt
from burn_tui.tui.action import Place
from burn_tui.tui.actions import bindings
from burn_tui.tui.comparison_text import Pair, against, case_cells, case_columns, contender_rows, pair_lines
from burn_tui.tui.legible import legible
from burn_tui.tui.one_prompt import OnePrompt, still_there
from burn_tui.tui.screens.choose_provider import ChooseProviderScreen, choices
from burn_tui.tui.screens.name_session import NameSessionScreen
from burn_tui.tui.screens.question import Question, QuestionScreen
from burn_tui.tui.screens.report import Desk, Listing, Page, ReportScreen
from burn_tui.tui.widgets.packing import packed
from burn_tui.tui.widgets.table import table

_HOW = (
    "Nothing was compared yet. r asks every case of prompts/compare/NAME.yaml, m another model beside the usual one.",
    "A file of promptfoo's is taken over by: burn-tui prompts import promptfooconfig.yaml",
)


_FEW_ROWS = 20
"""Below it what is to be said of all cases stands below the answers, and headings are left out."""

_ROOMY_ROWS = 30
"""From here on there is room for all of it."""


class Shown(OnePrompt, frozen=True, kw_only=True):
    """What is on screen."""

    now: Comparison | None
    """None = nothing was compared yet."""
    previous: Comparison | None
    base: Base
    is_running: bool
    problem: str = ""
    """Why nothing can be compared; "" = it can."""

    @property
    def rows(self) -> list[Row]:
        """Every case, the news first."""
        return rows(self.now, self.previous, self.base) if self.now is not None else []


class PromptComparisonScreen(ReportScreen[Shown]):
    """A comparison that runs ends with the screen, and what is done by then is kept."""

    AUTO_FOCUS: ClassVar[str | None] = "Listing"
    BINDINGS: ClassVar[list[BindingType]] = bindings("prompt comparison")
    title_of: ClassVar[str] = "Prompts compared"
    place: ClassVar[Place] = "prompt comparison"

    DEFAULT_CSS = """
    PromptComparisonScreen Listing { height: auto; max-height: 35%; }
    PromptComparisonScreen #headings { margin-top: 1; }
    PromptComparisonScreen #answers-compared { height: 1fr; margin-top: 1; }
    PromptComparisonScreen.-low Listing { max-height: 5; }
    PromptComparisonScreen.-short Listing, PromptComparisonScreen.-squat Listing { max-height: 3; }
    PromptComparisonScreen.-short #headings, PromptComparisonScreen.-squat #headings { display: none; }
    PromptComparisonScreen.-short #answers-compared, PromptComparisonScreen.-squat #answers-compared { margin-top: 0; }
    """

    def __init__(self, desk: Desk, name: str = "") -> None:
        super().__init__(desk)
        self._prompt = name
        self._base: Base | None = None
        """None = the person has not chosen."""
        self._seen: tuple[str, Comparison | None, Comparison | None] | None = None
        """Of which prompt what was read last: the latest comparison and the one before it."""
        self._is_running = False

    def content(self) -> ComposeResult:
        """The contenders, the cases, and two answers."""
        yield Page(self.lines, id="what")
        yield Page(self._headings, id="headings")
        yield Listing()
        with VerticalScroll(id="answers-compared"):
            yield Page(pair_lines, id="pair")

    async def look(self) -> Shown:
        """What files and ledger know now, or what has come of a run so far."""
        prompts, comparing = self.desk.runtime.prompts, self.desk.runtime.comparing
        names = tuple(await prompts.names())
        self._prompt = still_there(self._prompt, names)
        if self._seen is None or self._seen[0] != self._prompt:
            now = await comparing.latest(self._prompt)
            before = await comparing.latest(self._prompt, before=now.at) if now is not None else None
            self._seen = (self._prompt, now, before)
        _, now, previous = self._seen
        return Shown(
            names=names,
            name=self._prompt,
            now=now,
            previous=previous,
            base=self._base or _usual_base(now, previous),
            is_running=self._is_running,
            problem=self._problem(),
        )

    def _problem(self) -> str:
        if not self._prompt:
            return "There is no prompt here yet. Write prompts/NAME.prompt.md."
        try:
            self.desk.runtime.comparing.cases(self._prompt)
        except BurnError as error:
            return str(error)
        return ""

    def draw_report(self, view: Shown) -> None:
        """A row for each case."""
        self.query_one("#what", Page).show(view)
        self.query_one("#headings", Page).show(view)
        lines: list[Content] = []
        if view.now is not None:
            _, lines = table(case_columns(view.now), case_cells(view.now, view.rows), self.row_cells)
        self.query_one(Listing).show(lines)
        self._show_pair()

    def lines(self, view: Shown, width: int) -> list[Content]:
        """Its name, how far it is, what it is measured by, and the contenders."""
        pieces = [Content.styled(view.name, "bold"), Content.styled(view.place, "$foreground-muted")]
        now = view.now
        if now is None:
            said = [view.problem] if view.problem else _HOW
            about = [line.rstrip() for text in said for line in Content.styled(text, "$foreground-muted").wrap(width)]
            return [*packed([piece for piece in pieces if piece], width).split("\n"), *about]
        pieces.append(Content.styled(_progress(view, now), "bold $text-accent" if view.is_running else "$foreground"))
        if self._is_tiny:
            return packed([piece for piece in pieces if piece], width).split("\n")
        pieces += [
            Content.styled(legible(now.shared), "$foreground"),
            Content.styled(legible(against(now, view.previous, view.base)), "$foreground-muted"),
        ]
        return [
            *packed([piece for piece in pieces if piece], width).split("\n"),
            *(part for note in _notes(view, now) for part in Content.styled(note, "$text-warning").wrap(width)),
            *([] if self._is_low else contender_rows(now, width)),
        ]

    def _headings(self, view: Shown, _: int) -> list[Content]:
        if view.now is None or not view.rows:
            return []
        headings, _rows = table(case_columns(view.now), case_cells(view.now, view.rows), self.row_cells)
        return [headings]

    def on_resize(self, event: events.Resize) -> None:
        """Where there is little room the contenders stand below the answers."""
        self.set_class(event.size.height < _ROOMY_ROWS, "-low")
        self._show_pair()

    @property
    def _is_low(self) -> bool:
        return self.size.height < _ROOMY_ROWS

    @property
    def _is_tiny(self) -> bool:
        return self.size.height < _FEW_ROWS

    # --- the lower half -----------------------------------------------------------------------------

    def on_option_list_option_highlighted(self) -> None:
        """Another case is marked."""
        self._show_pair()

    def _show_pair(self) -> None:
        self.query_one("#pair", Page).show(self._pair())

    def _pair(self) -> Pair:
        nobody = Pair(case="", before=None, before_title="", now=None, now_title="")
        view, marked = self.last, self.query_one(Listing).highlighted
        if view is None or view.now is None or marked is None or marked >= len(view.rows):
            return nobody
        row = view.rows[marked]
        result = row.cell.example
        if result is None:
            return nobody
        return Pair(
            case=view.now.cases[row.case].name,
            before=_beside(row, result),
            before_title="before" if view.base == "previous" else view.now.names[0],
            now=result,
            now_title=view.now.names[row.contender],
            of_all=view.now if self._is_low else None,
            notes=tuple(_notes(view, view.now)) if self._is_tiny else (),
        )

    # --- what can be done ---------------------------------------------------------------------------

    def action_measure(self) -> None:
        """By the previous run, or by the first contender."""
        view = self.last
        if view is None or view.now is None:
            self.app.bell()
            return
        self._base = "first" if view.base == "previous" else "previous"
        self.refresh_report()

    def action_turn(self, step: int) -> None:
        """Another prompt."""
        if self.last is None or not self.last.can_turn or self._is_running:
            self.app.bell()
            return
        self._prompt = self.last.turned(step)
        self._base = None
        self.query_one(Listing).highlighted = 0
        self.refresh_report()

    @work(group="comparing")
    async def action_run(self) -> None:
        """Ask what the file of cases says."""
        await self._compare(Wish(name=self._prompt))

    @work(group="comparing")
    async def action_upgrade(self) -> None:
        """The same prompt on the usual model and on another one."""
        usual = await self._usual_model()
        if usual is None:
            return
        offered = choices(self.desk.runtime.router, self.desk.session)
        dialog = ChooseProviderScreen(
            offered, current=usual, palette=self.desk.palette, heading="Which model beside the usual one?"
        )
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None:
            asked = chosen.requested or "default"
            await self._compare(Wish(name=self._prompt, models=(usual, asked), versions=self._one_version()))

    def action_stop(self) -> None:
        """What is done is kept."""
        if not self._is_running:
            self.app.bell()
            return
        self.workers.cancel_group(self, "comparing")

    async def _usual_model(self) -> str | None:
        """Whom the prompt is asked of now; None if there is nothing to compare it by, which is said."""
        try:
            draft = await self.desk.runtime.comparing.draft(Wish(name=self._prompt), self.desk.session.environment)
        except BurnError as error:
            self.notify(str(error), severity="warning")
            return None
        first, prepared = draft.comparison.contenders[0], draft.prepared[0][0]
        return first.requested or prepared.chosen.version.prompt.model.route or "default"

    def _one_version(self) -> tuple[str, ...]:
        """Of the models only, one text; what production stands for where that is where the session is."""
        environment = self.desk.session.environment
        return (environment.name,) if environment.is_production else ("working",)

    async def _compare(self, wish: Wish) -> None:
        if self._is_running or not wish.name:
            self.app.bell()
            return
        comparing = self.desk.runtime.comparing
        try:
            draft = await comparing.draft(wish, self.desk.session.environment)
        except BurnError as error:
            self.notify(str(error), severity="warning")
            return
        if not await self._agrees(draft):
            return
        self._is_running, self._base = True, None
        try:
            previous = await comparing.latest(wish.name)
            async with aclosing(comparing.run(draft, confirmed=draft.needs_name)) as given:
                async for now in given:
                    self._seen = (wish.name, now, previous)
                    self.refresh_report()
        except BurnError as error:
            self.notify(str(error), severity="warning")
        finally:
            # Drawn with the next look: a screen that is being closed has nothing to draw on any more.
            self._is_running = False
            self._note_end()

    def _note_end(self) -> None:
        """Say that it was stopped, where it was."""
        name, now, previous = self._seen or ("", None, None)
        if now is None:
            return
        if len(now.results) < now.planned:
            self._seen = (name, structs.replace(now, stopped=now.stopped or STOPPED), previous)
            self.notify(f"Stopped: {len(now.results)} of {now.planned} are done and kept.")

    async def _agrees(self, draft: Draft) -> bool:
        """Whether the person wants to pay for that; many calls take the environment's name."""
        made, name = draft.comparison, draft.environment.name
        judged = draft.calls - made.planned
        question = Question(
            title=f"Compare {made.name}",
            facts=(
                ("cases", str(len(made.cases))),
                *((("asked", made.shared),) if made.shared else ()),
                ("contenders", ", ".join(made.names)),
                ("repeats", str(made.repeats)),
                ("calls", f"{draft.calls}{f', {judged} of them by judges' if judged else ''}"),
                ("environment", name),
                ("estimate", "unknown" if draft.estimate_nanousd is None else fmt.money(draft.estimate_nanousd)),
            ),
            text="It can be stopped at any time; what is done is kept.",
            yes="ask them all" + (f", after typing {name}" if draft.needs_name else ""),
            no="leave it",
        )
        if await self.app.push_screen_wait(QuestionScreen(question)) != "yes":
            return False
        if not draft.needs_name:
            return True
        heading = f"Type {name} to send {draft.calls} calls"
        dialog = NameSessionScreen(heading, "", palette=self.desk.palette, may_be_empty=True)
        typed = await self.app.push_screen_wait(dialog)
        if typed is not None and typed.name == name:
            return True
        self.notify(f"That was not {name}: nothing was sent.")
        return False


def _usual_base(now: Comparison | None, previous: Comparison | None) -> Base:
    """The previous run if there is one; else, of several contenders, the first."""
    return "previous" if previous is not None or now is None or len(now.contenders) == 1 else "first"


def _notes(view: Shown, now: Comparison) -> list[str]:
    """What must not be overlooked."""
    stopped = [f"Stopped: {now.stopped}"] if now.stopped else []
    notes = [*other_models(now, view.previous), *stopped, *([view.problem] if view.problem else [])]
    return [legible(note) for note in notes]


def _progress(view: Shown, now: Comparison) -> str:
    cost = fmt.money(now.cost_nanousd) + (f" and {now.unpriced} of unknown cost" if now.unpriced else "")
    done = f"{len(now.results)} of {now.planned}"
    if view.is_running:
        return f"{done} answers, {cost} so far"
    return f"{done} answers, {cost}" if len(now.results) < now.planned else f"{now.planned} answers, {cost}"


def _beside(row: Row, result: Result) -> Result | None:
    """The result to put beside it: of the same repeat, else the one to look at."""
    if row.before is None:
        return None
    same = (one for one in row.before.results if one.call.repeat == result.call.repeat and not one.problem)
    return next(same, row.before.example)
