"""Text cut and filled by the columns it takes: a Chinese character or an emoji takes two. Pure."""

from rich.cells import cell_len, set_cell_size


def filled(text: str, cells: int) -> str:
    """`text` at the left of so many columns; longer text stays as it is."""
    return text + " " * (cells - cell_len(text))


def filled_before(text: str, cells: int) -> str:
    """`text` at the right of so many columns; longer text stays as it is."""
    return " " * (cells - cell_len(text)) + text


def shortened(text: str, cells: int) -> str:
    """As much of the beginning as so many columns hold, with a mark where the rest was."""
    if cell_len(text) <= cells:
        return text
    return set_cell_size(text, max(cells - 1, 0)).rstrip() + "…"


def shortened_before(text: str, cells: int) -> str:
    """As much of the end as so many columns hold, with a mark where the rest was."""
    too_many = cell_len(text) - cells
    if too_many <= 0:
        return text
    start, dropped = 0, 0
    while dropped <= too_many:
        dropped += cell_len(text[start])
        start += 1
    return "…" + text[start:]


def cut(text: str, cells: int) -> str:
    """As much of the beginning as so many columns hold."""
    return text if cell_len(text) <= cells else set_cell_size(text, cells).rstrip()
