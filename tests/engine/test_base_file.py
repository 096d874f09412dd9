"""A repository's settings hold once they are trusted as they are, and not a moment longer."""

import asyncio
from pathlib import Path

import pytest
from support.command import burn_tui
from support.waiting import until

from burn_tui.core.errors import SettingsError
from burn_tui.engine.base_file import NAME, TrustBook, nearest, read, under
from burn_tui.engine.clock import Clock
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.settings import Settings, load
from burn_tui.engine.settings_file import follow, settings_for, stamp

SETTINGS = """\
providers:
  openai: {api_key: "${OPENAI_API_KEY}", models: [gpt-5, gpt-5-mini]}
  ollama: {models: [qwen3]}
environments:
  production: {confirm: false}
  sandbox: {}
routes:
  - {name: default, use: [openai/gpt-5, openai/gpt-5-mini]}
  - {name: best, use: [openai/gpt-5]}
"""

BASE = """\
environments:
  production: {confirm: true, allow: [openai]}
targets: ["openai/*-mini"]
budgets:
  - {name: here, limit_usd: 5}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    directory = tmp_path / "repository"
    (directory / "deep" / "inside").mkdir(parents=True)
    (directory / NAME).write_text(BASE)
    return directory


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "config.yaml"
    file.write_text(SETTINGS)
    return load(file)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"BURN_TUI_DATA_DIR": str(tmp_path / "data")}


def test_a_file_that_nobody_has_trusted_changes_nothing_and_says_so(
    settings: Settings, repository: Path, environ: dict[str, str]
) -> None:
    found = under(settings, repository, environ)
    assert found.catalog == settings.catalog
    assert found.environments == settings.environments
    (remark,) = found.remarks
    assert "was never trusted" in remark
    assert "burn-tui trust" in remark


def test_once_trusted_it_takes_away_also_further_inside(
    settings: Settings, repository: Path, environ: dict[str, str]
) -> None:
    TrustBook.of(environ).trust(repository / NAME)
    found = under(settings, repository / "deep" / "inside", environ)
    assert found.remarks == ()
    assert [str(target) for target in found.catalog.targets] == ["openai/gpt-5-mini"]
    assert list(found.environments) == ["production"]
    assert found.environments["production"].confirm
    assert {name: len(route.targets) for name, route in found.routes.items()} == {"default": 1}
    assert [budget.name for budget in found.budgets] == ["here"]


def test_after_an_edit_it_is_ignored_until_it_is_trusted_again(
    settings: Settings, repository: Path, environ: dict[str, str]
) -> None:
    book = TrustBook.of(environ)
    book.trust(repository / NAME)
    (repository / NAME).write_text(BASE + "privacy: local\n")
    (remark,) = under(settings, repository, environ).remarks
    assert "has changed since it was trusted" in remark
    book.trust(repository / NAME)
    assert under(settings, repository, environ).base.privacy == "local"


def test_what_is_trusted_no_longer_is_ignored(settings: Settings, repository: Path, environ: dict[str, str]) -> None:
    book = TrustBook.of(environ)
    book.trust(repository / NAME)
    assert book.revoke(repository / NAME)
    assert not book.revoke(repository / NAME)
    assert under(settings, repository, environ).catalog == settings.catalog


def test_a_copy_elsewhere_is_not_trusted_with_the_first(
    settings: Settings, repository: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    TrustBook.of(environ).trust(repository / NAME)
    other = tmp_path / "other"
    other.mkdir()
    (other / NAME).write_text(BASE)
    assert "was never trusted" in under(settings, other, environ).remarks[0]


def test_a_trust_book_that_is_damaged_trusts_nothing(
    settings: Settings, repository: Path, environ: dict[str, str]
) -> None:
    book = TrustBook.of(environ)
    book.trust(repository / NAME)
    book.file.write_text("{")
    assert under(settings, repository, environ).remarks


@pytest.mark.parametrize("text", ["providers: {}", "privacy: public", "budgets: [{name: a}]", "environments: [a]"])
def test_what_it_may_not_say_is_an_error_with_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(SettingsError, match="line 1"):
        read(tmp_path / NAME)


def test_the_nearest_file_is_the_one_that_counts(repository: Path) -> None:
    inner = repository / "deep" / NAME
    inner.write_text("")
    assert nearest(repository / "deep" / "inside") == inner


def test_trust_on_the_command_line_tells_what_holds_from_now_on(repository: Path, tmp_path: Path) -> None:
    environ = {"BURN_TUI_DATA_DIR": str(tmp_path / "data")}
    ended = burn_tui("trust", str(repository / NAME), environ=environ)
    assert ended.code == 0
    assert "only openai/*-mini" in ended.out
    assert TrustBook.of(environ).trusts(repository / NAME, BASE.encode())
    assert burn_tui("trust", "--revoke", str(repository / NAME), environ=environ).code == 0
    assert not TrustBook.of(environ).has_trusted(repository / NAME)


async def test_trust_and_edits_are_followed_while_it_runs(
    repository: Path, tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    file = tmp_path / "config.yaml"
    file.write_text(SETTINGS)
    settings = settings_for(file, environ, is_explicit=True)
    runtime = await Runtime.open(settings, data_dir=tmp_path / "data", environ=environ, clock=Clock())
    following = asyncio.create_task(follow(file, runtime, seen=stamp(file), look_s=0.001, environ=environ))
    await asyncio.sleep(0)  # it has looked once
    try:
        assert "was never trusted" in " ".join(runtime.notices)
        TrustBook.of(environ).trust(repository / NAME)
        await until(lambda: len(runtime.router.catalog.targets) == 1)
        assert not any(NAME in notice for notice in runtime.notices)
        (repository / NAME).write_text(BASE + "privacy: local\n")
        await until(lambda: "has changed since it was trusted" in " ".join(runtime.notices))
        assert len(runtime.router.catalog.targets) == 3
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await runtime.close()
