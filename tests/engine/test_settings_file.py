"""A settings file that is edited while burn-tui runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.waiting import until

from burn_tui.core.errors import SettingsError
from burn_tui.engine.clock import Clock
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.settings import load
from burn_tui.engine.settings_file import follow, settings_for, stamp

FIRST = """\
providers:
  near: {dialect: ollama-chat, base_url: "http://127.0.0.1:9", models: [small], local: true}
environments:
  local: {hue: yellow}
"""
SECOND = FIRST.replace("models: [small]", "models: [small, large]").replace("hue: yellow", "hue: green")


@asynccontextmanager
async def _running(path: Path, tmp_path: Path) -> AsyncIterator[Runtime]:
    runtime = await Runtime.open(load(path), data_dir=tmp_path / "data", environ={}, clock=Clock())
    following = asyncio.create_task(follow(path, runtime, seen=stamp(path), look_s=0.001))
    yield runtime
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await runtime.close()


def _write(path: Path, text: str) -> None:
    path.write_text(text)


def _remove(path: Path) -> None:
    path.unlink()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    _write(file, FIRST)
    return file


async def test_a_change_is_taken_over_and_reaches_sessions_that_are_open(path: Path, tmp_path: Path) -> None:
    async with _running(path, tmp_path) as runtime:
        session = runtime.session("work", "local")
        _write(path, SECOND)
        await until(lambda: len(runtime.router.catalog.targets) == 2)
        assert session.environment.hue == "green"


async def test_a_bad_version_keeps_the_settings_and_says_so_until_it_is_mended(path: Path, tmp_path: Path) -> None:
    async with _running(path, tmp_path) as runtime:
        _write(path, FIRST.replace("hue:", "hew:"))
        await until(lambda: runtime.notices)
        (notice,) = runtime.notices
        assert "line 4" in notice
        assert "'hue'" in notice
        assert [target.model for target in runtime.router.catalog.targets] == ["small"]
        _write(path, SECOND)
        await until(lambda: not runtime.notices)
        assert [target.model for target in runtime.router.catalog.targets] == ["small", "large"]


async def test_a_file_that_goes_away_leaves_the_settings_and_one_that_comes_back_is_read(
    path: Path, tmp_path: Path
) -> None:
    async with _running(path, tmp_path) as runtime:
        _remove(path)
        await asyncio.sleep(0)
        assert [target.model for target in runtime.router.catalog.targets] == ["small"]
        _write(path, SECOND)
        await until(lambda: len(runtime.router.catalog.targets) == 2)


async def test_an_environment_that_was_taken_out_counts_as_the_most_dangerous_one(path: Path, tmp_path: Path) -> None:
    async with _running(path, tmp_path) as runtime:
        session = runtime.session("work", "local")
        _write(path, FIRST.replace("  local:", "  elsewhere:"))
        await until(lambda: not session.environment.is_known)
        assert session.environment.is_production


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        settings_for(tmp_path / "no.yaml", {}, is_explicit=True)
    assert not settings_for(tmp_path / "no.yaml", {}, is_explicit=False).catalog.providers
