"""This machine as one of a team: its rows leave as they settle, shared budgets are asked, and all see what all burn.

    ledger ──cursor──> push ──> server ──roll-ups──> view             the ledger here stays the truth of this machine
    admission ──reserve──> server: fits, or refused by a shared budget

While the server is away nothing is lost and nobody waits for it: rows stay behind the cursor, and what holds for shared
budgets is what the settings say (`team.when_away`), once the server has been reached and said that there are any.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Literal, TypeVar

from msgspec import structs

from burn_tui.core.budget import Budget, Fits, Spent
from burn_tui.core.errors import LedgerError, TeamAwayError, TeamError
from burn_tui.core.events import Refused
from burn_tui.core.expectation import Expectation, learn
from burn_tui.core.money import in_cents, in_dollars
from burn_tui.core.team import Member, SharedBudget, SharedRow, Sharing, TeamView, plain
from burn_tui.core.usage import AttemptOpened
from burn_tui.engine.clock import Clock, local_timezone
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.settings_schema import TeamSettings
from burn_tui.engine.team import cursor, reading, reservations
from burn_tui.engine.team.connection import Address, Connection, Line, address_of, beside, expanded
from burn_tui.engine.team.pushing import Pushing
from burn_tui.engine.team.schema import VERSION as SCHEMA_VERSION

LOOK_S = 2.0
"""Between two looks at the ledger: what settles is with the others within five seconds."""

ASK_BUDGETS_S = 10.0
"""After so long the server is asked whether there are shared budgets, also by whoever sends nothing."""

AWAY_S = 5.0
"""For so long a server that was away is not asked again."""

LAST_PUSH_S = 2.0
"""How long the end of burn-tui is held up for rows that have not left."""

FEEDBACK_DAYS = 30

_HOUR_S = 3600.0

_LineName = Literal["push", "ask"]
"""What takes long must not hold up what somebody waits for."""

T = TypeVar("T")


class Team:
    """Every method may be called by many tasks at once."""

    def __init__(self, settings: TeamSettings, *, ledger: Ledger, environ: Mapping[str, str], clock: Clock) -> None:
        self.settings = settings
        self.on_notice: Callable[[], None] = lambda: None
        """Called whenever `notice` has changed."""
        self.problem: TeamError | None = None
        """Why the server could not be asked the last time; None = it could."""
        self._ledger = ledger
        self._environ = environ
        self._clock = clock
        self._address: Address | None = None
        self._lines: dict[str, Line] = {}
        self._pushing: Pushing | None = None
        self._known: cursor.Known | None = None
        self._away_until = 0.0
        self._asked_budgets_at = 0.0
        self._usual: tuple[float, dict[str, Expectation]] | None = None
        self._turn = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None
        self._last: TeamView | None = None

    # --- what leaves --------------------------------------------------------------------------------

    def start(self) -> None:
        """Send what settles from now on, and what waits."""
        self._following = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Send what can be sent at once, and hang up."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_PUSH_S):
                if self._following is not None and self.problem is None:
                    with suppress(TeamError, LedgerError):
                        await self.sync()
                if self._lines:
                    await beside(self._hang_up)

    async def sync(self) -> int:
        """Send everything that has not left; how many rows the server did not have yet. TeamError if it cannot."""
        async with self._turn:
            known = await self._joined()
            sharing = self._sharing(known)
            return sum([await self._sync_source(source, sharing) for source in cursor.SOURCES])

    async def start_over(self) -> None:
        """Send everything again with the next `sync`."""
        known = await self._joined()
        await self._ledger.writing(partial(cursor.start_over, team_id=known.team_id))

    async def waiting(self) -> int:
        """Settled attempts that have not left yet."""
        known = await self._remembered()
        return await self._ledger.reading(partial(cursor.left_to_send, team_id=known.team_id if known else ""))

    async def preview(self, limit: int) -> tuple[tuple[SharedRow, ...], bool]:
        """The next attempts that leave, exactly as they do, and True; where none waits the latest that left, and
        False.
        """
        known = await self._remembered() or cursor.Known("", has_budgets=False)
        sharing = self._sharing(known)
        batch = await self._ledger.reading(partial(cursor.next_batch, source="attempts", sharing=sharing, limit=limit))
        if batch is not None and batch.rows:
            return batch.rows, True
        return tuple(await self._ledger.reading(partial(cursor.latest, sharing=sharing, limit=limit))), False

    async def _follow(self) -> None:
        seen: object = None
        while True:
            try:
                version = await self._ledger.data_version()
                now = self._clock.monotonic()
                if version != seen or self.problem is not None or now - self._asked_budgets_at > ASK_BUDGETS_S:
                    await self.sync()
                    seen = version
            except (TeamError, LedgerError):
                await asyncio.sleep(AWAY_S)
            else:
                await asyncio.sleep(LOOK_S)

    async def _sync_source(self, source: cursor.Source, sharing: Sharing) -> int:
        new = 0
        while True:
            batch = await self._ledger.reading(partial(cursor.next_batch, source=source, sharing=sharing))
            if batch is None:
                return new
            new += await self._push(batch)
            await self._ledger.writing(partial(cursor.move, batch=batch, team_id=sharing.team_id))

    async def _push(self, batch: cursor.Batch) -> int:
        def push(line: Line) -> int:
            self._pushing = self._pushing or Pushing(line)
            if batch.verdicts:
                self._pushing.push_verdicts(batch.verdicts)
            return self._pushing.push(batch.rows) if batch.rows else 0

        return await self._ask(push, "push")

    # --- shared budgets -----------------------------------------------------------------------------

    async def reserve(self, opened: AttemptOpened) -> Fits | Refused:
        """Hold the attempt's estimate under the shared budgets that cover it. What is free needs none."""
        if opened.cost_estimate_nanousd == 0:
            return Fits()
        try:
            known = await self._remembered() or await self._joined()
            if not known.has_budgets:
                return Fits()
            session = await self._session_name(opened.session_id)
            work = partial(reservations.reserve, opened=opened, sharing=self._sharing(known), session=session)
            found = await self._ask(lambda line: line.run(work), "ask")
        except TeamError as error:
            return self._while_away(error)
        if found.refused_by is not None:
            return _over(found.refused_by, f"{opened.provider_name}/{opened.request_model}")
        return Fits(tuple(_as_spent(budget) for budget in found.near))

    def _while_away(self, error: TeamError) -> Fits | Refused:
        if self._known is None or not self._known.has_budgets or self.settings.when_away == "go_on":
            return Fits()
        return Refused(
            "budget",
            f"The shared budgets of the team cannot be asked: {error.problem}",
            "Use a free local model, or write team: {when_away: go_on} to go on within this machine's own budgets.",
        )

    async def _session_name(self, session_id: str | None) -> str | None:
        """As rows of the session have it."""
        found = await self._ledger.read("SELECT name FROM sessions WHERE id = :id", {"id": session_id})
        return str(found[0]["name"]) if found else session_id

    # --- what all of them burn ----------------------------------------------------------------------

    async def view(self) -> TeamView:
        """What the team screen shows; while the server is away what it said last, and why that is old."""
        waiting = await self.waiting()
        try:
            await self._joined()
            self._last = await self._ask(lambda line: line.run(self._read), "ask")
        except TeamError as error:
            last = self._last or TeamView(where=self.where)
            return structs.replace(last, problem=str(error), waiting=waiting, away_rule=self.away_rule)
        return structs.replace(self._last, waiting=waiting)

    async def asked(self, question: Callable[[Connection], T]) -> T:
        """The answer to one more question."""
        return await self._ask(lambda line: line.run(question), "ask")

    @property
    def where(self) -> str:
        """The server, without any password."""
        return self._address.where if self._address else "a server that was not reached yet"

    @property
    def away_rule(self) -> str:
        """What holds for shared budgets while the server is away; "" = it is not, or there are none."""
        if self.problem is None or self._known is None or not self._known.has_budgets:
            return ""
        if self.settings.when_away == "go_on":
            return "Shared budgets are not asked meanwhile; this machine's own budgets hold."
        return "Paid calls are refused meanwhile, because shared budgets cannot be asked."

    @property
    def notice(self) -> str | None:
        """What must stand on screen: the settings cannot be followed, or shared budgets cannot be asked."""
        if self.problem is None or (isinstance(self.problem, TeamAwayError) and not self.away_rule):
            return None
        return f"Team: {self.problem} {self.away_rule}".rstrip()

    def _read(self, connection: Connection) -> TeamView:
        now = self._clock.now()
        today = learn((), timezone=local_timezone(), now=now).day_start
        since = today - today % _HOUR_S
        usual = self._learned(connection, since, now)
        return TeamView(
            where=self.where,
            members=tuple(
                Member(name=name, cost_nanousd=cost, expected_nanousd=_expected(usual.get(name), now), last_at=last_at)
                for name, cost, last_at in reading.spent_by_member(connection, since=since)
            ),
            lines=reading.lines(connection, since=since),
            budgets=reservations.standings(connection),
            feedback=reading.feedback_by_version(connection, since=now - FEEDBACK_DAYS * 24 * _HOUR_S),
        )

    def _learned(self, connection: Connection, since: float, now: float) -> dict[str, Expectation]:
        """By member what is usual for this day: the days before it do not change any more."""
        if self._usual is None or self._usual[0] != since:
            hours = reading.past_hours(connection, until=since)
            zone = local_timezone()
            self._usual = since, {name: learn(of, timezone=zone, now=now) for name, of in hours.items()}
        return self._usual[1]

    # --- how ----------------------------------------------------------------------------------------

    def _sharing(self, known: cursor.Known) -> Sharing:
        settings = self.settings
        return Sharing(
            member=plain(expanded(settings.member, {"USER": _user(self._environ), **self._environ}, key="team.member")),
            hash_names=settings.hash_names,
            share_text=settings.share_text,
            team_id=known.team_id,
        )

    async def _joined(self) -> cursor.Known:
        """What the server says of itself, asked now and then."""
        now = self._clock.monotonic()
        if self._known is None or self.problem is not None or now - self._asked_budgets_at > ASK_BUDGETS_S:
            remembered = await self._remembered()
            known = await self._ask(lambda line: line.run(_introduced), "ask")
            self._asked_budgets_at = now
            if known != remembered:
                await self._ledger.writing(partial(cursor.know, address=self.where, said=known))
            self._known = known
        return self._known

    async def _remembered(self) -> cursor.Known | None:
        """What it said when it was last reached, by whichever process."""
        if self._known is None:
            with suppress(TeamError):
                await beside(self._resolve)
            if self._address is not None:
                self._known = await self._ledger.reading(partial(cursor.known, address=self._address.where))
        return self._known

    async def _ask(self, work: Callable[[Line], T], line: _LineName) -> T:
        """Have the server asked on the line of that name, unless it was away a moment ago."""
        if self.problem is not None and self._clock.monotonic() < self._away_until:
            raise self.problem
        try:
            found = await beside(lambda: work(self._line(line)))
        except TeamError as error:
            self._away_until = self._clock.monotonic() + AWAY_S
            self._note(error)
            raise
        self._note(None)
        return found

    def _hang_up(self) -> None:
        for line in self._lines.values():
            line.close()

    def _line(self, name: _LineName) -> Line:
        address = self._resolve()
        return self._lines.setdefault(name, Line(address))

    def _resolve(self) -> Address:
        if self._address is None:
            self._address = address_of(expanded(self.settings.url, self._environ, key="team.url"))
        return self._address

    def _note(self, problem: TeamError | None) -> None:
        before, self.problem = self.notice, problem
        if self.notice != before:
            self.on_notice()


