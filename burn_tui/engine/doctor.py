"""`burn-tui doctor`: looks at one thing after another, and says of each that it is well or how to mend it.

A check is a function from the Patient to findings; CHECKS is the list of them.
"""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from burn_tui.core.errors import LedgerError
from burn_tui.engine.ledger_backlog import left_beside
from burn_tui.engine.ledger_errors import explained
from burn_tui.engine.ledger_file import open_to_read, recognise
from burn_tui.engine.ledger_repair import is_ours, is_sound, rebuild, repair

_REPAIR = "Run burn-tui doctor --repair."


class Finding(Struct, frozen=True):
    """One line."""

    about: str
    words: str
    mend: str | None = None
    """None = all is well."""


class Patient(Struct, frozen=True, kw_only=True):
    """What is looked at."""

    data_dir: Path
    now: float
    """Seconds since the epoch."""

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.data_dir / "ledger.sqlite3"


Check = Callable[[Patient], Iterator[Finding]]


def ledger_file(patient: Patient) -> Iterator[Finding]:
    """Whether there is a ledger, and it is ours alone."""
    path = patient.ledger
    if not path.exists():
        yield Finding("ledger", f"none yet in {patient.data_dir}; it is made with the first prompt")
        return
    try:
        with explained(str(path)):
            recognise(path)
    except LedgerError as error:
        yield Finding("ledger", "is no ledger of burn-tui" if _is_foreign(path) else "cannot be used", str(error))
        return
    if not path.stat().st_size:
        yield Finding("ledger", "is an empty file, which is made a ledger at the next start")
    if sys.platform != "win32" and path.stat().st_mode & 0o077:
        mend = f"Run chmod 600 {path}; burn-tui does so at its next start."
        yield Finding("ledger", "can be read by other users of this machine", mend)


def ledger_content(patient: Patient) -> Iterator[Finding]:
    """Whether its pages are sound, and its sums those of its rows. What is no ledger was said to be none already."""
    path = patient.ledger
    if not path.exists() or _is_foreign(path) or not path.stat().st_size:
        return
    try:
        with explained(str(path)):
            if not is_sound(path):
                yield Finding("ledger", "is damaged", _REPAIR)
                return
            with closing(open_to_read(path)) as connection:
                connection.execute("BEGIN")
                yield _size(connection, path)
                wrong = list(_wrong_sums(connection))
    except LedgerError as error:
        yield Finding("ledger", "cannot be read", str(error))
        return
    if wrong:
        yield Finding("ledger", f"the sums do not agree with the rows: {', '.join(wrong)}", _REPAIR)


def _is_foreign(path: Path) -> bool:
    """Whether the file is something else altogether; one that cannot even be read may be anything."""
    try:
        return path.stat().st_size > 0 and not is_ours(path)
    except OSError:
        return False


def ledger_backlog(patient: Patient) -> Iterator[Finding]:
    """Whether something could not be written."""
    left = left_beside(patient.ledger)
    if left:
        mend = "Start burn-tui: it takes them in as soon as the ledger can be written."
        yield Finding("ledger", f"attempts wait beside it in {len(left)} file{'s' * (len(left) > 1)}", mend)


CHECKS: tuple[Check, ...] = (ledger_file, ledger_content, ledger_backlog)


def examined(patient: Patient) -> Iterator[Finding]:
    """All findings, one after another as they are made."""
    for check in CHECKS:
        yield from check(patient)


def repaired(patient: Patient) -> Iterator[str]:
    """Mend the ledger as far as that is possible; sentences about what was done."""
    path = patient.ledger
    if not path.exists():
        yield "There is no ledger to repair."
        return
    with explained(str(path)):
        sound = is_sound(path)
    if sound:
        rebuild(path)
        yield "The file is sound. All sums were made anew from the rows."
        return
    done = repair(path, now=patient.now)
    lost = {None: ", and nobody knows how many were lost", 0: ", none was lost"}.get(
        done.lost, f", {done.lost:,} could not be read" if done.lost else ""
    )
    yield f"{done.attempts:,} attempts recovered{lost}."
    for table, number in done.others.items():
        yield f"{number:,} rows of {table} recovered."
    yield "All sums were made anew from these rows."
    yield f"The damaged file is kept as {done.kept_as}."


def _size(connection: sqlite3.Connection, path: Path) -> Finding:
    number, first = connection.execute("SELECT count(*), min(started_at_us) FROM attempt_rows").fetchone()
    megabytes = path.stat().st_size / 1_000_000
    since = f" since {datetime.fromtimestamp(first / 1_000_000, UTC):%Y-%m-%d}" if number else ""
    return Finding("ledger", f"{number:,} attempt{'s' * (number != 1)}{since}, {megabytes:,.1f} MB, sound")


_SUMS = "sum(attempts), sum(cost_nanousd), sum(input_tokens), sum(output_tokens), sum(unpriced_tokens)"

_AGREE = {
    "hours": (f"SELECT {_SUMS} FROM counted", f"SELECT {_SUMS} FROM hours"),  # noqa: S608 - columns from above
    "days": (f"SELECT {_SUMS} FROM counted", f"SELECT {_SUMS} FROM days"),  # noqa: S608
    "sessions": (
        f"SELECT {_SUMS} FROM counted WHERE session_id IS NOT NULL",  # noqa: S608
        f"SELECT {_SUMS} FROM session_hours",  # noqa: S608
    ),
    "commits": (
        f"SELECT {_SUMS} FROM counted WHERE git_commit IS NOT NULL",  # noqa: S608
        f"SELECT {_SUMS} FROM commit_hours",  # noqa: S608
    ),
    "latencies": (
        """
        SELECT nullif(count(first_chunk_bucket) + 2 * count(duration_bucket) + count(speed_bucket), 0)
        FROM attempt_rows WHERE duration_us IS NOT NULL
        """,
        "SELECT sum(samples) FROM latencies",
    ),
}
"""By roll-up, what its rows say and what it says."""


def _wrong_sums(connection: sqlite3.Connection) -> Iterator[str]:
    for name, (rows, sums) in _AGREE.items():
        if tuple(connection.execute(rows).fetchone()) != tuple(connection.execute(sums).fetchone()):
            yield name
