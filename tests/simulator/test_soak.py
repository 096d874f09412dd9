"""The beginning of a long day; the whole of it is tests/bench/soak.py."""

from pathlib import Path

from support.soaking import Soak

SECONDS = 3.0

QUESTIONS = 300
"""At the least: among so many every kind of fault is found, however slow the machine."""


async def test_after_many_faults_at_once_the_ledger_and_the_providers_own_books_agree_to_the_nano_dollar(
    tmp_path: Path,
) -> None:
    async with Soak(tmp_path, speed=100.0, seed=7, think_s=0.1, longest_s=0.02) as soak:
        await soak.run(SECONDS, fewest=QUESTIONS, tenth=lambda _: None)
        books = await soak.books()
    assert books.agree, books
    assert min(books.answers, books.cut, books.estimated, books.free, books.log_lines) > 0