def _introduced(connection: Connection) -> cursor.Known:
    row = connection.execute("SELECT team_id::text, schema_version FROM burn.team").fetchone()
    if row is None:
        raise TeamError("The team's server is not set up.", mend="Its owner runs: burn-tui team init.")
    if row[1] > SCHEMA_VERSION:
        problem = f"The team's server has schema {row[1]}, and this burn-tui knows {SCHEMA_VERSION}."
        raise TeamError(problem, mend="Upgrade burn-tui.")
    return cursor.Known(str(row[0]), reservations.has_budgets(connection))


def _expected(usual: Expectation | None, now: float) -> int | None:
    return round(usual.by(now)) if usual is not None and usual.usual else None


def _user(environ: Mapping[str, str]) -> str:
    """Who works here, also where the shell's variable is called otherwise."""
    return environ.get("USER") or environ.get("LOGNAME") or environ.get("USERNAME") or os.environ.get("USER", "")


def _as_spent(shared: SharedBudget) -> Spent:
    """For the warning that each request near a limit gives."""
    budget = Budget(
        name=shared.name,
        limit_nanousd=shared.limit_nanousd,
        timezone=local_timezone(),  # the server reckons the period: nobody here does
        scope=shared.scope,
    )
    return Spent(budget, shared.spent_nanousd + shared.reserved_nanousd)


def _over(budget: SharedBudget, target: str) -> Refused:
    used = in_dollars(budget.spent_nanousd + budget.reserved_nanousd)
    return Refused(
        "budget",
        f"The team's budget {budget.name} has {used} of {in_cents(budget.limit_nanousd)} spent or reserved, "
        f"and a call to {target} does not fit.",
        f"Its owner raises it with burn-tui team budget; or wait for the next {budget.period}, "
        "or use a free local model.",
    )
