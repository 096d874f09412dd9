"""Whatever was announced as written is there after the process was killed at any moment, and every sum agrees."""

import asyncio
import os
import random
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support import ledger_writer, ledger_writers
from support.ledger_writers import Writer, Writers

from burn_tui.engine.ledger import Ledger

KILLS = int(os.environ.get("BURN_TUI_KILLS", "200"))

STATEMENTS_AT_BIRTH = range(1, 106, 5)
"""Of those that make a ledger and write into it first, the ones that its maker does not live to run."""

KILLS_IN_TURN = KILLS // 4
"""Of two processes on one file."""

SEED = 40

ANNOUNCEMENTS = 40
"""The longest that a writer is left alone, counted in its own words rather than in seconds."""

AIM_S = 0.003
"""Within which a kill then comes, anywhere: an attempt is opened and settled in less."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL, and its rows wait for a day")


@pytest.fixture(scope="module")
def writers() -> Iterator[Writers]:
    with ledger_writers.writers() as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


ROWS_AND_SUMS = {
    """
    SELECT started_at_us / 60000000, sum(cost_nanousd), sum(input_tokens), sum(output_tokens)
    FROM attempts WHERE settled_at_us IS NOT NULL GROUP BY 1
    """: """
    SELECT minute, sum(cost_nanousd), sum(input_tokens), nullif(sum(output_tokens), 0) FROM minutes GROUP BY 1
    """,
    """
    SELECT started_at_us / 3600000000, sum(cost_nanousd), sum(input_tokens), sum(output_tokens), count(*)
    FROM attempts WHERE settled_at_us IS NOT NULL GROUP BY 1
    """: """
    SELECT hour, sum(cost_nanousd), sum(input_tokens), nullif(sum(output_tokens), 0), sum(attempts)
    FROM hours GROUP BY 1
    """,
    """
    SELECT started_at_us / 86400000000, sum(cost_nanousd), sum(input_tokens), sum(output_tokens), count(*)
    FROM attempts WHERE settled_at_us IS NOT NULL GROUP BY 1
    """: """
    SELECT day, sum(cost_nanousd), sum(input_tokens), nullif(sum(output_tokens), 0), sum(attempts)
    FROM days GROUP BY 1
    """,
    """
    SELECT count(time_to_first_chunk_us), 2 * count(*) FILTER (WHERE error_type IS NULL)
    FROM attempts WHERE settled_at_us IS NOT NULL
    """: """
    SELECT coalesce(sum(samples) FILTER (WHERE measure = 1), 0), coalesce(sum(samples) FILTER (WHERE measure = 2), 0)
    FROM latencies
    """,
}
"""What the rows say, and what the roll-ups must say then."""


class Found:
    """What a ledger holds once it has been opened again."""

    def __init__(self, file: Path) -> None:
        asyncio.run(_open_and_close(file))
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("BEGIN")  # all of one moment, although others may write
            self.integrity = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            rows = connection.execute("SELECT event_id, settled_at_us IS NULL, error_type FROM attempts")
            self.states = {name: "open" if is_open else error_type or "answered" for name, is_open, error_type in rows}
            self.sums = [
                (connection.execute(rows).fetchall(), connection.execute(sums).fetchall())
                for rows, sums in ROWS_AND_SUMS.items()
            ]

    def check(self) -> None:
        """The file is sound, and its sums are those of its rows."""
        assert self.integrity == ["ok"]
        for rows, sums in self.sums:
            assert rows == sums

    def of(self, writer: Writer) -> dict[str, str]:
        """What became of the attempts that a writer announced. KeyError for one that is lost."""
        return {event_id: self.states[event_id] for event_id in writer.opened | writer.settled}


async def _open_and_close(file: Path) -> None:
    ledger = await Ledger.open(file, now=ledger_writer.NOW)
    await ledger.close()


def _check_the_dead(found: Found, writer: Writer) -> None:
    states = found.of(writer)
    assert {states[event_id] for event_id in writer.settled} <= {"answered"}
    unsettled = {states[event_id] for event_id in writer.opened - writer.settled}
    assert unsettled <= {"interrupted", "answered"}  # answered: it was killed before it could say so


def test_nothing_that_was_announced_is_lost_whenever_its_process_is_killed(file: Path, writers: Writers) -> None:
    chance = random.Random(SEED)
    announced = 0
    for number in range(KILLS):
        writer = writers.start(file, f"writer-{number}")
        writer.listen(chance.randrange(1, ANNOUNCEMENTS))
        writer.kill(after_s=chance.uniform(0.0, AIM_S))
        found = Found(file)
        found.check()
        _check_the_dead(found, writer)
        assert "open" not in found.states.values()
        announced += len(writer.opened)
    assert announced > KILLS
    assert "interrupted" in found.states.values()


@pytest.mark.parametrize("statement", STATEMENTS_AT_BIRTH)
def test_a_ledger_whose_maker_was_killed_while_making_it_is_made_by_the_next(
    file: Path, writers: Writers, statement: int
) -> None:
    writer = writers.start(file, "writer", dies_at=statement)
    writer.bury()
    found = Found(file)
    found.check()
    _check_the_dead(found, writer)


def test_who_lives_on_is_not_disturbed_by_the_death_of_another(file: Path, writers: Writers) -> None:
    chance = random.Random(SEED)
    living, doomed = writers.start(file, "first"), writers.start(file, "second")
    for number in range(KILLS_IN_TURN):
        for writer in (living, doomed):
            writer.listen(chance.randrange(2, ANNOUNCEMENTS // 2))
        doomed.kill(after_s=chance.uniform(0.0, AIM_S))
        found = Found(file)
        found.check()
        _check_the_dead(found, doomed)
        # A call of the living one that is in flight stays so, and is not taken for interrupted.
        assert "interrupted" not in found.of(living).values()
        living, doomed = writers.start(file, f"next-{number}"), living
    for writer in (living, doomed):
        writer.kill()
    found = Found(file)
    found.check()
    assert "open" not in found.states.values()
    for writer in (living, doomed):
        _check_the_dead(found, writer)
