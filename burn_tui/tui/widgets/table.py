"""Rows and columns that fit: where a table is too wide, whole columns go, the least important first. Pure."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from textual.content import Content

GAP = 2
"""Cells between two columns."""

Cells = Mapping[str, Content | str]
"""Column name -> what stands there; absent = nothing."""


class Column(Struct, frozen=True):
    """One column. Its name is its heading."""

    name: str
    is_left: bool = False
    """Words are aligned to the left, numbers to the right."""
    rank: int = 0
    """Columns of a higher rank go first where there is too little room; those of rank 0 never do."""
    style: str = "$foreground-muted"
    """Of cells that are plain text."""
    by_point: bool = False
    """Plain numbers stand with their decimal points below each other."""


def table(columns: Sequence[Column], rows: Sequence[Cells], width: int) -> tuple[Content, list[Content]]:
    """The line of headings, and one line for each row."""
    decimals = {
        column.name: max((_decimals(row.get(column.name, "")) for row in rows), default=0)
        for column in columns
        if column.by_point
    }
    cells = [
        {column.name: _cell(column, row.get(column.name, ""), decimals.get(column.name, 0)) for column in columns}
        for row in rows
    ]
    widths = {
        column.name: max(Content(column.name).cell_length, *(row[column.name].cell_length for row in cells), 0)
        for column in columns
    }
    shown = _fitting(columns, widths, width)
    headings = {column.name: Content.styled(column.name, "$foreground-muted") for column in shown}
    return _line(shown, headings, widths, width), [_line(shown, row, widths, width) for row in cells]


def _cell(column: Column, cell: Content | str, decimals: int) -> Content:
    if not isinstance(cell, str):
        return cell
    is_number = bool(decimals) and cell[-1:].isdigit()
    return Content.styled(cell + " " * (decimals - _decimals(cell)) if is_number else cell, column.style)


def _decimals(cell: Content | str) -> int:
    """Columns from the decimal point of a number to its end; 0 = it has none."""
    if not isinstance(cell, str) or not cell[-1:].isdigit():
        return 0
    _, point, behind = cell.rpartition(".")
    return len(point + behind) if point else 0


def _fitting(columns: Sequence[Column], widths: Mapping[str, int], width: int) -> list[Column]:
    shown = list(columns)
    while sum(widths[column.name] + GAP for column in shown) - GAP > width:
        least = max(shown, key=lambda column: column.rank)
        if not least.rank:
            break
        shown.remove(least)
    return shown


def _line(shown: Sequence[Column], cells: Mapping[str, Content], widths: Mapping[str, int], width: int) -> Content:
    padded = [_aligned(cells[column.name], widths[column.name], column) for column in shown]
    return Content(" " * GAP).join(padded).rstrip().truncate(width, ellipsis=True)


def _aligned(cell: Content, width: int, column: Column) -> Content:
    missing = width - cell.cell_length
    return cell.pad_right(missing) if column.is_left else cell.pad_left(missing)
