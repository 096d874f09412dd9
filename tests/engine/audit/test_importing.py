"""What an import makes of homes: right sums, each response once, and prices by the rules that are stated."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.attempts import NOW
from support.checkout import SHARED
from support.homes import (
    PRICES,
    SONNET,
    USAGE,
    audited,
    claude_log,
    codex_log,
    count,
    importer,
    meta,
    prices,
    response,
    turn,
)

from burn_tui.core.audit_progress import Progress
from burn_tui.core.catalog import Target
from burn_tui.core.money import Price, Rates, cost, nanousd
from burn_tui.core.usage import Usage
from burn_tui.engine.audit.asking import Answerers, audit
from burn_tui.engine.audit.logs import Log, roots
from burn_tui.engine.audit.pricing import Prices
from burn_tui.engine.audit.summary import Summary, summary

GENERATOR = SHARED / "logs" / "gen_logs.py"

RECORDS = int(os.environ.get("BURN_TUI_AUDIT_RECORDS", "10000"))
"""Of the generated logs; 100000 takes half a minute."""

PRICE = PRICES[Target("anthropic", SONNET)]

SPLIT = {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 70}


@pytest.mark.skipif(not GENERATOR.exists(), reason="the generator of logs is not beside the checkout")
@pytest.mark.parametrize("seed", [7, 23])
async def test_tokens_and_cost_of_generated_logs_are_the_true_ones(tmp_path: Path, seed: int) -> None:
    home = tmp_path / "home"
    truth = await asyncio.to_thread(generated, home, seed)
    async with audited(tmp_path) as given:
        found = await importer(given.ledger, home, prices_given=list_prices(), workers=2).run()
        made = await given.ledger.reading(partial(looked_at, logs=found.logs))
        models = await given.ledger.read(BY_MODEL, {})
    for tool, true in ((made.tools[0], truth["claude"]), (made.tools[1], truth["codex"])):
        fresh = tool.input_tokens - tool.cache_read_input_tokens - tool.cache_creation_input_tokens
        assert (tool.rows, fresh, tool.output_tokens) == (true["responses"], true["input"], true["output"])
        assert (tool.cache_read_input_tokens, tool.cache_creation_input_tokens) == (
            true["cache_read"],
            true["cache_write"],
        )
        assert tool.reasoning_output_tokens == true["reasoning"]
        assert tool.cost_nanousd == pytest.approx(true["cost"] * 1e9, abs=5_000_000)
    by_model = truth["by_model"]["claude"] | truth["by_model"]["codex"]
    assert {row["model"]: row["rows"] for row in models} == {
        model: true["responses"] for model, true in by_model.items()
    }


def generated(home: Path, seed: int) -> Any:
    """The truth about the logs that were put there."""
    arguments = [str(home), "--records", str(RECORDS), "--seed", str(seed), "--end", "2026-03-02T13:00:00Z"]
    subprocess.run([sys.executable, str(GENERATOR), *arguments], check=True, stdout=subprocess.DEVNULL)
    return json.loads((home / "truth.json").read_text())


def looked_at(connection: sqlite3.Connection, logs: Sequence[Log]) -> Summary:
    """All of the ledger."""
    nobody = Answerers(price=lambda _: None, window=lambda _: None)
    return summary(connection, logs, audit=audit(connection, since=0.0, now=NOW, answerers=nobody))


BY_MODEL = """
    SELECT request_model AS model, sum(attempts) AS rows FROM days JOIN labels ON labels.id = labels GROUP BY 1
