"""What cannot be used is said with its mend, and the rest keeps working."""

import os
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.attempts import opened, settled
from support.command import two_providers
from support.waiting import until

from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.events import RequestFinished
from burn_tui.core.money import NANOUSD
from burn_tui.engine.admission import Caller
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.router import Router
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.settings import Settings, load, read
from burn_tui.engine.yaml_source import parse

ENVIRON = {"PRIMARY_KEY": "key-of-primary", "SPARE_KEY": "key-of-spare"}
REQUEST = ChatRequest(messages=(said("user", "why?"),))


def _no_database(directory: Path) -> Path:
    directory.mkdir()
    (directory / "ledger.sqlite3").write_text("a letter to my aunt\n" * 300)
    return directory


def _of_another_program(directory: Path) -> Path:
    directory.mkdir()
    with closing(sqlite3.connect(directory / "ledger.sqlite3")) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.commit()
    return directory


def _a_file(directory: Path) -> Path:
    directory.write_text("not a directory")
    return directory


def _read_only(directory: Path) -> Path:
    if os.geteuid() == 0:  # whom no mode keeps from writing
        return Path("/proc/self/burn-tui")
    directory.mkdir(mode=0o500)
    return directory


on_unix = pytest.mark.skipif(sys.platform == "win32", reason="directories have other guards there")
UNUSABLE = [
    pytest.param(_no_database, "is not a burn-tui ledger", id="not a database"),
    pytest.param(_of_another_program, "is a database of another program", id="of another program"),
    pytest.param(_a_file, "cannot be", id="a file in place of the directory"),
    pytest.param(_read_only, "cannot be", id="read-only directory", marks=on_unix),
]


@asynccontextmanager
async def runtime_in(settings: Settings, data_dir: Path) -> AsyncIterator[Runtime]:
    runtime = await Runtime.open(settings, data_dir=data_dir, environ=ENVIRON)
    try:
        yield runtime
    finally:
        await runtime.close()


async def _asked(runtime: Runtime, environment: str | None = None) -> RequestFinished:
    caller = Caller(environment=runtime.environment(environment))
    async with aclosing(runtime.router.send(REQUEST, caller)) as events:
        seen = [event async for event in events]
    assert isinstance(seen[-1], RequestFinished)
    return seen[-1]


def _tell(text: str) -> Settings:
    return read(parse(text, file="config.yaml"))


@pytest.mark.parametrize(("spoil", "words"), UNUSABLE)
async def test_a_ledger_that_cannot_be_used_is_a_notice_and_prompts_are_still_answered_and_counted(
    spoil: Callable[[Path], Path], words: str, tmp_path: Path
) -> None:
    data_dir = spoil(tmp_path / "data")
    with two_providers(tmp_path) as world:
        async with runtime_in(load(world.config), data_dir) as runtime:
            notice = runtime.notices[0]
            assert (await _asked(runtime)).served is not None
            assert (await runtime.burn()).spent_nanousd > 0
    assert notice.startswith("What you spend now is NOT kept.")
    assert words in notice
    assert str(data_dir) in notice
    assert "--data-dir" in notice


async def test_a_file_that_is_no_ledger_is_left_as_it_is(tmp_path: Path) -> None:
    data_dir = _no_database(tmp_path / "data")
    before = (data_dir / "ledger.sqlite3").read_bytes()
    with two_providers(tmp_path) as world:
        async with runtime_in(load(world.config), data_dir) as runtime:
            await _asked(runtime)
    assert (data_dir / "ledger.sqlite3").read_bytes() == before


