"""Columns that fit: whole ones go where there is too little room, the least important first."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.tui.widgets.table import Column, table

COLUMNS = (
    Column("name", is_left=True),
    Column("cost"),
    Column("p99", rank=1),
    Column("note", is_left=True, rank=2),
)
ROWS = [
    {"name": "anthropic", "cost": "$3.10", "p99": "12 s", "note": "resting"},
    {"name": "ai", "cost": "$12", "p99": "1 s"},
]


def _lines(width: int) -> list[str]:
    headings, lines = table(COLUMNS, ROWS, width)
    return [headings.plain, *(line.plain for line in lines)]


def test_words_are_aligned_to_the_left_and_numbers_to_the_right() -> None:
    assert _lines(40) == ["name        cost   p99  note", "anthropic  $3.10  12 s  resting", "ai           $12   1 s"]


def test_numbers_may_stand_with_their_points_below_each_other() -> None:
    rows = [{"cost": cost} for cost in ("$0.0521", "$0.051", "$12", "$1,204.50", "unknown", "")]
    _, lines = table(
        (Column("cost", by_point=True), Column("x", is_left=True)), [{**row, "x": "|"} for row in rows], 40
    )
    costs = [line.plain.partition("|")[0][:-2] for line in lines]
    assert costs == ["    $0.0521", "    $0.051 ", "   $12     ", "$1,204.50  ", "    unknown", "           "]


def test_the_least_important_column_goes_first_and_those_that_matter_stay() -> None:
    assert [line.split() for line in _lines(24)] == [
        ["name", "cost", "p99"],
        ["anthropic", "$3.10", "12", "s"],
        ["ai", "$12", "1", "s"],
    ]
    assert _lines(17)[0].split() == ["name", "cost"]
    assert _lines(4)[1] == "ant…"


def test_without_rows_the_headings_stand_alone() -> None:
    headings, lines = table(COLUMNS, [], 40)
    assert headings.plain.split() == ["name", "cost", "p99", "note"]
    assert lines == []


cells = st.text("abcdef0123 ", max_size=12)


@given(st.lists(st.fixed_dictionaries({column.name: cells for column in COLUMNS}), max_size=5), st.integers(1, 60))
def test_no_line_is_ever_wider_than_its_room(rows: list[dict[str, str]], width: int) -> None:
    headings, lines = table(COLUMNS, rows, width)
    assert all(line.cell_length <= width for line in (headings, *lines))
