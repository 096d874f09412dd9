"""What an audit says of each tool: its logs as they are now, and the ledger's rows, also those whose logs are gone."""

import os
import sqlite3
from collections.abc import Sequence
from datetime import UTC

from msgspec import Struct

from burn_tui.core.audit import Audit
from burn_tui.core.report import Figures
from burn_tui.engine.audit.asking import FOREVER
from burn_tui.engine.audit.logs import Log
from burn_tui.engine.audit.readers import READERS
from burn_tui.engine.ledger_periods import parts_of_period
from burn_tui.engine.reports import report
from burn_tui.engine.tables import audit as sql
from burn_tui.engine.tables.ledger import in_period

MOST_SKIPPED = 20
"""Lines of a tool that are named."""


_COLUMNS = """
    labels, attempts, input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens,
    cache_creation_1h_input_tokens, reasoning_output_tokens, cost_nanousd, unpriced_requests, unpriced_tokens, estimated
"""


class SkippedLine(Struct, frozen=True):
    """A line that could not be read, or a file."""

    file: str
    line: int
    """Counted from 1; 0 = the whole file."""
    why: str


class ToolSummary(Struct, frozen=True, kw_only=True):
    """One tool."""

    tool: str
    files: int
    """Logs that are there now."""
    bytes: int
    """Of those."""
    rows: int
    """Responses that the ledger has of the tool in the period, those too whose logs are gone."""
    skipped_lines: int
    """Of the logs that are there now."""
    cost_nanousd: int | None
    """Known costs only; None = there are rows, and the cost of none is known."""
    input_tokens: int
    """Cached ones included."""
    output_tokens: int
    """Reasoning included."""
    cache_read_input_tokens: int
    cache_creation_input_tokens: int
    cache_creation_1h_input_tokens: int
    reasoning_output_tokens: int
    unpriced_requests: int
    """Rows of unknown cost: not 0 = the cost is a lower bound."""
    unpriced_tokens: int
    estimated: int
    """Rows whose tokens are rounded or guessed."""
    skipped: tuple[SkippedLine, ...]
    """The first MOST_SKIPPED of the lines that were."""


class Summary(Struct, frozen=True, kw_only=True):
    """All of it."""

    totals: Figures
    """Of everything in the ledger in the period, as `burn-tui report --json` has it."""
    tools: tuple[ToolSummary, ...]
    """Those that have logs or rows."""
    audit: Audit
    """Tasks, and what could be otherwise."""


def summary(connection: sqlite3.Connection, logs: Sequence[Log], *, audit: Audit) -> Summary:
    """What the ledger has in the time of the audit, beside the logs that are there."""
    since = audit.since
    names = dict.fromkeys(reader.tool for reader in READERS)
    by_tool: dict[str, list[Log]] = {name: [] for name in names}
    for log in logs:
        by_tool[log.tool].append(log)
    met = {row[0] for row in connection.execute(sql.SOURCES)}
    tools = (_tool(connection, name, by_tool[name], since) for name in names if by_tool[name] or name in met)
    return Summary(
        totals=report(connection, since=since, until=FOREVER, by="provider", timezone=UTC).totals,
        tools=tuple(tool for tool in tools if tool.files or tool.rows),
        audit=audit,
    )


def _tool(connection: sqlite3.Connection, name: str, logs: Sequence[Log], since: float) -> ToolSummary:
    statement = sql.OF_TOOL.format(found=in_period(_COLUMNS))
    (sums,) = connection.execute(statement, {**parts_of_period(since, FOREVER), "tool": name}).fetchall()
    skipped = dict(connection.execute(sql.SKIPPED_BY_FILE, (name,)).fetchall())
    figures = dict(sums)
    if figures["rows"] and figures["unpriced_requests"] >= figures["rows"] and not figures["cost_nanousd"]:
        figures["cost_nanousd"] = None
    paths = {os.fsencode(log.path) for log in logs} if skipped else set()
    named = (row for row in connection.execute(sql.SKIPPED, (name,)) if row["path"] in paths)
    return ToolSummary(
        tool=name,
        files=len(logs),
        bytes=sum(log.size for log in logs),
        skipped_lines=sum(skipped.get(path, 0) for path in paths),
        skipped=tuple(
            SkippedLine(os.fsdecode(row["path"]).encode("utf-8", "replace").decode(), row["line"], row["why"])
            for row, _ in zip(named, range(MOST_SKIPPED), strict=False)
        ),
        **figures,
    )
