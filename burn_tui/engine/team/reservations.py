"""The budgets of a whole team: every machine asks the server before a paid call, which takes one at a time.

A reservation is a row that nobody takes back. It ends when the row of its attempt arrives, or after LIFETIME_S where
that never happens: a machine that dies holds its estimate for no longer.
"""

from typing import Any

from burn_tui.core.budget import WARN_SHARE, Budget
from burn_tui.core.team import Reserved, SharedBudget, Sharing, scope_of
from burn_tui.core.usage import AttemptOpened
from burn_tui.engine.ledger_rows import microseconds
from burn_tui.engine.team.connection import Connection
from burn_tui.engine.team.rows import digest_of_id, time_of

LIFETIME_S = 3_600
"""Longer than any call, and than rows usually take to arrive."""

_BUDGETS = "SELECT id, name, limit_nanousd, period, scope, scope_name, timezone FROM burn.budgets ORDER BY id"

_STANDINGS = """
    SELECT id, name, limit_nanousd, period, scope, scope_name, timezone, spent_nanousd, reserved_nanousd
    FROM burn.budgets CROSS JOIN LATERAL burn.spent(budgets, NULL) ORDER BY id
"""

_RESERVE = """
    SELECT budget, spent_nanousd, reserved_nanousd, fits
    FROM burn.reserve(ROW(%s::uuid, %s, now() + make_interval(secs => %s), %s::bigint,
                          %s, %s, %s, %s, %s)::burn.reservations)
"""

_SET = """
    INSERT INTO burn.budgets (name, limit_nanousd, period, timezone, scope, scope_name) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (name) DO UPDATE SET limit_nanousd = excluded.limit_nanousd, period = excluded.period,
        timezone = excluded.timezone, scope = excluded.scope, scope_name = excluded.scope_name
"""


def has_budgets(connection: Connection) -> bool:
    """Whether there is any shared budget."""
    (found,) = connection.execute("SELECT EXISTS (SELECT FROM burn.budgets)").fetchone() or (False,)
    return bool(found)


def standings(connection: Connection) -> tuple[SharedBudget, ...]:
    """All shared budgets with what was spent and is reserved."""
    return tuple(_standing(row[:7], row[7], row[8]) for row in connection.execute(_STANDINGS).fetchall())


def reserve(connection: Connection, opened: AttemptOpened, sharing: Sharing, session: str | None) -> Reserved:
    """Hold the attempt's estimate under every shared budget that covers it, or under none if it fits into one not.

    `session`: its name, as rows of the session have it.
    """
    values = (
        digest_of_id(opened.event_id),
        time_of(microseconds(opened.started_at)),  # to the very microsecond that its row will have
        LIFETIME_S,
        opened.cost_estimate_nanousd or 0,
        opened.provider_name,
        opened.environment,
        sharing.name(session),
        sharing.name(opened.project),
        opened.member or sharing.member,
    )
    found = connection.execute(_RESERVE, values).fetchall()
    if not found:
        return Reserved()
    budgets = {row[0]: row for row in connection.execute(_BUDGETS).fetchall()}
    near = []
    for budget_id, spent, reserved, fits in found:
        standing = _standing(budgets[budget_id], spent, reserved)
        if not fits:
            return Reserved(standing)
        with_this = spent + reserved + (opened.cost_estimate_nanousd or 0)
        if with_this >= WARN_SHARE * standing.limit_nanousd:
            near.append(standing)
    return Reserved(None, tuple(near))


def set_budget(connection: Connection, budget: Budget) -> None:
    """Make the budget, or change the one of that name. For the owner."""
    kind, name = scope_of(budget)
    values = (budget.name, budget.limit_nanousd, budget.period, str(budget.timezone), kind, name)
    connection.execute(_SET, values)


def remove_budget(connection: Connection, name: str) -> bool:
    """False if there is none of that name. For the owner."""
    return connection.execute("DELETE FROM burn.budgets WHERE name = %s", (name,)).rowcount > 0


def _standing(budget: Any, spent_nanousd: int, reserved_nanousd: int) -> SharedBudget:
    _, name, limit, period, scope, scope_name, timezone = budget
    return SharedBudget(
        name=name,
        limit_nanousd=limit,
        period=period,
        scope=f"{scope}:{scope_name}" if scope_name else scope,
        timezone=timezone,
        spent_nanousd=int(spent_nanousd),
        reserved_nanousd=int(reserved_nanousd),
    )
