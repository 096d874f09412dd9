"""What the last days would have cost under other policies of auto; one key adopts the marked one."""

from pathlib import Path
from typing import ClassVar

from msgspec import Struct
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from burn_tui.core.auto import TIERS
from burn_tui.core.errors import BurnError
from burn_tui.core.route_replay import Outcome
from burn_tui.engine.auto.replaying import Candidate, Replayed
from burn_tui.tui import format as fmt
from burn_tui.tui.action import Place
from burn_tui.tui.actions import bindings
from burn_tui.tui.legible import legible
from burn_tui.tui.screens.question import Question, QuestionScreen
from burn_tui.tui.screens.report import Desk, Listing, Page, ReportScreen, heading
from burn_tui.tui.widgets.packing import packed
from burn_tui.tui.widgets.table import Cells, Column, table

PERIODS = (7, 30, 1)
"""Days, in the order in which one key goes through them."""

_DAY_S = 86_400.0
_AGAIN_S = 30.0
"""What lies behind does not change within a second."""

_COLUMNS = (
    Column("policy", is_left=True, style="bold"),
    Column("cost", style="$foreground", by_point=True),
    Column("difference"),
    Column("median", rank=1),
    Column("tiers", is_left=True, rank=2, style="$foreground-muted"),
)

_ROOMY_ROWS = 20
"""Fewer are needed for the policies themselves."""

_MOST_CHANGES = 40
"""Lines that the question shows."""


class Looked(Struct, frozen=True):
    """What is on screen."""

    days: int
    """So far back it is looked."""
    replayed: Replayed


class ReplayScreen(ReportScreen[Looked]):
    """The policies are marked; above them stands how it was, below the marked one's details."""

    AUTO_FOCUS: ClassVar[str | None] = "Listing"
    BINDINGS: ClassVar[list[BindingType]] = bindings("replay")
    title_of: ClassVar[str] = "What if: other policies of auto"
    place: ClassVar[Place] = "replay"

    DEFAULT_CSS = """
    ReplayScreen Listing { height: auto; min-height: 3; max-height: 60%; }
    ReplayScreen #marked { height: 1fr; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._days = PERIODS[0]
        self._seen: Looked | None = None
        self._seen_at = float("-inf")

    def content(self) -> ComposeResult:
        """How it was, the policies, and more of the marked one."""
        yield Page(self.lines, id="then")
        yield Listing()
        yield Page(self._details, id="marked")

    async def look(self) -> Looked:
        """The policies over the days that are looked back."""
        now = self.desk.now
        if self._seen is None or now - self._seen_at >= _AGAIN_S:
            self._seen_at = now
            days = self._days
            self._seen = Looked(days, await self.desk.runtime.replaying.look(now - days * _DAY_S))
        return self._seen

    def draw_report(self, view: Looked) -> None:
        """All three parts."""
        self.query_one("#then", Page).show(view)
        listing = self.query_one(Listing)
        listing.show(_rows(view.replayed, self.row_cells)[1])
        listing.display = bool(view.replayed.candidates)
        self._show_marked()

    def on_option_list_option_highlighted(self) -> None:
        """Another one is marked."""
        self._show_marked()

    def _show_marked(self) -> None:
        self.query_one("#marked", Page).show(self._marked())

    def lines(self, view: Looked, width: int) -> list[Content]:
        """How it was, and the headings of what could have been."""
        looked, seen = ("day" if view.days == 1 else f"{view.days} days"), view.replayed
        then = next((one.replay.then for one in seen.candidates if one.replay is not None), None)
        told = [f"{seen.requests:,} requests" if seen.requests else "nothing was asked that could be asked anew"]
        told += [_cost(then), f"{_median(then)} median"] if then is not None else []
        pieces = [heading(f"last {looked}"), *(Content.styled(one, "$foreground-muted") for one in told)]
        lines = packed(pieces, max(width, 1), 2).split("\n")
        if not seen.candidates:
            return [*lines, Content(), *_how_to(seen, width)]
        return [*lines, Content(), _rows(seen, width)[0]]

    def _details(self, one: Candidate | None, width: int) -> list[Content]:
        """What stands behind the marked policy's row."""
        if one is None:
            return []
        if one.problem:
            return [Content(), *_wrapped(legible(one.problem), "$text-error", width)]
        if (found := one.replay) is None:
            return []
        targets = ", ".join(f"{legible(target)} {count:,}" for target, count in found.other.by_target.items())
        lines = [Content(), *_wrapped(f"{legible(one.name)} would ask {targets}.", "$foreground", width)]
        if found.skipped_rules:
            told = f"{found.skipped_rules} rules ask for words of the prompt, which are not kept: left out."
            lines += _wrapped(told, "$text-warning", width)
        if found.unmeasured:
            told = f"{found.unmeasured:,} requests would go where no duration was measured in that time."
            lines += _wrapped(told, "$foreground-muted", width)
        note = "Each prompt counts with the tokens that it really had."
        return lines + (_wrapped(note, "$foreground-muted", width) if self.size.height >= _ROOMY_ROWS else [])

    def action_next_period(self) -> None:
        """Other days."""
        self._days = PERIODS[(PERIODS.index(self._days) + 1) % len(PERIODS)]
        self._seen = None
        self.refresh_report()

    def on_option_list_option_selected(self) -> None:
        """Enter or a click."""
        self.action_adopt_policy()

    @work(group="adopting")  # each look at the past ends those of its own group
    async def action_adopt_policy(self) -> None:
        """Show what changes, and change it after a yes."""
        one = self._marked()
        if one is None:
            self.notify("There is no policy here that could be adopted.", severity="warning")
            return
        replaying = self.desk.runtime.replaying
        try:
            changed = await replaying.changes(one)
            if not changed:
                self.notify(f"The settings are as {legible(one.name)} has them already.")
                return
            if await self.app.push_screen_wait(QuestionScreen(_about_adopting(one, changed))) != "yes":
                return
            kept = await replaying.adopt(one)
        except BurnError as error:
            self.notify(str(error), severity="error")
            return
        self.notify(f"Adopted: auto goes by {legible(one.name)} now. {kept.name} is the file as it was before.")

    def _marked(self) -> Candidate | None:
        at = self.query_one(Listing).highlighted
        candidates = self.last.replayed.candidates if self.last is not None else ()
        return candidates[at] if at is not None and at < len(candidates) else None