async def test_a_usable_ledger_is_no_notice_and_keeps_what_was_spent(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        async with runtime_in(load(world.config), tmp_path / "data") as runtime:
            assert [notice for notice in runtime.notices if "NOT kept" in notice] == []
            await _asked(runtime)
            spent = (await runtime.burn()).spent_nanousd
        async with runtime_in(load(world.config), tmp_path / "data") as again:
            assert (await again.burn()).spent_nanousd == spent > 0


async def test_a_runtime_that_cannot_be_opened_leaves_no_thread_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cannot(_router: Router) -> None:
        raise RuntimeError("of whatever kind")

    monkeypatch.setattr(Router, "remember", cannot)
    before = threading.active_count()
    with pytest.raises(RuntimeError):
        await Runtime.open(_tell("{}"), data_dir=tmp_path / "data", environ={})
    await until(lambda: threading.active_count() == before)


# --- keys that are shared --------------------------------------------------------------------------

SHARED_KEY = """\
providers:
  primary: {dialect: openai-chat, base_url: "http://127.0.0.1:9/v1", api_key: "${PRIMARY_KEY}", models: [big]}
  spare:   {dialect: openai-chat, base_url: "http://127.0.0.1:9/v1", api_key: "${SPARE_KEY}", models: [big]}
environments:
  production: {allow: [primary]}
  local:      {allow: [spare]}
"""


async def test_a_key_with_which_production_and_others_pay_is_a_notice_that_does_not_tell_it(tmp_path: Path) -> None:
    settings = _tell(SHARED_KEY.replace("allow: [spare]", "allow: [primary, spare]"))
    async with runtime_in(settings, tmp_path) as runtime:
        (notice,) = runtime.notices
    assert "production and local pay with the same key of primary" in notice
    assert "Give local a key of its own" in notice
    assert ENVIRON["PRIMARY_KEY"] not in notice


@pytest.mark.parametrize(
    "settings",
    [
        SHARED_KEY,
        SHARED_KEY.replace("allow: [spare]", "allow: [primary, spare], privacy: local"),
        SHARED_KEY.replace("production:", "staging:").replace("allow: [spare]", "allow: [primary]"),
        SHARED_KEY.replace("${PRIMARY_KEY}", "${UNSET_KEY}").replace("allow: [spare]", "allow: [primary]"),
    ],
    ids=["each has its own", "nothing leaves the machine", "no production", "no key"],
)
async def test_keys_that_are_not_shared_with_production_are_no_notice(settings: str, tmp_path: Path) -> None:
    async with runtime_in(_tell(settings), tmp_path) as runtime:
        assert runtime.notices == []


# --- figures ---------------------------------------------------------------------------------------


async def test_the_day_is_measured_against_the_daily_budget_in_its_own_time_zone(tmp_path: Path) -> None:
    settings = _tell("budgets:\n  - {name: daily, limit_usd: 20, timezone: Pacific/Kiritimati}\n")
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()  # two o'clock at night of the third, in Kiritimati
    clock = Clock(now=lambda: noon)
    runtime = await Runtime.open(settings, data_dir=tmp_path, environ={}, clock=clock)
    try:
        for hours_ago in (1, 3):
            await runtime.ledger.record([settled(opened(started_at=noon - 3600 * hours_ago), cost_nanousd=NANOUSD)])
        burn = await runtime.burn()
    finally:
        await runtime.close()
    assert burn.limit_nanousd == 20 * NANOUSD
    assert burn.spent_nanousd == NANOUSD


async def test_without_a_budget_there_is_no_limit_to_measure_against(tmp_path: Path) -> None:
    async with runtime_in(_tell("{}"), tmp_path) as runtime:
        assert (await runtime.burn()).limit_nanousd is None


async def test_every_environment_has_a_session_to_begin_with(tmp_path: Path) -> None:
    async with runtime_in(_tell(SHARED_KEY), tmp_path) as runtime:
        assert [session.environment.name for session in runtime.opening_sessions()] == ["production", "local"]
        assert runtime.environment(None).name == "local"
        assert not runtime.environment("elsewhere").is_known


async def test_a_look_without_news_asks_the_ledger_one_tiny_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TZ", raising=False)
    clock = Clock(now=lambda: 1_772_460_120.0)
    runtime = await Runtime.open(_tell(""), data_dir=tmp_path, environ=ENVIRON, clock=clock)
    try:
        await runtime.burn()
        asked: list[str] = []

        async def version() -> tuple[int, ...]:
            asked.append("version")
            return await Ledger.data_version(runtime.ledger)

        async def reading(_work: object) -> None:
            asked.append("more")

        monkeypatch.setattr(runtime.ledger, "data_version", version)
        monkeypatch.setattr(runtime.ledger, "reading", reading)
        await runtime.burn()
        assert asked == ["version"]
    finally:
        await runtime.close()
