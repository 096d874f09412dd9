"""Looking at an audit: beside the ledger's own work, and remembered while nothing changes."""

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.attempts import NOW, opened, settled
from support.audits import HAIKU, OPUS, PRICES
from support.ledgers import ledger_in, ledger_with

from burn_tui.core.audit import Audit
from burn_tui.core.errors import LedgerError
from burn_tui.core.money import Price
from burn_tui.core.routing import Route
from burn_tui.core.usage import UsageRecord
from burn_tui.engine.audit import asking
from burn_tui.engine.audit.looking import Looking
from burn_tui.engine.audit.pricing import Prices
from burn_tui.engine.ledger import Ledger

SINCE, UNTIL = NOW - 86_400.0, NOW + 86_400.0


def call(**fields: Any) -> UsageRecord:
    return settled(opened(provider_name="anthropic", request_model=OPUS.model, session_id="s", **fields))


def looking(
    ledger: Ledger, *, cache: Path | None = None, price: Callable[..., Price | None] = PRICES.get, **fields: Any
) -> Looking:
    prices = Prices({}, providers={}, today=lambda: date(2026, 3, 2))
    given = {"routes": (Route("quick", (HAIKU,)),), "targets": (HAIKU,)}
    return Looking(ledger, prices, own_price=price, cache=cache, **(given | fields))


async def test_a_ledger_in_a_file_and_one_in_memory_say_the_same(tmp_path: Path) -> None:
    records = [call(), call(operation_name="edit")]
    async with ledger_with(records, []) as in_memory, ledger_in(tmp_path / "ledger.sqlite3") as in_file:
        await in_file.record(records)
        assert await looking(in_file).look(SINCE, UNTIL) == await looking(in_memory).look(SINCE, UNTIL)


async def test_what_was_reckoned_is_remembered_until_the_ledger_changes() -> None:
    async with ledger_with([call()], []) as ledger:
        look = looking(ledger)
        first = await look.look(SINCE, UNTIL)
        assert await look.look(SINCE, UNTIL + 1) is first
        await ledger.record([call()])
        assert (await look.look(SINCE, UNTIL)).attempts == 2


async def test_another_price_or_another_route_is_another_audit() -> None:
    async with ledger_with([call()], []) as ledger:
        costs: list[Price | None] = [PRICES[HAIKU]]
        look = looking(ledger, price=lambda _: costs[0])
        first = await look.look(SINCE, UNTIL)
        costs[0] = PRICES[OPUS]
        second = await look.look(SINCE, UNTIL)
        assert first.routes[0].estimate_nanousd != second.routes[0].estimate_nanousd


async def test_it_is_remembered_from_one_process_to_the_next(tmp_path: Path) -> None:
    cache = tmp_path / "audit.json"
    async with ledger_with([call()], []) as ledger:
        first = await looking(ledger, cache=cache).look(SINCE, UNTIL)
        written = cache.stat().st_mtime_ns
        assert await looking(ledger, cache=cache).look(SINCE, UNTIL) == first
        assert cache.stat().st_mtime_ns == written
        assert (await looking(ledger, cache=cache).look(SINCE - 1, UNTIL)).since == SINCE - 1


async def test_a_broken_memory_is_nothing_but_time_lost(tmp_path: Path) -> None:
    cache = tmp_path / "audit.json"
    cache.write_bytes(b'{"key": "x", "aud')
    async with ledger_with([call()], []) as ledger:
        found: Audit = await looking(ledger, cache=cache).look(SINCE, UNTIL)
    assert found.attempts == 1


async def test_where_no_memory_can_be_written_the_audit_is_the_same(tmp_path: Path) -> None:
    async with ledger_with([call()], []) as ledger:
        found = await looking(ledger, cache=tmp_path / "nowhere" / "audit.json").look(SINCE, UNTIL)
    assert found.attempts == 1


async def test_all_figures_are_of_one_moment_also_if_a_row_comes_in_while_the_look_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    loop = asyncio.get_running_loop()

    def state_of(connection: sqlite3.Connection) -> str:
        asked.append(asking.state_of(connection))
        if len(asked) == 2:  # by the first of the two connections of the look
            asyncio.run_coroutine_threadsafe(ledger.record([call()]), loop).result(60)
        return asked[-1]

    monkeypatch.setattr("burn_tui.engine.audit.looking.state_of", state_of)
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger:
        await ledger.record([call()])
        found = await looking(ledger).look(SINCE, UNTIL)
    assert asked[1] != asked[2]
    assert (found.attempts, sum(tool.attempts for tool in found.tools)) == (2, 2)


async def test_a_look_that_is_given_up_goes_on_and_the_next_one_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    reckoned: list[float] = []

    def counted(connection: sqlite3.Connection, **given: Any) -> Audit:
        reckoned.append(given["since"])
        return asking.audit(connection, **given)

    monkeypatch.setattr("burn_tui.engine.audit.looking.audit", counted)
    async with ledger_with([call()], []) as ledger:
        look = looking(ledger)
        given_up = asyncio.create_task(look.look(SINCE, UNTIL))
        await asyncio.sleep(0)
        given_up.cancel()
        assert (await look.look(SINCE, UNTIL)).attempts == 1
    assert given_up.cancelled()
    assert reckoned == [SINCE]


async def test_a_look_at_a_ledger_that_fails_says_why_and_the_next_one_tries_again() -> None:
    async with ledger_with([call()], []) as ledger:
        look = looking(ledger)
        await ledger.write([("ALTER TABLE found_branches RENAME TO lost", {})])
        with pytest.raises(LedgerError):
            await look.look(SINCE, UNTIL)
        await ledger.write([("ALTER TABLE lost RENAME TO found_branches", {})])
        assert (await look.look(SINCE, UNTIL)).attempts == 1
