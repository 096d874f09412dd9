"""Every provider: whether it may be asked, what is left of its limits, with which key, and what went wrong last."""

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from burn_tui.core.errors import BurnError
from burn_tui.core.failure import IN_WORDS
from burn_tui.core.inspection import ProviderState
from burn_tui.tui import format as fmt
from burn_tui.tui.action import Place
from burn_tui.tui.actions import bindings
from burn_tui.tui.legible import legible
from burn_tui.tui.screens.choose_provider import state_in_words
from burn_tui.tui.screens.report import Desk, Listing, Page, ReportScreen, rest_in_words
from burn_tui.tui.widgets.packing import packed

if TYPE_CHECKING:
    from burn_tui.engine.probe import Probed

_NOBODY = "No provider is configured."
_ASKING = "being asked…"


class ProvidersScreen(ReportScreen[tuple[ProviderState, ...]]):
    """One is marked and can be tested."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("providers")
    name_of: ClassVar[str] = "providers"
    title_of: ClassVar[str] = "Providers"
    place: ClassVar[Place] = "providers"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._tests: dict[str, str] = {}
        """What came of the last test of each, in words."""

    def content(self) -> ComposeResult:
        """A list, or the word that there is nobody."""
        yield Page[str](lambda text, _: [Content.styled(text, "$foreground-muted")])
        yield Listing()

    async def look(self) -> tuple[ProviderState, ...]:
        """What the router and the ledger know now."""
        return tuple(await self.desk.runtime.lens.providers())

    def draw_report(self, view: tuple[ProviderState, ...]) -> None:
        """One row a provider."""
        self.query_one(Listing).show([self._row(one, self.row_cells) for one in view])
        self.query_one(Page).show(_NOBODY)
        self.query_one(Page).display = not view

    def _row(self, one: ProviderState, width: int) -> Content:
        colour = self.desk.palette.provider(one.name)
        first = [Content.assemble(("▌", colour), (one.name, "bold")), _state(one), *_left(one), _key(one)]
        lines = [*packed(first, width - 2, gap=2).split("\n")]
        lines[1:] = [line.pad_left(2) for line in lines[1:]]
        lines += [line for text in (_models(one, width), _last_error(one)) if text for line in _note(text, width)]
        if one.name in self._tests:
            tested = Content.assemble(("test: ", "$foreground-muted"), self._tests[one.name])
            lines += [line.rstrip().pad_left(2) for line in tested.wrap(width - 2)]
        return Content("\n").join(lines)

    @work
    async def action_test_provider(self) -> None:
        """Ask the marked one for one word."""
        marked = self.query_one(Listing).highlighted
        if marked is None or not self.last:
            return
        from burn_tui.engine.probe import probe  # noqa: PLC0415 - with the transport, which nothing on screen needs

        runtime, name = self.desk.runtime, self.last[marked].name
        self._tests[name] = _ASKING
        self.draw_report(self.last)
        try:
            outcome = await probe(runtime.router, runtime.router.catalog.providers[name], self.desk.session.environment)
        except BurnError as error:
            self._tests[name] = str(error)
        else:
            self._tests[name] = _in_words(outcome)
        self.refresh_report()


def _state(one: ProviderState) -> Content:
    words = state_in_words((one.state, one.left_s))
    if one.state == "resting":
        words = f"resting {rest_in_words(one.left_s)}"
    if not one.is_local and one.key_place is not None and one.key_fingerprint is None:
        return Content.styled("cannot be asked", "bold $text-error")
    why = f" ({IN_WORDS[one.why]})" if one.why and one.state == "resting" else ""
    return Content.styled(f"{words}{why}", "$text-success" if words == "ok" else "bold $text-warning")


def _left(one: ProviderState) -> list[Content]:
    if one.share_left is None:
        return []
    style = "$text-error" if one.share_left < 0.1 else "$text-warning" if one.share_left < 0.3 else "$text-success"
    return [Content.styled(f"{fmt.share(one.share_left)} left", style)]


def _key(one: ProviderState) -> Content:
    if one.is_local:
        return Content.styled("on this machine", "$foreground-muted")
    if one.key_place is None:
        return Content.styled("needs no key", "$foreground-muted")
    if one.key_fingerprint is None:
        return Content.styled(f"{one.key_place} is not set", "bold $text-error")
    return Content.styled(f"key {one.key_fingerprint} from {one.key_place}", "$foreground-muted")


def _models(one: ProviderState, width: int) -> str:
    models = ", ".join(one.models) or "any model"
    whole = f"{models}  at {one.base_url}"
    return whole if len(whole) + 2 <= width else models


def _last_error(one: ProviderState) -> str:
    error = one.last_error
    if error is None:
        return ""
    status = f" ({error.http_status})" if error.http_status else ""
    when = datetime.fromtimestamp(error.at).astimezone()
    return f"last error {when:%d %b %H:%M}: {error.request_model} {IN_WORDS[error.error_type]}{status}"


def _note(text: str, width: int) -> list[Content]:
    return [line.rstrip().pad_left(2) for line in Content.styled(text, "$foreground-muted").wrap(max(width - 2, 1))]


def _in_words(outcome: "Probed") -> str:
    if outcome.refused is not None:
        return legible(f"not asked. {outcome.refused.reason} {outcome.refused.mend}".strip())
    record = outcome.record
    if record is None:
        return "nothing came of it."
    if record.error_type is not None:
        status = f" ({record.http_status})" if record.http_status else ""
        return f"{IN_WORDS[record.error_type]}{status} after {fmt.seconds(record.duration_s)}."
    return f"answered in {fmt.seconds(record.duration_s)} for {fmt.money(record.cost_nanousd)}."
