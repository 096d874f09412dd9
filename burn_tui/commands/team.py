"""`team`: the ledger of several people in one PostgreSQL database. `trust`: the settings of a repository."""

import argparse
import os
import re
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from burn_tui.commands.places import ANSWERED, NO_ANSWER, Commands, add_places, ledger_dir, settings
from burn_tui.core.errors import SettingsError, WrongCallError

if TYPE_CHECKING:
    from burn_tui.core.budget import Budget
    from burn_tui.engine.settings_schema import TeamSettings
    from burn_tui.engine.team.connection import Line
    from burn_tui.engine.team.sharing import Team

_DAYS = re.compile(r"([1-9][0-9]{0,4})d")

_HIGHEST_USD = 1e9

PERIODS = ("day", "week", "month")


def add(commands: Commands) -> None:
    """Put the parsers of `team`."""
    about = "share what is burnt with others, in a PostgreSQL database of your own"
    team = commands.add_parser("team", help=about, description=f"{about}.", allow_abbrev=False)
    doings = team.add_subparsers(title="what", metavar="WHAT", required=True)

    def doing(name: str, words: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = doings.add_parser(name, help=words, description=f"{words}.", allow_abbrev=False)
        add_places(made, is_again=True)
        made.set_defaults(run=run)
        return made

    doing("init", "set the database up, or bring it up to date; for its owner", _init)
    grant = doing("grant", "let a role of the database read everything and add rows, no more", _grant)
    grant.add_argument("role", metavar="ROLE", help="an existing role, or a group of roles")
    grant.add_argument("--read-only", action="store_true", help="it adds no rows either")
    doing("status", "members, shared budgets, and what waits to leave this machine", _status)
    sync = doing("sync", "send now what waits; the dashboard and the gateway do so by themselves", _sync)
    sync.add_argument("--again", action="store_true", help="send everything once more; nothing is there twice")
    preview = doing("preview", "print the rows that leave next, exactly as they do", _preview)
    preview.add_argument("--limit", type=int, default=5, metavar="N", help="so many; default: 5")
    prune = doing("prune", "drop the months that nobody needs any more; for the owner", _prune)
    prune.add_argument("--keep", metavar="DAYS", required=True, help="such as 400d; roll-ups by hour stay")
    budget = doing("budget", "set a budget of the whole team; for the owner of the database", _budget)
    budget.add_argument("name", metavar="NAME")
    limit = budget.add_mutually_exclusive_group(required=True)
    limit.add_argument("--limit-usd", type=float, metavar="USD", help="0 = nothing may be spent")
    limit.add_argument("--remove", action="store_true", help="there is no such budget any more")
    budget.add_argument("--period", choices=PERIODS, default="day", help="default: day")
    scope = "all, or provider:, environment:, project:, session: or member:NAME; default: all"
    budget.add_argument("--scope", default="all", help=scope)
    budget.add_argument("--timezone", default="UTC", metavar="ZONE", help="whose midnight it is; default: UTC")
    pin = doing("pin", "show everybody which version of a prompt a label stands for; for the owner", _pin)
    pin.add_argument("prompt", metavar="PROMPT@LABEL")
    version = pin.add_mutually_exclusive_group(required=True)
    version.add_argument("version", nargs="?", metavar="VERSION", help="its 64 digits, as pins.yaml has them")
    version.add_argument("--remove", action="store_true", help="the label stands for nothing any more")
    doing("digest", "the last seven days of the team as Markdown", _digest)


def _init(options: argparse.Namespace) -> int:
    from burn_tui.engine.team import schema as team_schema

    def work(line: "Line") -> None:
        line.run(team_schema.make)
        print(f"{line.address.where} is set up. Next: burn-tui team grant ROLE.")

    return _on_the_line(options, work)


def _grant(options: argparse.Namespace) -> int:
    from burn_tui.engine.team import schema as team_schema

    def work(line: "Line") -> None:
        for statement in line.run(lambda it: team_schema.grant(it, options.role, may_write=not options.read_only)):
            print(statement)

    return _on_the_line(options, work)


def _prune(options: argparse.Namespace) -> int:
    from burn_tui.engine.team import schema as team_schema

    days = _DAYS.fullmatch(options.keep)
    if days is None:
        raise WrongCallError(f"{options.keep!r} is no number of days.", mend="Write it as 400d.")

    def work(line: "Line") -> None:
        dropped = line.run(lambda it: team_schema.prune(it, int(days[1])))
        print(f"Dropped: {', '.join(dropped)}." if dropped else "No month is that old.")

    return _on_the_line(options, work)


def _budget(options: argparse.Namespace) -> int:
    from burn_tui.engine.team import reservations

    if options.remove:

        def work(line: "Line") -> None:
            found = line.run(lambda it: reservations.remove_budget(it, options.name))
            print(f"{options.name} is gone." if found else f"There is no budget {options.name!r}.")

    else:
        budget = _wanted_budget(options)

        def work(line: "Line") -> None:
            line.run(lambda it: reservations.set_budget(it, budget))
            print(f"{options.name} holds for every machine within seconds.")

    return _on_the_line(options, work)


def _wanted_budget(options: argparse.Namespace) -> "Budget":
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from burn_tui.core.budget import Budget
    from burn_tui.core.money import nanousd

    if not 0 <= options.limit_usd <= _HIGHEST_USD:
        raise WrongCallError(f"{options.limit_usd} is no limit.", mend="Write dollars, such as --limit-usd 50.")
    if not re.fullmatch(r"all|(?:provider|environment|session|project|member):.+", options.scope):
        raise WrongCallError(f"{options.scope!r} is no scope.", mend="Write all, or for example project:NAME.")
    try:
        zone = ZoneInfo(options.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        mend = "Write an IANA name such as Europe/Berlin."
        raise WrongCallError(f"There is no time zone {options.timezone!r}.", mend=mend) from error
    return Budget(
        name=options.name,
        limit_nanousd=nanousd(options.limit_usd),
        period=options.period,
        scope=options.scope,
        timezone=zone,
    )


def _pin(options: argparse.Namespace) -> int:
    from burn_tui.engine.team import schema as team_schema

    name, _, label = options.prompt.rpartition("@")
    if not name or not label:
        raise WrongCallError(f"{options.prompt!r} names no label.", mend="Write PROMPT@LABEL, as triage@production.")
    if not options.remove and not re.fullmatch(r"[0-9a-f]{64}", options.version):
        raise WrongCallError(f"{options.version!r} is no version.", mend="Take its 64 digits from pins.yaml.")

    def work(line: "Line") -> None:
        if options.remove:
            found = line.run(lambda it: team_schema.unpin(it, name, label))
            print(f"{label} stands for nothing." if found else f"{label} stood for nothing.")
        else:
            line.run(lambda it: team_schema.pin(it, name, label, options.version))
            print(f"{options.prompt} is {options.version[:12]} for everybody to see.")

    return _on_the_line(options, work)


def _digest(options: argparse.Namespace) -> int:
    import time

    from burn_tui.engine.team import reading
    from burn_tui.tui.team_text import digest

    def work(line: "Line") -> None:
        now = time.time()
        by = ("member", "model", "project", "environment")
        parts = line.run(lambda it: [(key, reading.week(it, key, until=now)) for key in by])
        print(digest(line.address.where, parts, until=now))

    return _on_the_line(options, work)


def _status(options: argparse.Namespace) -> int:
    import time

    from burn_tui.engine.team import reading
    from burn_tui.tui.team_text import status

    async def work(team: "Team") -> int:
        view = await team.view()
        if view.problem is not None:
            print(f"{view.problem} {view.away_rule}".rstrip())
            print(f"Rows of this machine that wait to leave: {view.waiting:,}.")
            return NO_ANSWER
        for line in status(view, await team.asked(reading.storage), now=time.time()):
            print(line)
        return ANSWERED

    return _in_the_team(options, work)


def _sync(options: argparse.Namespace) -> int:
    async def work(team: "Team") -> int:
        if options.again:
            await team.start_over()
        new = await team.sync()
        print(f"{new:,} rows were new to {team.where}; none waits.")
        return ANSWERED

    return _in_the_team(options, work)


def _preview(options: argparse.Namespace) -> int:
    from burn_tui.tui.team_text import preview

    if options.limit < 1:
        raise WrongCallError(f"{options.limit} rows are none.", mend="Write --limit 5.")

    async def work(team: "Team") -> int:
        rows, is_next = await team.preview(options.limit)
        for line in preview(rows, is_next=is_next):
            print(line)
        return ANSWERED

    return _in_the_team(options, work)


def _in_the_team(options: argparse.Namespace, work: "Callable[[Team], Awaitable[int]]") -> int:
    """With this machine's ledger and its team."""
    import asyncio
    import time

    from burn_tui.engine.clock import Clock
    from burn_tui.engine.ledger import Ledger
    from burn_tui.engine.team.sharing import Team

    given = _given(options)

    async def run() -> int:
        ledger = await Ledger.open(ledger_dir(options) / "ledger.sqlite3", now=time.time())
        team = Team(given, ledger=ledger, environ=os.environ, clock=Clock())
        try:
            return await work(team)
        finally:
            await team.close()
            await ledger.close()

    return asyncio.run(run())


def _on_the_line(options: argparse.Namespace, work: "Callable[[Line], None]") -> int:
    """With nothing but the server."""
    from burn_tui.engine.team.connection import Line, address_of, expanded

    line = Line(address_of(expanded(_given(options).url, os.environ, key="team.url")))
    try:
        work(line)
    finally:
        line.close()
    return ANSWERED


def _given(options: argparse.Namespace) -> "TeamSettings":
    from burn_tui.engine.settings_schema import TeamSettings

    ledger_dir(options)  # the demo is in no team
    found = settings(options)
    if found.team is not None:
        return found.team
    if "BURN_TEAM_URL" in os.environ:
        return TeamSettings()
    mend = 'Add team: {url: "${BURN_TEAM_URL}"} to the settings file.'
    raise SettingsError("this machine is in no team.", file=found.origin, key="team", mend=mend)


def add_trust(commands: Commands) -> None:
    """Put the parser of `trust`."""
    about = "let the settings of a repository, .burn-tui.yaml, hold on this machine"
    trust = commands.add_parser("trust", help=about, description=f"{about}.", allow_abbrev=False)
    trust.add_argument("file", nargs="?", metavar="FILE", help="default: the one here or above")
    trust.add_argument("--revoke", action="store_true", help="trust it no longer")
    add_places(trust, is_again=True)
    trust.set_defaults(run=_trust)


def _trust(options: argparse.Namespace) -> int:
    from pathlib import Path

    from burn_tui.engine import base_file

    found = Path(options.file) if options.file else base_file.nearest(Path.cwd())
    if found is None:
        problem = f"There is no {base_file.NAME} here or above."
        raise WrongCallError(problem, mend=f"Name it: burn-tui trust PATH/{base_file.NAME}.")
    book = base_file.TrustBook.of(os.environ)
    if options.revoke:
        print(f"{found} is trusted no longer." if book.revoke(found) else f"{found} was not trusted.")
        return ANSWERED
    base = base_file.read(found)
    book.trust(found)
    sys.stdout.write("\n".join([f"{found} is trusted as it is now:", *base_file.in_words(base)]) + "\n")
    return ANSWERED
