"""What is about to run out, counting down: rests, rate limits, context windows; and how busy this machine is."""

from typing import ClassVar

from msgspec import Struct
from textual.content import Content

from burn_tui.core.failure import IN_WORDS
from burn_tui.core.inspection import Limit, LocalLoad, LocalServer, Rest
from burn_tui.tui import format as fmt
from burn_tui.tui.blocks import meter
from burn_tui.tui.legible import legible
from burn_tui.tui.screens.report import ReportScreen, heading, level_style, rest_in_words
from burn_tui.tui.widgets.packing import packed, spread

_FULL_FROM_S = 60.0
"""A countdown's bar is full at a minute or more."""

_NOTHING = Content()


class Fill(Struct, frozen=True):
    """How much of its model's context window a session's next question takes."""

    session_name: str
    target: str
    """"provider/model"; "" = nobody may be asked."""
    tokens: int
    """Estimated."""
    window: int | None
    """Tokens; None = unknown."""


class Pressure(Struct, frozen=True):
    """What is on screen."""

    rests: tuple[Rest, ...]
    limits: tuple[Limit, ...]
    fills: tuple[Fill, ...]
    load: LocalLoad


class PressureScreen(ReportScreen[Pressure]):
    """Everything that counts down."""

    name_of: ClassVar[str] = "pressure"
    title_of: ClassVar[str] = "Pressure"

    async def look(self) -> Pressure:
        """What the router and the sessions know now."""
        runtime = self.desk.runtime
        lens, load = runtime.lens, await runtime.load.look(runtime.router.catalog)
        return Pressure(tuple(lens.rests()), tuple(lens.limits()), tuple(self._fills()), load)

    def _fills(self) -> list[Fill]:
        fills = []
        for session in self.desk.sessions:
            preview = session.preview(session.draft)
            target = preview.target
            window = self.desk.runtime.lens.context_window(target) if target else None
            fills.append(Fill(session.name, str(target or ""), preview.input_tokens_estimate, window))
        return fills

    def lines(self, view: Pressure, width: int) -> list[Content]:
        """Four parts."""
        lines = [heading("resting", "" if view.rests else "Nobody: everyone may be asked.")]
        for rest in view.rests:
            lines += _rest(rest, width)
        lines += [Content(), heading("rate limits", "" if view.limits else "No provider has stated any yet.")]
        for limit in view.limits:
            lines += _limit(limit, width)
        lines += [Content(), heading("context windows", "how full each session is")]
        for fill in view.fills:
            lines += _fill(fill, width)
        simulated = "its model servers are simulated" if self.desk.runtime.label == "DEMO" and view.load.servers else ""
        return [*lines, Content(), heading("this machine", simulated), *_machine(view.load, width)]


def _rest(rest: Rest, width: int) -> list[Content]:
    who = rest.scope.provider_name + (f"/{rest.scope.model}" if rest.scope.model else ", every model")
    lane = f" key {rest.scope.lane + 1}" if rest.scope.lane else ""
    name = Content.styled(f"{who}{lane}", "bold")
    why = Content.styled(IN_WORDS[rest.why] if rest.why else "", "$foreground-muted")
    words = rest_in_words(rest.left_s)
    left = Content.styled(words if words.startswith("until") else f"back in {words}", "bold $text-warning")
    return [*_beside(name, left, width, why), _bar(rest.left_s / _FULL_FROM_S, "$warning", width)]


def _limit(limit: Limit, width: int) -> list[Content]:
    stated = limit.headroom
    name = Content.assemble((limit.provider_name, "bold"), (f"  {stated.name.replace('_', ' ')}", "$foreground-muted"))
    is_full = limit.resets_in_s == 0
    share = 1.0 if is_full else _share_left(limit)
    of = "" if stated.limit is None else f" of {fmt.tokens(stated.limit)}"
    left = "full again" if is_full else f"{'-' if stated.remaining is None else fmt.tokens(stated.remaining)}{of} left"
    resets = f"  full in {fmt.countdown(limit.resets_in_s)}" if limit.resets_in_s else ""
    figures = Content.assemble((left, "$foreground"), (resets, "$foreground-muted"))
    style = "$foreground-muted" if share is None else level_style(1.0 - 2.0 * share)
    return [*_beside(name, figures, width), *([] if share is None else [_bar(share, style, width)])]


def _share_left(limit: Limit) -> float | None:
    stated = limit.headroom
    if stated.remaining is None:
        return None
    return stated.remaining / stated.limit if stated.limit else float(stated.remaining > 0)


def _fill(fill: Fill, width: int) -> list[Content]:
    name = Content.assemble(
        (fill.session_name, "bold"), (f"  {fill.target or 'nobody may be asked'}", "$foreground-muted")
    )
    if fill.window is None:
        known = f"~{fmt.tokens(fill.tokens)} tokens, window unknown"
        return _beside(name, Content.styled(known, "$foreground-muted"), width)
    share = fill.tokens / fill.window
    figures = Content.assemble(
        (f"~{fmt.tokens(fill.tokens)} of {fmt.tokens(fill.window)} tokens  ", "$foreground"),
        (fmt.share(share), f"bold {level_style(share)}"),
    )
    return [*_beside(name, figures, width), _bar(share, level_style(share), width)]


def _machine(load: LocalLoad, width: int) -> list[Content]:
    name = Content.assemble(("processor", "bold"), (f"  {load.cores} cores", "$foreground-muted"))
    if load.processes is None:
        lines = _beside(name, Content.styled("this system does not tell its load", "$foreground-muted"), width)
    else:
        share = load.processes / load.cores
        style = level_style(share / 1.5)
        figures = Content.assemble(
            (f"{load.processes:.1f} want to run  ", "$foreground"), (fmt.share(share), f"bold {style}")
        )
        lines = [*_beside(name, figures, width), _bar(min(share, 1.0), style, width)]
    return lines + [line for server in load.servers for line in _server(server, width)]


def _server(server: LocalServer, width: int) -> list[Content]:
    name = Content.assemble((server.name, "bold"), ("  model server", "$foreground-muted"))
    if server.answered_s is None:
        return _beside(name, Content.styled("does not answer", "bold $text-error"), width)
    answered = Content.styled(f"answers in {fmt.seconds(server.answered_s)}", "$text-success")
    if server.loaded is not None:
        loaded = f"  in memory: {legible(', '.join(server.loaded))}" if server.loaded else "  no model in memory"
        answered = Content.assemble(answered, (loaded, "$foreground"))
    return _beside(name, answered, width)


def _beside(name: Content, figures: Content, width: int, note: Content = _NOTHING) -> list[Content]:
    whole = Content.assemble(name, "  ", note) if note else name
    if whole.cell_length + figures.cell_length + 2 <= width:
        return [spread(whole, figures, width)]
    return packed([name, *([note] if note else []), figures], width, gap=2).split("\n")


def _bar(share: float, style: str, width: int) -> Content:
    full, empty = meter(share, width)
    return Content.assemble((full, style), (empty, "$panel"))
