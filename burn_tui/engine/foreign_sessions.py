"""Sessions of clients of a gateway, whichever process runs it: what a dashboard shows a tab for.

They are read from the ledger, so that they are seen by every dashboard, and also after gateway or dashboard was
restarted. A session is what its client calls so; without a word from it, the label of its token.
"""

from msgspec import Struct

from burn_tui.core.catalog import Target
from burn_tui.engine.ledger import Ledger

LOOK_BACK_S = 900.0
"""A session that was quiet for longer is over."""

RATE_S = 60.0
"""The time over which the present rate is taken."""

_SESSIONS = """
    SELECT coalesce(session_id, '') AS session_id, environment, project, operation_name,
           max(started_at_us) AS last_us, min(started_at_us) AS first_us,
           provider_name, request_model, fell_back_from,
           sum(attempt <= 1) AS requests,
           sum(error_type IS NOT NULL AND error_type <> 'cancelled') AS errors,
           sum(duration_us IS NULL) AS in_flight,
           sum(coalesce(cost_nanousd, 0)) AS cost_nanousd,
           sum(duration_us IS NOT NULL AND cost_nanousd IS NULL) AS unpriced,
           sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) AS tokens,
           sum(iif(started_at_us >= :rate_us, coalesce(cost_nanousd, 0), 0)) AS lately_nanousd
    FROM attempts
    WHERE started_at_us >= :since_us AND source = 'gateway'
    GROUP BY session_id, environment
    ORDER BY first_us
"""
"""Beside max(), SQLite gives the other columns of the row that has the maximum (sqlite.org/lang_select.html, 2.5)."""


class ForeignSession(Struct, frozen=True, kw_only=True):
    """One session, as far as it was active in the time that was looked at."""

    name: str
    environment: str
    project: str | None
    operation_name: str
    """What its client calls itself, or the request."""
    last_route: Target | None
    """Whom the last attempt asked; None = it was refused before it had a target."""
    fell_back_from: str | None
    """"provider/model" that the last attempt stands in for; None = it was the first choice."""
    requests: int
    errors: int
    """Attempts that failed; those that the client itself gave up are not among them."""
    in_flight: int
    """Calls that are open at this moment."""
    tokens: int
    cost_nanousd: int
    """Of the attempts whose cost is known."""
    unpriced: int
    """Attempts whose cost is unknown."""
    nanousd_per_minute: float
    last_at: float
    """When its last attempt began, in seconds since the epoch."""


async def foreign_sessions(ledger: Ledger, *, now: float, look_back_s: float = LOOK_BACK_S) -> list[ForeignSession]:
    """Those that have asked anything in the last `look_back_s`, in the order in which they appeared."""
    times = {"since_us": int((now - look_back_s) * 1e6), "rate_us": int((now - RATE_S) * 1e6)}
    return [
        ForeignSession(
            name=row["session_id"],
            environment=row["environment"],
            project=row["project"],
            operation_name=row["operation_name"],
            last_route=Target(row["provider_name"], row["request_model"]) if row["provider_name"] else None,
            fell_back_from=row["fell_back_from"],
            requests=row["requests"],
            errors=row["errors"],
            in_flight=row["in_flight"],
            tokens=row["tokens"],
            cost_nanousd=row["cost_nanousd"],
            unpriced=row["unpriced"],
            nanousd_per_minute=row["lately_nanousd"] / (RATE_S / 60),
            last_at=row["last_us"] / 1e6,
        )
        for row in await ledger.read(_SESSIONS, times)
    ]
