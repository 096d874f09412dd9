"""How a comparison of prompts looks: contenders with their medians, cases with their news, two answers side by side."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from msgspec import Struct
from textual.content import Content

from burn_tui.core.assertions import Tick
from burn_tui.core.comparison import Base, Cell, Comparison, News, Result, Row, summaries
from burn_tui.core.prompt_diff import Kind, Piece, shown, words
from burn_tui.tui import format as fmt
from burn_tui.tui.legible import legible
from burn_tui.tui.widgets.packing import packed
from burn_tui.tui.widgets.table import Column, table

SIDE_BY_SIDE = 90
"""Columns from which the answers stand beside each other."""

_GAP = 3

_ALIKE = 0.4
"""Share of two answers that has to be the same so that what differs is marked."""

_ROOMY = 45
"""Columns of an answer from which each assertion has a line of its own."""

CONTENDERS = (
    Column("contender", is_left=True, style="$foreground"),
    Column("pass", style="bold"),
    Column("n", rank=1),
    Column("median cost", rank=2),
    Column("median time", rank=3),
)

CASES = (
    Column("news", is_left=True),
    Column("case", is_left=True, style="bold"),
    Column("contender", is_left=True, style="$foreground", rank=2),
    Column("pass", rank=1, style="$foreground"),
    Column("before", rank=3),
)

_NEWS: dict[News, tuple[str, str]] = {
    "new failure": ("✗ NEW FAILURE", "bold $text-error"),
    "new pass": ("✓ NEW PASS", "bold $text-success"),
    "fails": ("✗ fails", "$text-error"),
    "no answer": ("? no answer", "$text-warning"),
    "passes": ("✓ passes", "$text-success"),
}

_STYLES: dict[Kind, str] = {
    "same": "$foreground",
    "gone": "$text-error strike",
    "new": "bold $text-success underline",
}


class Pair(Struct, frozen=True, kw_only=True):
    """The lower half: two answers to the same case."""

    case: str
    before: Result | None
    """None = there is nothing to put beside it."""
    before_title: str
    now: Result | None
    """None = no case is marked."""
    now_title: str
    of_all: Comparison | None = None
    """Where there is little room its contenders stand below; None = they stand elsewhere."""
    notes: tuple[str, ...] = ()
    """The same for what else is to be said."""


def contender_rows(now: Comparison, width: int) -> list[Content]:
    """A heading, and a line for each contender."""
    headings, lines = table(CONTENDERS, [_contender(now, number) for number in range(len(now.contenders))], width)
    return [headings, *lines]


def _contender(now: Comparison, number: int) -> dict[str, Content | str]:
    one = summaries(now)[number]
    return {
        "contender": legible(now.names[number]),
        "pass": f"{one.passed} of {one.cases}" if one.cases else "-",
        "n": str(one.answers),
        "median cost": fmt.money(one.median_nanousd) if one.answers else "-",
        "median time": fmt.seconds(one.median_s),
    }


def case_cells(now: Comparison, rows: Sequence[Row]) -> list[dict[str, Content | str]]:
    """A row for each cell; the contender is named where there is more than one."""
    return [
        {
            "news": Content.styled(*_NEWS[row.news]),
            "case": legible(now.cases[row.case].name),
            "contender": legible(now.names[row.contender]) if len(now.contenders) > 1 else "",
            "pass": _passed(row.cell),
            "before": _passed(row.before) if row.before is not None else "-",
        }
        for row in rows
    ]


def case_columns(now: Comparison) -> list[Column]:
    """Without what is empty everywhere."""
    return [column for column in CASES if column.name != "contender" or len(now.contenders) > 1]


def _passed(cell: Cell) -> str:
    return f"{cell.passed} of {cell.answers}" if cell.answers else "-"


def against(now: Comparison, previous: Comparison | None, base: Base) -> str:
    """What it is measured by, in words."""
    if base == "first":
        only_one = len(now.contenders) == 1
        return "measured by nothing: there is one contender" if only_one else f"against {now.names[0]}"
    return "against the previous run" if previous is not None else "there is no run before this one"


def pair_lines(pair: Pair, width: int) -> list[Content]:
    """Both answers and what was checked; beside each other where there is room."""
    below = [Content(), *contender_rows(pair.of_all, width)] if pair.of_all is not None else []
    notes = [line for note in pair.notes for line in _wrapped(Content.styled(legible(note), "$text-warning"), width)]
    return [*_both(pair, width), *([Content(), *notes] if notes else []), *below]


def _both(pair: Pair, width: int) -> list[Content]:
    if pair.now is None:
        return []
    case = Content.styled(legible(pair.case), "bold $text-accent")
    if pair.before is None:
        return [case.truncate(width, ellipsis=True), *_answer(pair.now_title, pair.now, _plain(pair.now.text), width)]
    old, new = _marked_texts(legible(pair.before.text), legible(pair.now.text))
    if width < SIDE_BY_SIDE:
        left = _answer(pair.before_title, pair.before, old, width)
        right = _answer(pair.now_title, pair.now, new, width)
        return [case.truncate(width, ellipsis=True), *right, Content(), *left]
    half = (width - _GAP) // 2
    left = _answer(pair.before_title, pair.before, old, half)
    right = _answer(pair.now_title, pair.now, new, half)
    bar = Content.styled(f"{'│':^{_GAP}}", "$foreground-muted")
    rows = zip_longest(left, right, fillvalue=Content())
    return [case, *(Content.assemble(one.pad_right(half - one.cell_length), bar, other) for one, other in rows)]


def _marked_texts(before: str, now: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts with what differs; where hardly anything is the same, marks would only be in the way of reading."""
    differs = words(before, now)
    same = sum(len(piece.text) for piece in differs if piece.kind == "same")
    if 2 * same < _ALIKE * (len(before) + len(now)):
        return [Piece("same", before)], [Piece("same", now)]
    return [one for one in differs if one.kind != "new"], [one for one in differs if one.kind != "gone"]


