"""`doctor` and `locate`: whether all is well, and where things are."""

import argparse
import os
import sys
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from burn_tui.commands.places import (
    ANSWERED,
    NO_ANSWER,
    Commands,
    add_places,
    config_file,
    data_dir,
    is_explicit,
    ledger_dir,
)

if TYPE_CHECKING:
    from burn_tui.engine.doctor import Finding
    from burn_tui.engine.settings import Settings


def add(commands: Commands) -> None:
    """Put the parsers."""
    doctor = commands.add_parser("doctor", help="what is well and what is not, with the mend", allow_abbrev=False)
    doctor.add_argument("--repair", action="store_true", help="recover what can be read of a damaged ledger")
    doctor.add_argument("--offline", action="store_true", help="do not look whether providers answer")
    add_places(doctor, is_again=True)
    doctor.set_defaults(run=_doctor)

    locate = commands.add_parser("locate", help="where settings, ledger, themes and tokens are", allow_abbrev=False)
    add_places(locate, is_again=True)
    locate.set_defaults(run=_locate)


def _doctor(options: argparse.Namespace) -> int:
    import asyncio

    ledger_dir(options)
    return asyncio.run(_told(options))


async def _told(options: argparse.Namespace) -> int:
    code = ANSWERED
    async for finding in _examined(options):
        print(f"{'ok  ' if finding.mend is None else 'mend'}  {finding.about}: {finding.words}", flush=True)
        if finding.mend is not None:
            code = NO_ANSWER
            print(f"      {finding.mend}", flush=True)
    return code


async def _examined(options: argparse.Namespace) -> "AsyncIterator[Finding]":
    import time

    from burn_tui.engine import doctor, doctor_setup
    from burn_tui.engine.clock import Clock

    patient = doctor.Patient(data_dir=data_dir(options), now=time.time())
    if options.repair:
        for sentence in doctor.repaired(patient):
            print(sentence)
    path = config_file(options)
    finding, settings = doctor_setup.settings_file(path, os.environ, is_explicit=is_explicit(options))
    yield finding
    if settings is not None and not options.offline:
        settings = await doctor_setup.with_servers(settings)
    for one in (*_of_setup(options, settings), *doctor.examined(patient)):
        yield one
    if settings is not None and not options.offline:
        async for one in doctor_setup.reachability(settings.catalog, Clock()):
            yield one


def _of_setup(options: argparse.Namespace, settings: "Settings | None") -> "Iterator[Finding]":
    from datetime import date

    from burn_tui.engine import doctor_setup
    from burn_tui.tui import doctor_terminal

    place, path = data_dir(options), config_file(options)
    if settings is not None:
        yield from doctor_setup.keys(settings, os.environ)
    yield from doctor_setup.prices(place, today=date.today())  # noqa: DTZ011 - the day on the person's wall
    yield from doctor_setup.permissions({"settings": path, "data directory": place})
    yield from doctor_terminal.terminal(os.environ)
    yield from doctor_terminal.clipboard(os.environ)
    yield from doctor_terminal.tmux(os.environ)
    if settings is not None:
        yield from doctor_terminal.keys(settings, os.environ)


def _locate(options: argparse.Namespace) -> int:
    place, path = data_dir(options), config_file(options)
    for what, where in {
        "settings": path,
        "themes": path.parent / "themes",
        "prompts": path.parent / "prompts",
        "data": place,
        "ledger": place / "ledger.sqlite3",
        "tokens": place / "tokens",
        "crashes": place / "crashes",
    }.items():
        print(f"{what:9} {where}{'' if where.exists() else '   (not there yet)'}", file=sys.stdout)
    return ANSWERED
