"""The ledger's file: for its owner only, never taken over from another program, and every trouble with its mend."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from support.attempts import NOW, settled

from burn_tui.core.errors import LedgerError
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.tables.migrations import APPLICATION_ID, MIGRATIONS

NOBODY = 65_534
"""A user without any rights: root may write to what is read-only."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.sqlite3"


@asynccontextmanager
async def _opened(file: Path) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(file, now=NOW)
    try:
        yield ledger
    finally:
        await ledger.close()


def _refusal(file: Path) -> str:
    """What is said when the ledger cannot be opened, or not be read; the file is named in it."""
    with pytest.raises(LedgerError) as caught:
        _records(file)
    assert str(caught.value).startswith(str(file))
    return str(caught.value)


def _records(file: Path) -> int:
    """How many the ledger holds."""

    async def count() -> int:
        async with _opened(file) as ledger:
            return len(await ledger.records(limit=1_000_000))

    return asyncio.run(count())


def _fill(file: Path, number: int = 1) -> None:
    async def fill() -> None:
        async with _opened(file) as ledger:
            await ledger.record([settled() for _ in range(number)])

    asyncio.run(fill())


def _everything_in(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def _number(file: Path, statement: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(statement).fetchone()[0])


# --- a ledger of one's own ----------------------------------------------------------------------


async def test_a_new_ledger_is_marked_as_ours_with_the_version_of_its_schema(file: Path) -> None:
    async with _opened(file):
        pass
    assert _number(file, "PRAGMA application_id") == APPLICATION_ID
    assert _number(file, "PRAGMA user_version") == len(MIGRATIONS)


async def test_what_was_written_is_flushed_to_the_disk_before_it_is_reported(file: Path) -> None:
    """A process that is killed cannot tell: only a power failure would."""
    full = 2  # sqlite.org/pragma.html#pragma_synchronous
    async with _opened(file) as ledger:
        assert [row[0] for row in await ledger.read("PRAGMA synchronous", {})] == [full]
        assert [row[0] for row in await ledger.read("PRAGMA journal_mode", {})] == ["wal"]


def test_an_empty_file_becomes_a_ledger(file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    _fill(file, 3)
    assert _records(file) == 3


def test_a_name_with_characters_that_addresses_escape_is_a_name_like_any_other(tmp_path: Path) -> None:
    file = tmp_path / "50 % off? #1" / "ledger.sqlite3"
    _fill(file)
    assert file.exists()
    assert _records(file) == 1


async def test_several_that_start_at_once_make_one_ledger(file: Path) -> None:
    ledgers = await asyncio.gather(*(Ledger.open(file, now=NOW) for _ in range(6)))
    try:
        await asyncio.gather(*(ledger.settle(settled()) for ledger in ledgers))
        assert {len(await ledger.records()) for ledger in ledgers} == {6}
    finally:
        for ledger in ledgers:
            await ledger.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
async def test_the_file_and_those_beside_it_are_for_their_owner_only(file: Path) -> None:
    before = os.umask(0)
    try:
        async with _opened(file) as ledger:
            await ledger.settle(settled())
            modes = {path.name: path.stat().st_mode & 0o777 for path in file.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {file.name: 0o600, f"{file.name}-wal": 0o600, f"{file.name}-shm": 0o600}
    assert file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
async def test_a_ledger_that_others_could_read_is_closed_to_them(file: Path) -> None:
    async with _opened(file) as first:
        for path in file.parent.iterdir():
            path.chmod(0o644)
        async with _opened(file):
            assert {path.stat().st_mode & 0o777 for path in file.parent.iterdir()} == {0o600}
        await first.settle(settled())


async def test_closing_twice_is_no_error_and_whatever_comes_after_it_is_one_of_ours(file: Path) -> None:
    ledger = await Ledger.open(file, now=NOW)
    await ledger.close()
    await ledger.close()
    with pytest.raises(LedgerError, match="cannot be used"):
        await ledger.settle(settled())
    with pytest.raises(LedgerError, match="cannot be used"):
        await ledger.records()


# --- somebody else's file -----------------------------------------------------------------------


def test_a_file_that_is_no_database_is_left_as_it_is(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("Dear diary, " * 1_000)
    before = _everything_in(file.parent)
    assert "is not a burn-tui ledger. Move it away" in _refusal(file)
    assert _everything_in(file.parent) == before


def test_another_programs_database_is_left_as_it_is(file: Path) -> None:
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = _everything_in(file.parent)
    assert "is a database of another program. Name another directory with --data-dir." in _refusal(file)
    assert _everything_in(file.parent) == before


def test_another_programs_database_is_left_as_it_is_even_with_an_unfinished_log_beside_it(file: Path) -> None:
    file.parent.mkdir()
    killed = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA journal_mode = WAL');"
        "c.execute('CREATE TABLE recipes (name TEXT)'); c.commit(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", killed, str(file)], check=True)
    before = _everything_in(file.parent)
    assert set(before) > {file.name}
    assert "another program" in _refusal(file)
    after = _everything_in(file.parent)
    shared_memory = f"{file.name}-shm"  # holds locks, not data
    assert {**after, shared_memory: b""} == {**before, shared_memory: b""}


def test_a_ledger_of_a_newer_version_is_left_as_it_is(file: Path) -> None:
    _fill(file)
    newer = len(MIGRATIONS) + 1
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"PRAGMA user_version = {newer}")
    before = _everything_in(file.parent)
    refusal = _refusal(file)
    assert f"newer burn-tui (schema {newer}, this one knows {len(MIGRATIONS)}). Upgrade" in refusal
    assert _everything_in(file.parent) == before


# --- places where there can be none -------------------------------------------------------------


def test_a_directory_in_place_of_the_file_is_said(file: Path) -> None:
    file.mkdir(parents=True)
    assert "is a directory. Move it away" in _refusal(file)


def test_a_file_in_place_of_the_directory_is_said(file: Path) -> None:
    file.parent.write_text("in the way")
    assert "--data-dir" in _refusal(file)
    assert file.parent.read_text() == "in the way"


def test_a_name_that_no_file_can_have_is_said(tmp_path: Path) -> None:
    assert "null" in _refusal(tmp_path / "led\0ger")


@pytest.fixture
def readable_by_all() -> Iterator[Path]:
    """A directory that another user can reach, which pytest's own cannot be."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory
        directory.chmod(0o755)


OPEN_AS_NOBODY = """
import asyncio, os, sys
from pathlib import Path
from burn_tui.core.errors import LedgerError
from burn_tui.engine.ledger import Ledger

async def main():
    if os.geteuid() == 0:
        os.setuid(int(sys.argv[2]))
    try:
        ledger = await Ledger.open(Path(sys.argv[1]), now=0.0)
        await ledger.close()
    except LedgerError as error:
        print(error)

asyncio.run(main())
"""


def _said_to_nobody(file: Path) -> str:
    command = [sys.executable, "-c", OPEN_AS_NOBODY, str(file), str(NOBODY)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_a_directory_that_may_not_be_written_is_said(readable_by_all: Path) -> None:
    readable_by_all.chmod(0o555)
    said = _said_to_nobody(readable_by_all / "ledger.sqlite3")
    assert "cannot be made: Permission denied. Make the file and its directory writable for you" in said
    assert _everything_in(readable_by_all) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
@pytest.mark.parametrize("mode", [0o444, 0o666], ids=["read-only", "writable"])
def test_a_ledger_in_a_directory_that_may_not_be_written_is_said_and_left(readable_by_all: Path, mode: int) -> None:
    file = readable_by_all / "ledger.sqlite3"
    _fill(file)
    file.chmod(mode)
    readable_by_all.chmod(0o555)
    before = _everything_in(readable_by_all)
    assert "Make the file and its directory writable for you" in _said_to_nobody(file)
    assert _everything_in(readable_by_all) == before


# --- a damaged file ------------------------------------------------------------------------------


def test_a_damaged_page_is_said_with_what_to_do(file: Path) -> None:
    _fill(file, 200)
    intact = bytearray(file.read_bytes())
    page = _number(file, "PRAGMA page_size")
    intact[page:] = b"\x99" * (len(intact) - page)
    file.write_bytes(intact)
    assert "is damaged. Run burn-tui doctor --repair: it keeps what can be read." in _refusal(file)


def test_a_file_that_was_cut_off_is_said(file: Path) -> None:
    _fill(file, 200)
    with file.open("r+b") as cut:
        cut.truncate(5_000)
    assert "is damaged" in _refusal(file)
