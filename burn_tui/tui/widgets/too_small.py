"""What is left to say where there is no room for anything."""

from textual.widgets import Static

SMALLEST_WIDTH, SMALLEST_HEIGHT = 30, 8
"""Below either, every screen shows this one line only."""

WIDEST_DIALOG = 84
"""Columns of a dialog where there is room, as the style sheet has it."""

TALL = 20
"""Rows from which there is room for more than the matter itself."""

HORIZONTAL = [(0, "-cramped"), (SMALLEST_WIDTH, "-narrow"), (80, "-normal"), (120, "-wide")]
VERTICAL = [(0, "-flat"), (SMALLEST_HEIGHT, "-squat"), (12, "-short"), (TALL, "-tall")]
"""Breakpoints of the app: columns or rows from which its screens have that class."""


class TooSmall(Static):
    """Every screen ends with one."""

    DEFAULT_CSS = """
    TooSmall { display: none; width: 1fr; height: 1fr; content-align: center middle; text-align: center; }
    """

    def __init__(self) -> None:
        super().__init__(f"burn-tui needs {SMALLEST_WIDTH}x{SMALLEST_HEIGHT}")
