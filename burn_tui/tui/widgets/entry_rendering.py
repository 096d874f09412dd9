"""How the entries of a transcript look: Markdown, headers and notices as lines of one width and palette.

Imports Markdown and highlighting, which takes longer than the first frame may; so nothing that paints first imports it.
"""

from collections.abc import Callable, Iterable
from datetime import tzinfo
from io import StringIO
from itertools import chain, dropwhile

from msgspec import Struct
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from rich.theme import Theme
from textual.strip import Strip

from burn_tui.core.transcript import Answer, Asked, Notice, NoticeKind
from burn_tui.core.usage import Usage, UsageRecord
from burn_tui.tui import format as fmt
from burn_tui.tui.folding import beginning_of
from burn_tui.tui.legible import legible
from burn_tui.tui.markdown_blocks import Block
from burn_tui.tui.theme import Palette
from burn_tui.tui.widgets.markdown_rendering import CodeColours, TranscriptMarkdown

_MEASURE = 120
"""Columns; longer lines are hard to read."""

_ROOMY = 60
"""Columns from which nothing touches the edge and answers stand in from their headers."""

_NARROWEST = 20
"""Columns that lists and quotes need; a narrower view cuts off the rest."""

_SEPARATOR = " · "

_BAR = "▎"

_NOTICE_GLYPHS: dict[NoticeKind, str] = {
    "fallback": "⚠",
    "escalation": "↑",
    "failure": "✗",
    "refusal": "⊘",
    "truncation": "✂",
    "waiting": "…",
    "budget": "$",
    "context": "−",
}
"""Each one column wide."""

_NOTICES_OF_FAILURE: frozenset[NoticeKind] = frozenset({"failure", "refusal"})


class _Fact(Struct, frozen=True):
    text: str
    style: Style


