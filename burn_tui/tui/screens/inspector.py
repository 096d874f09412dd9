"""One request, taken apart: its attempts as a waterfall, its bill, why it went where it went, under which limits."""

from datetime import datetime
from typing import ClassVar

from msgspec import Struct
from rich.cells import cell_len
from textual import work
from textual.binding import BindingType
from textual.content import Content

from burn_tui.core.failure import IN_WORDS
from burn_tui.core.inspection import Attempted
from burn_tui.core.usage import UsageRecord
from burn_tui.tui import format as fmt
from burn_tui.tui.action import Place
from burn_tui.tui.actions import bindings
from burn_tui.tui.cells import cut
from burn_tui.tui.legible import legible
from burn_tui.tui.screens.report import Desk, ReportScreen, heading, nothing
from burn_tui.tui.widgets.packing import packed
from burn_tui.tui.widgets.table import Column, table

_PARTS = (
    ("waited before", "·", "$foreground-disabled"),
    ("to the first chunk", "█", "$warning"),
    ("generating", "▓", "$primary"),
)
_LOST = ("failed", "░", "$error")

_BILL = (
    Column("tokens", is_left=True, style="$foreground"),
    Column("count"),
    Column("per million", rank=1, by_point=True),
    Column("cost", style="bold", by_point=True),
)
_LABEL_CELLS = 10


class Request(Struct, frozen=True):
    """What is on screen."""

    request_id: str | None
    """None = there is none."""
    attempts: tuple[Attempted, ...]


