"""`audit`: what other tools have logged of their use of models, taken over into the ledger."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from burn_tui.commands.places import ANSWERED, Commands, add_places, ledger_dir, settings

if TYPE_CHECKING:
    from burn_tui.core.audit_progress import Progress
    from burn_tui.engine.audit.summary import Summary
    from burn_tui.engine.settings import Settings


def add(commands: Commands) -> None:
    """Put the parser."""
    about = "read the logs of Claude Code, Codex, Gemini CLI, opencode, aider and llm into the ledger"
    audit = commands.add_parser("audit", help=about, description=f"{about}.", allow_abbrev=False)
    audit.add_argument(
        "--home",
        metavar="DIR",
        action="append",
        help="a home directory to look below, again for several; default: audit.homes in the settings, else your own",
    )
    audit.add_argument("--since", metavar="S", help="what to report on: 24h, 7d, 2w or a date; default: all of it")
    audit.add_argument("--json", action="store_true", help="one JSON object instead of the text")
    add_places(audit, is_again=True)
    audit.set_defaults(run=_audit)


def _audit(options: argparse.Namespace) -> int:
    import asyncio
    import gc

    gc.disable()  # rows go in no circles, and the collector would look through all of them again and again
    chosen, tell = settings(options), _shown if sys.stderr.isatty() else None
    homes = [Path(home).expanduser() for home in options.home or chosen.audit.homes]
    found = asyncio.run(_imported(options, chosen, homes, tell))
    if sys.stderr.isatty():
        _over("")
    if options.json:
        _print_json(found)
    else:
        from burn_tui.tui.audit_summary_text import text

        print(text(found))
    return ANSWERED


async def _imported(
    options: argparse.Namespace,
    chosen: "Settings",
    homes: Sequence[Path],
    tell: "Callable[[Progress], None] | None",
) -> "Summary":
    from functools import partial

    from burn_tui.core.report import since_of
    from burn_tui.engine.audit.importing import Importer
    from burn_tui.engine.audit.looking import Looking
    from burn_tui.engine.audit.pricing import prices_of
    from burn_tui.engine.audit.summary import summary
    from burn_tui.engine.clock import Clock, local_timezone
    from burn_tui.engine.ledger import Ledger

    clock, place = Clock(), ledger_dir(options)
    since = 0.0 if options.since is None else since_of(options.since, now=clock.now(), timezone=local_timezone())
    ledger = await Ledger.open(place / "ledger.sqlite3", now=clock.now())
    try:
        prices = prices_of(chosen, clock, cache=place / "audit-prices.json")
        importer = Importer(
            ledger,
            prices,
            homes=homes,
            # Whoever names a home wants that one, not what variables say of this one.
            environ={} if options.home else os.environ,
            clock=clock,
        )
        imported = await importer.run(tell)
        looking = Looking(
            ledger,
            prices,
            routes=chosen.routes.values(),
            targets=chosen.catalog.targets,
            cache=place / "audit.json",
        )
        made = await looking.look(since, clock.now())
        return await ledger.reading(partial(summary, logs=imported.logs, audit=made))
    finally:
        await ledger.close()


def _print_json(found: "Summary") -> None:
    import msgspec

    from burn_tui.engine.audit.asking import iterate_json

    document = {
        "totals": found.totals,
        "tools": found.tools,
        "tasks": list(iterate_json(found.audit.tasks)),
        "cheaper_models": found.audit.cheaper,
        "caches": found.audit.caches,
        "providers": found.audit.providers,
        "switches": found.audit.switches,
        "other_routes": found.audit.routes,
        "priced": found.audit.priced,
    }
    print(msgspec.json.encode(document).decode())


def _shown(progress: "Progress") -> None:
    """One line that is written over and over, on a terminal."""
    from burn_tui.tui.audit_summary_text import progress_line

    _over(progress_line(progress))


def _over(line: str) -> None:
    """In place of the line that stands there. The escape sequence is our own and must act, which nothing may that is
    printed: it goes past the filter.
    """
    sys.stderr.buffer.write(f"\r\x1b[K{line}".encode())
    sys.stderr.buffer.flush()