class Brush:
    """Draws for one width, one palette and one time zone; another of any of these takes another brush."""

    def __init__(self, width: int, palette: Palette, timezone: tzinfo | None) -> None:
        self.width = width
        """Columns that every line fits into."""
        self.palette = palette
        self.timezone = timezone
        """None = the local one."""
        is_roomy = width >= _ROOMY
        self.edge = 1 if is_roomy else 0
        """Blank columns at either side."""
        self._indent = 2 if is_roomy else 0
        self._measure = min(max(width, _NARROWEST) - 2 * self.edge, _MEASURE)
        interface = palette.interface
        self._plain = Style(color=interface.foreground, bgcolor=interface.background)
        self._muted = self._plain + Style(color=interface.muted)
        self._attention = self._plain + Style(color=palette.attention)
        self._error = self._plain + Style(color=interface.error)
        self._calling = self._plain + Style(color=palette.calling)
        self._asked = self._plain + Style(color=interface.accent, bold=True)
        self.blank = Strip.blank(width, self._plain)
        """A line with nothing on it."""
        # An environment of its own: what the terminal can show is Textual's business, not this console's.
        self._console = Console(
            width=self._measure, file=StringIO(), color_system="truecolor", theme=_markdown_theme(palette), _environ={}
        )
        self._markdown = TranscriptMarkdown(CodeColours(palette))

    # --- entries ---------------------------------------------------------------------------------

    def asked(self, entry: Asked) -> list[Strip]:
        """What the person said, as it was typed, behind a bar; of a very long text the beginning."""
        bar = Segment(_BAR + " ", self._asked)
        header = self._spread([_Fact("you", self._asked)], entry.at, room=self._measure - 2)
        beginning, rest = beginning_of(entry.text)
        text = Text(legible(beginning).strip("\n"), style=self._plain, overflow="fold")
        lines = [*header, *self._lines(text, self._measure - 2)]
        if rest:
            lines += self._lines(Text(rest, style=self._muted + Style(italic=True)), self._measure - 2)
        return self._strips([bar, *line] for line in lines)

    def heading(self, answer: Answer, waited_s: int | None) -> list[Strip]:
        """Who answers, what it cost and how long it took. `waited_s` is None unless it waits for the first word."""
        if waited_s is not None:
            return self._strips(self._spread(self._waiting(answer, waited_s), answer.at, room=self._measure))
        at_length, in_short = (
            self._spread(self._served(answer, tokens), answer.at, room=self._measure)
            for tokens in (_in_and_out, _total)
        )
        return self._strips(in_short if len(in_short) < len(at_length) else at_length)

    def thought(self, answer: Answer) -> list[Strip]:
        """One line of the reasoning: the latest while it goes on, then the first."""
        lines = [line for line in legible(answer.reasoning).splitlines() if line.strip()]
        if not lines:
            return []
        is_going_on = answer.state == "streaming" and not answer.text
        words = f"thinking: {lines[-1].strip()}" if is_going_on else f"thought: {lines[0].strip()}"
        text = Text(words, style=self._muted + Style(italic=True))
        text.truncate(self._measure - self._indent, overflow="ellipsis")
        return self._body(text)

    def block(self, block: Block, *, is_first: bool) -> list[Strip]:
        """A block of an answer, with a blank line above it where it needs one."""
        drawn = self._body(self._markdown.of(block.source))
        return drawn if is_first or block.continues or not drawn else [self.blank, *drawn]

    def note(self, answer: Answer) -> list[Strip]:
        """The person's own words about an answer."""
        if not answer.note.strip():
            return []
        text = Text(f"your note: {legible(answer.note)}", style=self._muted + Style(italic=True), overflow="fold")
        return self._body(text)

    def notice(self, entry: Notice) -> list[Strip]:
        """A sentence behind its sign."""
        style = self._error if entry.kind in _NOTICES_OF_FAILURE else self._attention
        sign = Segment(_NOTICE_GLYPHS[entry.kind] + " ", style + Style(bold=True))
        hanging = Segment("  ", self._plain)
        lines = self._lines(Text(legible(entry.text), style=style, overflow="fold"), self._measure - 2)
        return self._strips([hanging if position else sign, *line] for position, line in enumerate(lines))

    # --- the header of an answer -----------------------------------------------------------------

    def _waiting(self, answer: Answer, waited_s: int) -> list[_Fact]:
        words = f"● waiting for {legible(answer.target.provider_name)}…"
        since = f"  {fmt.countdown(waited_s)}" if waited_s else ""
        return [_Fact(words + since, self._calling), _Fact(legible(answer.target.model), self._muted)]

    def _served(self, answer: Answer, tokens: Callable[[Usage], list[str]]) -> list[_Fact]:
        provider_name = answer.target.provider_name
        colour = Style(color=self.palette.provider(provider_name))
        facts = [
            _Fact(_model(answer), self._plain + Style(bold=True)),
            _Fact(legible(provider_name), self._plain + colour),
        ]
        facts += [*self._state(answer), *self._verdict(answer)]
        if answer.record is not None:
            facts += [_Fact(words, self._muted) for words in _account(answer.record, tokens)]
        return facts

    def _verdict(self, answer: Answer) -> list[_Fact]:
        match answer.verdict:
            case "good":
                return [_Fact("▲ good", self._plain + Style(color=self.palette.interface.success))]
            case "bad":
                return [_Fact("▼ bad", self._error)]
            case None:
                return []

    def _state(self, answer: Answer) -> list[_Fact]:
        match answer.state:
            case "waiting" | "streaming":
                return [_Fact("● answering" if answer.text else "● thinking", self._calling)]
            case "done":
                return [] if answer.text.strip() else [_Fact("no text", self._muted)]
            case "truncated":
                return [_Fact("✂ incomplete", self._attention)]
            case "failed":
                return [_Fact("✗ failed", self._error)]
            case "cancelled":
                return [_Fact("⊘ cancelled", self._attention)]

    def _spread(self, facts: Iterable[_Fact], at: float, *, room: int) -> list[list[Segment]]:
        """Facts side by side on as few lines as hold them, the time at the right end of the first."""
        time = fmt.clock_time(at, self.timezone)
        room_beside_time = room - len(time) - 1
        room_below = room - self._indent
        text, *texts = _packed(facts, first=room_beside_time, others=room_below, separator=self._muted)
        (first, *others), below = self._lines(text, room_beside_time), [self._lines(text, room_below) for text in texts]
        gap = room - sum(segment.cell_length for segment in first) - len(time)
        first = [*first, Segment(" " * gap, self._plain), Segment(time, self._muted)]
        indent = Segment(" " * self._indent, self._plain)
        return [first, *others, *([indent, *line] for line in chain.from_iterable(below))]

    # --- lines -----------------------------------------------------------------------------------

    def _lines(self, renderable: RenderableType, width: int) -> list[list[Segment]]:
        options = self._console.options.update_width(width)
        return self._console.render_lines(renderable, options, style=self._plain, pad=False)

    def _body(self, renderable: RenderableType) -> list[Strip]:
        indent = Segment(" " * self._indent, self._plain)
        lines = dropwhile(_is_blank, self._lines(renderable, self._measure - self._indent))
        return self._strips([indent, *line] for line in lines)

    def _strips(self, lines: Iterable[list[Segment]]) -> list[Strip]:
        edge = Segment(" " * self.edge, self._plain)
        return [Strip([edge, *line]) for line in lines]