class InspectorScreen(ReportScreen[Request]):
    """The latest request of the session on screen, or the one that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("request")
    name_of: ClassVar[str] = "request"
    title_of: ClassVar[str] = "Request"
    place: ClassVar[Place] = "request"

    def __init__(self, desk: Desk, request_id: str | None = None) -> None:
        super().__init__(desk)
        self._request_id = request_id

    async def look(self) -> Request:
        """The request as the ledger has it."""
        lens = self.desk.runtime.lens
        if self._request_id is None:
            self._request_id = await lens.earlier(session_id=self.desk.session.id) or await lens.earlier()
        return Request(self._request_id, await lens.request(self._request_id) if self._request_id else ())

    @work(exclusive=True, group="turning")
    async def action_older(self) -> None:
        """The request before this one."""
        if at := self._started_at():
            self._turn_to(await self.desk.runtime.lens.earlier(at))

    @work(exclusive=True, group="turning")
    async def action_newer(self) -> None:
        """The request after this one."""
        if at := self._started_at():
            self._turn_to(await self.desk.runtime.lens.later(at))

    def action_costliest(self) -> None:
        """Those that cost most."""
        from burn_tui.tui.screens.requests import costliest  # noqa: PLC0415 - that screen knows this one

        self.app.switch_screen(costliest(self.desk))

    def _started_at(self) -> float:
        return self.last.attempts[0].record.opened.started_at if self.last and self.last.attempts else 0.0

    def _turn_to(self, request_id: str | None) -> None:
        if request_id is None:
            self.app.bell()
            return
        self._request_id = request_id
        self.refresh_report()

    def lines(self, view: Request, width: int) -> list[Content]:
        """From the whole to the details."""
        if not view.attempts:
            return nothing("No request has been answered yet.")
        lines = [*_summary(view, width), Content(), *_waterfall(view.attempts, width)]
        for one in view.attempts:
            lines += [Content(), *_details(one, width)]
        return lines


def _summary(view: Request, width: int) -> list[Content]:
    first, last = view.attempts[0].record, view.attempts[-1].record
    opened = first.opened
    costs = [one.record.cost_nanousd for one in view.attempts]
    known = sum(cost for cost in costs if cost is not None)
    cost = "cost unknown" if all(cost is None for cost in costs) else fmt.money(known)
    ended = "answered" if last.error_type is None else IN_WORDS[last.error_type]
    when = datetime.fromtimestamp(opened.started_at).astimezone()
    pieces = [
        Content.styled(opened.operation_name, "bold"),
        Content.styled(f"{when:%d %b %H:%M:%S}", "$foreground-muted"),
        Content.styled(ended, "$text-success" if last.error_type is None else "bold $text-error"),
        Content.styled(f"{fmt.seconds(_ended_s(last) - opened.waited_s)} in all", "$foreground"),
        Content.styled(cost, "bold"),
        *([Content.styled(opened.environment, "$foreground-muted")] if opened.environment else []),
        *([Content.styled(f"project {opened.project}", "$foreground-muted")] if opened.project else []),
        *([Content.styled(_prompt(first), "$foreground-muted")] if opened.prompt else []),
    ]
    return packed(pieces, width).split("\n")


def _prompt(record: UsageRecord) -> str:
    prompt = record.opened.prompt
    if prompt is None:
        return ""
    label = f" ({prompt.label})" if prompt.label else ""
    return f"prompt {prompt.name} {prompt.version[:8]}{label}"


def _ended_s(record: UsageRecord) -> float:
    """From the request's start to this attempt's end."""
    return record.opened.waited_s + record.duration_s


def _waterfall(attempts: tuple[Attempted, ...], width: int) -> list[Content]:
    """One bar an attempt, all on the same scale of time."""
    whole = max(_ended_s(one.record) for one in attempts) or 1.0
    names = [f"{one.record.opened.attempt} {one.record.opened.provider_name}" for one in attempts]
    indent = min(max(cell_len(name) for name in names) + 2, width // 3)
    lines = packed(
        [
            Content.assemble((glyph * 2, colour), (f" {name}", "$foreground-muted"))
            for name, glyph, colour in (*_PARTS, _LOST)
        ],
        width,
    ).split("\n")
    for name, one in zip(names, attempts, strict=True):
        label = Content.styled(cut(name, indent - 1), "bold")
        lines.append(
            Content.assemble(label.pad_right(indent - label.cell_length), _bar(one.record, whole, width - indent))
        )
    return lines


def _bar(record: UsageRecord, whole_s: float, cells: int) -> Content:
    waited_s = record.opened.waited_s
    if record.error_type is not None:
        stretches = [(_PARTS[0], waited_s), (_LOST, record.duration_s)]
    else:
        first_s = min(record.time_to_first_chunk_s or record.duration_s, record.duration_s)
        stretches = [(_PARTS[0], waited_s), (_PARTS[1], first_s), (_PARTS[2], record.duration_s - first_s)]
    bar, ended_at, so_far = Content(), 0, 0.0
    for (_, glyph, colour), seconds in stretches:
        so_far += seconds
        # Whatever took any time is seen, however short it was.
        ends_at = min(max(round(so_far / whole_s * cells), ended_at + (seconds > 0)), cells)
        bar = Content.assemble(bar, (glyph * max(ends_at - ended_at, 0), colour))
        ended_at = max(ends_at, ended_at)
    return bar


def _details(one: Attempted, width: int) -> list[Content]:
    record = one.record
    opened = record.opened
    title = heading(f"{opened.attempt}. {opened.provider_name}/{opened.request_model}", _outcome(record))
    lines = [line.rstrip() for line in title.wrap(width)]
    route, reason = f"route {opened.route or 'pinned'}", opened.route_reason.rstrip(".")
    taken_over = f"took over from {opened.fell_back_from}" if opened.fell_back_from else ""
    reasons = ["" if reason.startswith(route) else route, reason, taken_over]
    lines += _wrapped("why", ", ".join(reason for reason in reasons if reason), width)
    lines += _wrapped("time", _times(record), width)
    if record.response_model and record.response_model != opened.request_model:
        lines += _wrapped("served", record.response_model, width)
    return [*lines, *_bill(one, width), *_limits(one, width)]


def _outcome(record: UsageRecord) -> str:
    status = f"HTTP {record.http_status}" if record.http_status else "no response"
    if record.error_type is not None:
        return f"{IN_WORDS[record.error_type]}, {status}"
    return f"{record.finish_reason or 'ended'}, {status}"


def _times(record: UsageRecord) -> str:
    parts = [f"waited {fmt.seconds(record.opened.waited_s)}"] if record.opened.waited_s else []
    first_s = record.time_to_first_chunk_s
    if first_s is not None:
        parts.append(f"first chunk {fmt.seconds(first_s)}")
        parts.append(f"generating {fmt.seconds(max(record.duration_s - first_s, 0.0))}")
    else:
        parts.append(f"no chunk in {fmt.seconds(record.duration_s)}")
    generating_s = record.duration_s - (first_s or 0.0)
    if first_s is not None and record.usage.output_tokens and generating_s >= 0.05:
        parts.append(f"{fmt.tokens(record.usage.output_tokens / generating_s)} tok/s")
    return ", ".join(parts)


def _wrapped(label: str, text: str, width: int) -> list[Content]:
    wrapped = Content(legible(text)).wrap(max(width - _LABEL_CELLS, 1))
    return [
        Content.assemble(
            (f"  {label if position == 0 else ''}".ljust(_LABEL_CELLS), "$foreground-muted"), line.rstrip()
        )
        for position, line in enumerate(wrapped)
    ]


def _bill(one: Attempted, width: int) -> list[Content]:
    record = one.record
    if record.cost_source == "provider":
        return _wrapped("cost", f"{fmt.money(record.cost_nanousd)}, as the provider says itself", width)
    if not record.usage.input_tokens and not record.usage.output_tokens:
        return _wrapped("cost", f"{fmt.money(record.cost_nanousd)}, no tokens", width)
    if not one.lines:
        return _wrapped("cost", f"{_tokens(record)}, {fmt.money(record.cost_nanousd)}: no price is known", width)
    rows = [
        {
            "tokens": line.what,
            "count": fmt.tokens(line.tokens),
            "per million": fmt.money(line.rate),
            "cost": fmt.money(line.nanousd),
        }
        for line in one.lines
    ]
    headings, lines = table(_BILL, rows, max(width - 2, 1))
    whole = sum(line.nanousd for line in one.lines)
    estimated = " on estimated tokens" if record.usage.estimated else ""
    note = f"{fmt.money(record.cost_nanousd)}{estimated}"
    if record.cost_nanousd != whole:
        note += f"; at today's price {fmt.money(whole)}"
    if record.price_as_of:
        note += f", price of {record.price_as_of}"
    return [line.pad_left(2) for line in (headings, *lines)] + _wrapped("cost", note, width)


def _tokens(record: UsageRecord) -> str:
    usage = record.usage
    return f"{fmt.tokens(usage.input_tokens)} in, {fmt.tokens(usage.output_tokens)} out"


def _limits(one: Attempted, width: int) -> list[Content]:
    """As headers stated them; how long until they are full counts from then."""
    lines: list[Content] = []
    for limit in one.limits:
        left = "-" if limit.remaining is None else fmt.tokens(limit.remaining)
        of = "" if limit.limit is None else f" of {fmt.tokens(limit.limit)}"
        full = "" if limit.reset_s is None else f", full {fmt.countdown(limit.reset_s)} later"
        text = f"{limit.name.replace('_', ' ')}: {left}{of} left{full}"
        lines += _wrapped("" if lines else "limits", text, width)
    return lines
