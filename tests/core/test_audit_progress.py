"""How far an import is."""

from burn_tui.core.audit_progress import Progress


def test_the_rate_so_far_says_how_long_the_rest_takes() -> None:
    progress = Progress(files=10, files_done=4, bytes=1000, bytes_done=250, elapsed_s=5.0)
    assert (progress.share, progress.bytes_per_s, progress.left_s) == (0.25, 50.0, 15.0)


def test_before_anything_was_read_the_time_left_is_not_known() -> None:
    assert Progress(files=10, bytes=1000).left_s is None


def test_where_nothing_is_to_be_read_all_is_done() -> None:
    assert Progress(files=0, bytes=0).share == 1.0


def test_a_log_that_grew_meanwhile_is_not_more_than_all() -> None:
    progress = Progress(files=1, bytes=100, bytes_done=130, elapsed_s=1.0)
    assert (progress.share, progress.left_s) == (1.0, 0.0)