def _is_blank(line: list[Segment]) -> bool:
    return not any(segment.text.strip() for segment in line)


def _model(answer: Answer) -> str:
    """What really served; behind what was asked, unless the name of that is only the shorter one."""
    asked = answer.target.model
    served = (answer.record and answer.record.response_model) or asked
    return legible(served if served.startswith(asked) else f"{asked} → {served}")


def _account(record: UsageRecord, tokens: Callable[[Usage], list[str]]) -> list[str]:
    return [*tokens(record.usage), _cost(record), fmt.seconds(record.duration_s)]


def _in_and_out(usage: Usage) -> list[str]:
    """What went in and what came out, as far as it was counted; nothing where nothing was."""
    if not usage.input_tokens and not usage.output_tokens:
        return []
    went_in, came_out = (
        "?" if count is None else fmt.tokens(count) for count in (usage.input_tokens, usage.output_tokens)
    )
    return [f"{'~' if usage.estimated else ''}{went_in} → {came_out} tok"]


def _total(usage: Usage) -> list[str]:
    """Both together."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return _in_and_out(usage)
    return [f"{'~' if usage.estimated else ''}{fmt.tokens(usage.input_tokens + usage.output_tokens)} tok"]


def _cost(record: UsageRecord) -> str:
    if record.cost_nanousd is None:
        return "cost unknown"
    if record.cost_nanousd == 0:
        return "free" if record.outcome == "answered" else "not billed"
    return f"{'est. ' if record.cost_source == 'estimated' else ''}{fmt.money(record.cost_nanousd)}"


def _packed(facts: Iterable[_Fact], *, first: int, others: int, separator: Style) -> list[Text]:
    """Facts on lines of at most `first`, then `others` columns; one that is longer has a line of its own."""
    lines: list[Text] = []
    for fact in facts:
        room = first if len(lines) <= 1 else others
        if lines and lines[-1].cell_len + len(_SEPARATOR) + cell_len(fact.text) <= room:
            lines[-1].append(_SEPARATOR, separator).append(fact.text, fact.style)
        else:
            lines.append(Text(overflow="fold").append(fact.text, fact.style))
    return lines


def _markdown_theme(palette: Palette) -> Theme:
    interface = palette.interface
    return Theme(
        {
            "markdown.h1": f"bold {interface.accent} underline",
            "markdown.h2": f"bold {interface.accent}",
            "markdown.h3": f"bold {interface.foreground}",
            "markdown.h4": f"bold {interface.muted}",
            "markdown.h5": f"bold {interface.muted}",
            "markdown.h6": f"bold {interface.muted}",
            "markdown.code": f"{interface.secondary} on {interface.surface}",
            "markdown.block_quote": interface.muted,
            "markdown.hr": interface.muted,
            "markdown.item.bullet": interface.accent,
            "markdown.item.number": interface.accent,
            "markdown.link": f"{interface.primary} underline",
            "markdown.link_url": interface.primary,
            "markdown.table.border": interface.muted,
            "markdown.table.header": "bold",
        }
    )
