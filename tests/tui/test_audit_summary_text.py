"""The line that says how far an import is."""

from burn_tui.core.audit_progress import Progress
from burn_tui.tui.audit_summary_text import progress_line


def test_the_line_has_a_bar_the_rate_and_the_time_left() -> None:
    progress = Progress(files=9, bytes=2_000_000_000, bytes_done=500_000_000, elapsed_s=5.0)
    line = progress_line(progress)
    assert line == f"[{'#' * 6}{'.' * 18}] 25 %  500 of 2,000 MB  100 MB/s  15 s left"


def test_before_anything_is_known_the_line_promises_nothing() -> None:
    assert "left" not in progress_line(Progress(files=9, bytes=2_000_000_000))