"""


LIST_PRICES = {
    Target("anthropic", "claude-sonnet-4-5-20250929"): (3, 15, 0.3, 3.75),
    Target("anthropic", "claude-opus-4-5-20251101"): (5, 25, 0.5, 6.25),
    Target("anthropic", "claude-haiku-4-5-20251001"): (1, 5, 0.1, 1.25),
    Target("openai", "gpt-5-codex"): (1.25, 10, 0.125, 0),
    Target("openai", "gpt-5-mini"): (0.25, 2, 0.025, 0),
}
"""Dollars per million tokens, as the generator has them: input, output, read from a cache, written to one."""


def list_prices() -> Prices:
    own = {
        target: Price(
            rates=Rates(
                input_rate=nanousd(plain),
                output_rate=nanousd(out),
                cache_read_rate=nanousd(read),
                cache_write_rate=nanousd(write),
            )
        )
        for target, (plain, out, read, write) in LIST_PRICES.items()
    }
    return Prices(own, providers={}, today=lambda: date(2026, 3, 2))


async def test_reading_again_changes_nothing(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1), response(2, output=3), response(2, output=70))
    codex_log(tmp_path / "home", meta("a"), turn(), count(1000, 1000))
    async with audited(tmp_path) as audit:
        first = await audit.read()
        sums = await audit.sums()
        second = await audit.read()
        assert (first.new_rows, second.new_rows, second.corrected) == (3, 0, 0)
        assert await audit.sums() == sums


async def test_rows_survive_when_the_tool_deletes_its_logs(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1), response(2))
    async with audited(tmp_path) as audit:
        await audit.read()
        shutil.rmtree(tmp_path / "home")
        found = await audit.read()
        assert (len(found.logs), (await audit.sums())["attempts"]) == (0, 2)


async def test_several_homes_merge_and_a_copy_counts_once(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    claude_log(ours, response(1), response(2))
    claude_log(theirs, response(2), response(3), session="session-9")
    codex_log(ours, meta("a"), turn(), count(1000, 1000))
    codex_log(theirs, meta("a"), turn(), count(1000, 1000), count(3000, 2000, seconds=60))
    async with audited(tmp_path, ours, theirs) as audit:
        await audit.read()
        assert (await audit.sums())["attempts"] == 5


async def test_a_copy_that_was_cut_in_mid_response_counts_with_the_final_line_of_the_other_file(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1), response(2, output=2), session="a-copy")
    claude_log(tmp_path / "home", response(1), response(2, output=2), response(2, output=700), session="b-parent")
    async with audited(tmp_path) as audit:
        await audit.read()
        sums = await audit.sums()
        assert (sums["attempts"], sums["output_tokens"]) == (2, 750)


@pytest.mark.parametrize("cut_first", [True, False])
async def test_it_counts_so_in_whichever_order_the_files_are_read(tmp_path: Path, cut_first: bool) -> None:
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    claude_log(cut, response(2, output=2))
    claude_log(whole, response(2, output=2), response(2, output=700))
    async with audited(tmp_path) as audit:
        for home in (cut, whole) if cut_first else (whole, cut):
            await importer(audit.ledger, home).run()
        sums = await audit.sums()
        usage = Usage(1110, 700, 1000, 100, 0)
        assert (sums["attempts"], sums["output_tokens"]) == (1, 700)
        assert sums["cost_nanousd"] == cost(usage, PRICE)


async def test_the_final_line_that_is_appended_later_makes_the_sums_right(tmp_path: Path) -> None:
    log = claude_log(tmp_path / "home", response(1, output=2))
    async with audited(tmp_path) as audit:
        await audit.read()
        with log.open("ab") as file:
            file.write(json.dumps(response(1, output=700)).encode() + b"\n")
        again = await audit.read()
        sums = await audit.sums()
        assert (again.new_rows, again.corrected) == (0, 1)
        assert (sums["attempts"], sums["output_tokens"]) == (1, 700)
        assert sums["cost_nanousd"] == cost(Usage(1110, 700, 1000, 100, 0), PRICE)


async def test_a_fork_of_codex_counts_only_what_is_its_own_also_where_it_is_read_first(tmp_path: Path) -> None:
    fork, parent = tmp_path / "fork", tmp_path / "parent"
    replayed = [count(1000, 1000, seconds=600), count(3000, 2000, seconds=600)]
    heads = [meta("f", seconds=600, forked_from_id="p"), meta("p"), turn()]
    codex_log(fork, *heads, *replayed, count(7000, 4000, seconds=700))
    codex_log(parent, meta("p"), turn(), count(1000, 1000), count(3000, 2000, seconds=60))
    async with audited(tmp_path, fork, parent) as audit:
        await audit.read()
        sums = await audit.sums()
        assert (sums["attempts"], sums["input_tokens"]) == (3, 7000)


async def test_what_is_written_to_a_cache_for_an_hour_costs_twice_the_input(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1, usage={**USAGE, "cache_creation": SPLIT}))
    async with audited(tmp_path) as audit:
        await audit.read()
        # Dollars per million: 10 at 3, 1000 at 0.30, 30 at 3.75, 70 at 6, and 50 of output at 15.
        assert (await audit.sums())["cost_nanousd"] == 30_000 + 300_000 + 112_500 + 420_000 + 750_000


async def test_without_a_split_what_is_written_costs_the_price_of_five_minutes(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1, usage={name: USAGE[name] for name in USAGE if name != "cache_creation"}))
    async with audited(tmp_path) as audit:
        await audit.read()
        assert (await audit.sums())["cost_nanousd"] == 30_000 + 300_000 + 375_000 + 750_000


async def test_a_request_above_a_threshold_is_priced_as_a_whole_and_its_row_says_so(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1, usage={"input_tokens": 200_001, "output_tokens": 10}), response(2))
    async with audited(tmp_path) as audit:
        await audit.read()
        reasons = {row["input_tokens"]: (row["cost_nanousd"], row["route_reason"]) for row in await audit.rows()}
    assert reasons[200_001] == (
        200_001 * 6000 + 10 * 22_500,
        "from the log of claude_code, at the rates above 200000 input tokens for the whole request",
    )
    assert reasons[1110][1] == "from the log of claude_code"


async def test_an_unknown_model_keeps_its_tokens_and_its_cost_is_unknown(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1), response(2, message={"model": "claude-of-tomorrow"}))
    async with audited(tmp_path) as audit:
        await audit.read()
        found = {row["request_model"]: (row["input_tokens"], row["cost_nanousd"]) for row in await audit.rows()}
        assert found["claude-of-tomorrow"] == (1110, None)
        assert (await audit.sums())["unpriced_requests"] == 1


async def test_a_model_that_the_tool_does_not_name_is_called_unknown(tmp_path: Path) -> None:
    codex_log(tmp_path / "home", meta("a"), count(1000, 1000))
    async with audited(tmp_path) as audit:
        await audit.read()
        (row,) = await audit.rows()
        assert (row["provider_name"], row["request_model"], row["cost_nanousd"]) == ("openai", "unknown", None)


@pytest.mark.parametrize(("trusts", "expected"), [(True, (1_500_000, "logged")), (False, (1_455_000, "price"))])
async def test_a_cost_that_was_noted_is_trusted_if_the_settings_say_so(
    tmp_path: Path, trusts: bool, expected: tuple[int, str]
) -> None:
    claude_log(tmp_path / "home", response(1, costUSD=0.0015))
    async with audited(tmp_path) as audit:
        await audit.read(prices_given=prices(trusts_logged_costs=trusts))
        (row,) = await audit.rows()
        assert (row["cost_nanousd"], row["cost_source"]) == expected


async def test_a_row_says_whose_it_is_and_what_it_was_for(tmp_path: Path) -> None:
    edit = {"content": [{"type": "tool_use", "name": "Edit", "input": {}}]}
    claude_log(tmp_path / "home", response(1, gitBranch="next", message=edit))
    async with audited(tmp_path) as audit:
        await audit.read()
        (row,) = await audit.rows()
        (branch,) = await audit.ledger.read("SELECT name FROM found_branches JOIN names ON names.id = branch", {})
    said = [row[name] for name in ("source", "session_id", "project", "operation_name", "request_model")]
    assert said == ["claude_code", "session-1", "/srv/someone/web", "edit", SONNET]
    assert branch["name"] == "next"
    assert (row["attempt"], row["started_at_us"], row["is_late"]) == (1, 1_772_456_400_000_000, 1)


async def test_a_row_of_this_moment_is_not_late(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1, timestamp="2026-03-02T13:59:00Z"))
    async with audited(tmp_path) as audit:
        await audit.read()
        assert [row["is_late"] for row in await audit.rows()] == [0]


async def test_sums_are_those_that_the_rows_give(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", *(response(number, output=number) for number in range(1, 40)))
    codex_log(tmp_path / "home", meta("a"), turn(), *(count(n * 1000, 1000, seconds=n) for n in range(10, 40)))
    async with audited(tmp_path) as audit:
        await audit.read()
        tables = {}
        for table in ("hours", "days", "session_hours", "latencies"):
            tables[table] = [tuple(row) for row in await audit.ledger.read(f"SELECT * FROM {table}", {})]
        await audit.ledger.rebuild_rollups()
        for table, rows in tables.items():
            assert [tuple(row) for row in await audit.ledger.read(f"SELECT * FROM {table}", {})] == rows


async def test_an_import_that_is_stopped_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burn_tui.engine.audit.importing.BATCH_FILES", 1)
    for number in range(1, 6):
        claude_log(tmp_path / "home", response(number), session=f"session-{number}")

    class StoppedError(Exception):
        pass

    def stop(progress: Progress) -> None:
        if progress.files_done == 2:
            raise StoppedError

    async with audited(tmp_path) as audit:
        with pytest.raises(StoppedError):
            await importer(audit.ledger, tmp_path / "home").run(stop)
        assert (await audit.sums())["attempts"] == 2
        told: list[Progress] = []
        again = await importer(audit.ledger, tmp_path / "home").run(told.append)
        assert (again.new_rows, (await audit.sums())["attempts"]) == (3, 5)
        assert (told[0].files, told[-1].files_done, told[-1].share) == (3, 3, 1.0)


async def test_worker_processes_find_what_one_process_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burn_tui.engine.audit.importing.FEW_BYTES", 0)
    for number in range(1, 6):
        claude_log(tmp_path / "home", response(number), response(9), session=f"session-{number}")
    async with audited(tmp_path) as audit:
        found = await audit.read(workers=2)
        assert (found.new_rows, (await audit.sums())["attempts"]) == (6, 6)


async def test_tools_that_people_have_moved_are_found_by_their_variables(tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    claude_log(tmp_path / "old", response(1))
    (tmp_path / "old" / ".claude").rename(moved)
    async with audited(tmp_path) as audit:
        ours = importer(audit.ledger, tmp_path / "home")
        ours.roots = roots([tmp_path / "home"], {"CLAUDE_CONFIG_DIR": str(moved)})
        assert (await ours.run()).new_rows == 1
