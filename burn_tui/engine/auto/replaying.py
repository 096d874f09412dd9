"""What the past would have cost under other policies of auto, and how one of them becomes the settings' own.

A policy is a YAML file with the sections `auto:` or `rules:`. The dashboard offers those in the folder `policies`
beside the settings; the command takes any file.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec import Struct, structs

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.catalog import Target
from burn_tui.core.errors import BurnError, WrongCallError
from burn_tui.core.money import cost
from burn_tui.core.route_replay import Past, Replay, replay
from burn_tui.core.task_class import TASK_CLASSES, TaskClass
from burn_tui.core.usage import Usage
from burn_tui.engine.auto.adopting import adopt, changes
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.settings import Settings
from burn_tui.engine.settings_auto import policy_in
from burn_tui.engine.setup import Setup
from burn_tui.engine.tables import auto_rows as sql
from burn_tui.engine.yaml_source import parse

FOLDER = "policies"

_DAY_US = 86_400_000_000

_ATTEMPTS = """
    SELECT request_id, provider_name, request_model, input_tokens, output_tokens, cost_nanousd, duration_us
    FROM attempts WHERE started_at_us >= :since_us AND error_type IS NULL AND duration_us IS NOT NULL
"""


class Candidate(Struct, frozen=True, kw_only=True):
    """One policy that could be adopted."""

    name: str
    """Of its file, without its ending."""
    file: str
    text: str
    replay: Replay | None = None
    """What it would have come to; None = it cannot be read, or nothing was asked in that time."""
    problem: str = ""
    """Why it cannot be read; "" = it can."""


class Replayed(Struct, frozen=True, kw_only=True):
    """All of them."""

    candidates: tuple[Candidate, ...]
    folder: str
    """Where they are looked for; "" = there is no settings file that one could be written to."""
    requests: int
    """So many were planned and answered in that time."""


class Replaying:
    """Of one runtime."""

    def __init__(self, ledger: Ledger, setup: Callable[[], Setup], settings: Callable[[], Settings]) -> None:
        self._ledger = ledger
        self._setup = setup
        self._settings = settings

    async def look(self, since: float) -> Replayed:
        """Every policy of the folder over the requests since then, in seconds since the epoch."""
        directory = self._settings().directory
        folder = directory / FOLDER if directory is not None and self._settings_file() is not None else None
        past = await past_since(self._ledger, since)
        found = await asyncio.to_thread(_read, folder) if folder is not None else []
        setup = self._setup()
        await setup.prices.ready()
        candidates = tuple([await asyncio.to_thread(_candidate, file, text, past, setup) for file, text in found])
        return Replayed(candidates=candidates, folder=str(folder) if folder else "", requests=len(past))

    async def changes(self, one: Candidate) -> list[str]:
        """The lines of the settings file that adopting it would take away ("- ") and add ("+ ")."""
        return await asyncio.to_thread(changes, one.text, policy_file=one.file, settings_file=self._must_be_there())

    async def adopt(self, one: Candidate) -> Path:
        """Make it the settings' own; gives where the file is kept as it was before."""
        return await asyncio.to_thread(adopt, one.text, policy_file=one.file, settings_file=self._must_be_there())

    def _settings_file(self) -> Path | None:
        file = Path(self._settings().origin)
        return file if file.is_file() else None

    def _must_be_there(self) -> Path:
        file = self._settings_file()
        if file is None:
            mend = "Make one first: what burn-tui found in the environment has no file to write to."
            raise WrongCallError("There is no settings file.", mend=mend)
        return file


async def past_since(ledger: Ledger, since: float) -> list[Past]:
    """The requests since then, in seconds since the epoch, that were planned and answered; oldest first."""
    return await ledger.reading(partial(_past, since_us=int(since * 1e6)))


def replay_under(policy: AutoPolicy, past: list[Past], setup: Setup) -> Replay:
    """What they would have come to under that policy, at today's prices."""

    def price(target: Target, one: Past) -> int | None:
        if setup.is_local(target):
            return 0
        rates = setup.prices.price(target)
        usage = Usage(input_tokens=one.input_tokens, output_tokens=one.output_tokens)
        return cost(usage, rates) if rates else None

    return replay(past, policy, setup.catalog.targets, cost=price, is_local=setup.is_local)


def _candidate(file: Path, text: str, past: list[Past], setup: Setup) -> Candidate:
    plain = Candidate(name=file.stem, file=str(file), text=text)
    try:
        policy = policy_in(parse(text, file=str(file)), setup.catalog)
    except BurnError as error:
        return structs.replace(plain, problem=str(error))
    return structs.replace(plain, replay=replay_under(policy, past, setup)) if past else plain


def _read(folder: Path) -> list[tuple[Path, str]]:
    """Every policy file with its text, by name; what cannot be read as text is told by the parser as broken."""
    files = sorted(one for pattern in ("*.yaml", "*.yml") for one in folder.glob(pattern) if one.is_file())
    return [(file, file.read_text(encoding="utf-8", errors="replace")) for file in files]


def _past(connection: sqlite3.Connection, *, since_us: int) -> list[Past]:
    """What auto noted of each request, with what the ledger says of its answer."""
    answers = {row[0]: row for row in connection.execute(_ATTEMPTS, {"since_us": since_us})}
    found = []
    for row in sql.decisions(connection, since_us):
        answer = answers.get(row.request_id)
        task: TaskClass = next((one for one in TASK_CLASSES if one == row.task), "other")
        if answer is None:
            continue
        found.append(
            Past(
                day=row.at_us // _DAY_US,
                task=task,
                score=row.score,
                gain=row.gain,
                project=row.project,
                operation=row.operation,
                target=Target(answer[1], answer[2]),
                input_tokens=answer[3] or 0,
                output_tokens=answer[4] or 0,
                cost_nanousd=answer[5],
                duration_s=answer[6] / 1e6,
            )
        )
    return found