def _rows(view: Replayed, width: int) -> tuple[Content, list[Content]]:
    """The headings, and one row a policy."""
    return table(_COLUMNS, [_row(one) for one in view.candidates], max(width, 1))


def _row(one: Candidate) -> Cells:
    name = legible(one.name)
    if one.problem:
        return {"policy": name, "cost": Content.styled("unreadable", "$text-error")}
    if (found := one.replay) is None:
        return {"policy": name}
    less = found.then.cost_nanousd - found.other.cost_nanousd
    word = "the same" if not less else f"{fmt.money(abs(less))} {'less' if less > 0 else 'more'}"
    style = "$foreground-muted" if not less else "$text-success" if less > 0 else "$text-warning"
    return {
        "policy": name,
        "cost": _cost(found.other),
        "difference": Content.styled(word, style),
        "median": _median(found.other),
        "tiers": ", ".join(f"{tier} {found.by_tier[tier]:,}" for tier in TIERS if tier in found.by_tier),
    }


def _cost(outcome: Outcome) -> str:
    return f"{'>' if outcome.unpriced else ''}{fmt.money(outcome.cost_nanousd)}"


def _median(outcome: Outcome) -> str:
    return "not measured" if outcome.median_s is None else fmt.seconds(outcome.median_s)


def _how_to(view: Replayed, width: int) -> list[Content]:
    if not view.folder:
        text = "There is no settings file that a policy could be written to. burn-tui doctor shows where one goes."
        return _wrapped(text, "$foreground-muted", width)
    text = (
        f"No policy to compare with. Write one as a YAML file with the sections auto: or rules: into "
        f"{legible(view.folder)}; what it would have cost stands here then, and a adopts it."
    )
    return _wrapped(text, "$foreground-muted", width)


def _about_adopting(one: Candidate, changed: list[str]) -> Question:
    shown = [legible(line) for line in changed[:_MOST_CHANGES]]
    more = len(changed) - len(shown)
    rest = [f"and {more} more lines"] if more else []
    return Question(
        title=f"Adopt {legible(one.name)}?",
        facts=(("from", legible(Path(one.file).name)),),
        text="\n".join(["What changes in the settings file:", *shown, *rest]),
        yes="adopt it",
        no="leave the settings as they are",
    )


def _wrapped(text: str, style: str, width: int) -> list[Content]:
    return [line.rstrip() for line in Content.styled(text, style).wrap(max(width, 1))]