def _answer(title: str, result: Result, pieces: Sequence[Piece], width: int) -> list[Content]:
    """Whose it is, what was checked, and its words."""
    figures = [
        fmt.money(result.answer_nanousd) if not result.problem else "",
        fmt.seconds(result.duration_s) if result.duration_s is not None else "",
    ]
    facts = "  ".join(part for part in figures if part)
    head = packed([Content.styled(title, "bold"), Content.styled(facts, "$foreground-muted")], width, gap=2)
    lines = [*head.split("\n"), *_ticks(result.ticks, width)]
    if result.problem:
        return [*lines, *_wrapped(Content.styled(legible(result.problem), "$text-warning"), width)]
    if not result.text:
        return [*lines, Content.styled("its words are not kept", "$foreground-muted")]
    text = Content.assemble(*(part for piece in pieces for part in _marked(piece)))
    return [*lines, *(line for part in text.split("\n", allow_blank=True) for line in _wrapped(part, width))]


def _marked(piece: Piece) -> Iterator[tuple[str, str]]:
    """A stretch with its style. A line's end ends the line even where it is what differs."""
    for number, line in enumerate(piece.text.split("\n")):
        yield ("\n" if number else "", "")
        yield (shown(Piece(piece.kind, line)), _STYLES[piece.kind])


def _plain(text: str) -> list[Piece]:
    return [Piece("same", legible(text))]


def _ticks(ticks: Sequence[Tick], width: int) -> list[Content]:
    """One a line; in little room what is as it should be stands on one line, after what is not."""
    wrong = [tick for tick in ticks if tick.passed is not True]
    right = [tick for tick in ticks if tick.passed]
    if width < _ROOMY and len(right) > 1:
        shown = [*wrong, Tick(shown=", ".join(tick.shown for tick in right), passed=True)]
        return [line for tick in shown for line in _tick(tick, width)]
    return [line for tick in ticks for line in _tick(tick, width)]


def _tick(tick: Tick, width: int) -> list[Content]:
    sign, style = {True: ("✓", "$text-success"), False: ("✗", "$text-error"), None: ("?", "$text-warning")}[tick.passed]
    why = f": {tick.why}" if tick.why else ""
    return _wrapped(Content.assemble((f"{sign} ", f"bold {style}"), (legible(f"{tick.shown}{why}"), style)), width)


def _wrapped(line: Content, width: int) -> list[Content]:
    return [part.rstrip() for part in line.wrap(max(width, 1))] if line.cell_length else [Content()]
