"""A real `burn-tui ask` that is killed in mid-stream leaves a row, and the next to open the ledger settles it."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.checkout import console_script
from support.command import World, as_a_shell_has_it, two_providers
from support.ledgers import ledger_in, table

from burn_tui.core.usage import UsageRecord
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger
from burn_tui.simulator.script import Answer

ENDLESS = Answer(text="and on " * 1000, chunk_s=0.02)
SUMS = ("minutes", "hours", "latencies")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def _kill_in_mid_stream(world: World) -> None:
    command = [console_script("burn-tui"), "ask", "go on", *world.places]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=as_a_shell_has_it(world.environ)
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.read(3) == b"and"
        (row,) = world.rows
        assert row["settled_at_us"] is None
        process.kill()
    assert process.returncode == -signal.SIGKILL


async def _sums(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    return {name: await table(ledger, name) for name in SUMS}


async def test_its_row_is_settled_as_interrupted_and_the_sums_are_those_of_the_rows(tmp_path: Path) -> None:
    with two_providers(tmp_path, ENDLESS) as world:
        _kill_in_mid_stream(world)
        async with ledger_in(world.data_dir / "ledger.sqlite3", now=Clock().now()) as ledger:
            (record,) = await ledger.records()
            kept = await _sums(ledger)
            await ledger.rebuild_rollups()
            assert kept == await _sums(ledger)
    _is_interrupted(record)
    assert kept["minutes"]


def _is_interrupted(record: UsageRecord) -> None:
    assert record.error_type == "interrupted"
    assert record.opened.provider_name == "primary"
    # What it had cost up to then is unknown; what was reserved for it stays counted rather than vanishing.
    assert record.cost_nanousd == record.opened.cost_estimate_nanousd
    assert record.cost_source == "estimated"


def test_the_next_command_settles_it_before_it_asks_for_itself(tmp_path: Path) -> None:
    with two_providers(tmp_path, ENDLESS) as world:
        _kill_in_mid_stream(world)
        assert world.ask("--target", "spare").code == 0
        killed, answered = world.rows
    assert killed["error_type"] == "interrupted"
    assert answered["error_type"] is None
