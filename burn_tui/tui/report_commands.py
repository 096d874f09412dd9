"""`burn-tui report`, `export` and `digest`: from the ledger's file to standard output, without a terminal."""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, tzinfo
from pathlib import Path
from typing import BinaryIO, Literal, TextIO

from burn_tui.core.budget import daily
from burn_tui.core.report import Figures, Grouping, Marker, Report, since_of
from burn_tui.engine import otel
from burn_tui.engine import reports as engine
from burn_tui.engine.clock import Clock, local_timezone
from burn_tui.engine.ledger_errors import explained
from burn_tui.engine.settings import Settings
from burn_tui.tui.report_text import table

Form = Literal["table", "json", "csv"]

SINCE = "7d"
"""What is looked back at unless something else is said."""


def report(
    data_dir: Path,
    out: TextIO,
    *,
    since: str,
    by: Grouping,
    only: Marker | None,
    form: Form,
    settings: Callable[[], Settings],
    clock: Clock,
) -> None:
    """Print what was used and what it cost. Where there is no ledger yet, nothing was used."""
    zone = _zone(by, since, settings)
    now = clock.now()
    with engine.ledger_to_read(data_dir / "ledger.sqlite3") as connection:
        made = Report(totals=Figures(), rows=())
        if connection is not None:
            start = since_of(since, now=now, timezone=zone)
            made = engine.report(connection, since=start, until=now, by=by, only=only, timezone=zone)
    match form:
        case "json":
            out.write(engine.as_json(made) + "\n")
        case "csv":
            out.write(engine.as_csv(made))
        case "table":
            out.write(table(made, by=by, only=only) + "\n")


def export(data_dir: Path, file: str, narration: TextIO, *, since: str, only: Marker | None, clock: Clock) -> None:
    """Write the attempts as OTLP JSON into `file`, "-" = standard output; how many is said on `narration`."""
    now = clock.now()
    start = since_of(since, now=now, timezone=local_timezone())
    with engine.ledger_to_read(data_dir / "ledger.sqlite3") as connection:
        if connection is None:
            narration.write("There is no ledger yet, so nothing was exported.\n")
            return
        with _opened(file) as out:
            number = otel.export(connection, out, since=start, until=now, only=only)
    narration.write(f"{number:,} spans.\n")


def digest(data_dir: Path, out: TextIO, *, settings: Settings, clock: Clock) -> None:
    """Print the last seven days as Markdown."""
    from burn_tui.engine.digest import digest as gathered  # noqa: PLC0415 - the other commands do not wait for it
    from burn_tui.tui.digest_text import markdown  # noqa: PLC0415

    day = daily(settings.budgets, local_timezone())
    with engine.ledger_to_read(data_dir / "ledger.sqlite3") as connection:
        if connection is None:
            out.write("# Burn\n\nThere is no ledger yet: nothing was asked.\n")
            return
        out.write(markdown(gathered(connection, daily=day, now=clock.now(), slow_s=settings.slow_s)) + "\n")


def _zone(by: Grouping, since: str, settings: Callable[[], Settings]) -> tzinfo:
    """Whose days they are. Settings are only read where it matters: a mistake in them must not hide the figures."""
    if by in {"day", "hour"} or not since[:-1].isdecimal():
        return daily(settings().budgets, local_timezone()).timezone
    return UTC


def _opened(file: str) -> "nullcontext[BinaryIO] | BinaryIO":
    if file == "-":
        return nullcontext(sys.stdout.buffer)
    with explained(file):
        return Path(file).open("wb")
