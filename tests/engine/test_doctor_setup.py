"""What the doctor finds in settings, keys, prices, permissions and at the providers."""

import os
from datetime import UTC, datetime, timedelta
from importlib.metadata import distribution
from pathlib import Path

import pytest
from msgspec import structs
from support.command import burn_tui, two_providers

from burn_tui.core.catalog import Catalog, Provider
from burn_tui.engine import doctor_setup
from burn_tui.engine.clock import Clock
from burn_tui.engine.doctor import Finding
from burn_tui.engine.settings import load


def mends(findings: list[Finding]) -> list[str]:
    return [f"{finding.words} -> {finding.mend}" for finding in findings if finding.mend]


async def reached(catalog: Catalog, clock: Clock | None = None) -> list[Finding]:
    return [finding async for finding in doctor_setup.reachability(catalog, clock or Clock())]


def test_settings_that_cannot_be_taken_are_one_finding_and_the_rest_is_looked_at_all_the_same(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("budgts: []\n")
    ended = burn_tui("doctor", "--offline", "--config", str(config), "--data-dir", str(tmp_path / "data"))
    assert ended.code == 1
    assert "mend  settings: cannot be taken, so nothing starts" in ended.out
    assert "Did you mean 'budgets'?" in ended.out
    assert "ledger: none yet" in ended.out


def test_keys_are_told_apart_by_fingerprints_and_never_shown(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        ended = burn_tui("doctor", *world.places, environ=world.environ)
    assert "ok    keys: primary: PRIMARY_KEY, fingerprint " in ended.out
    assert "key-of-primary" not in ended.out + ended.narration


def test_a_missing_key_names_its_variable(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        settings = load(world.config)
    found = mends(list(doctor_setup.keys(settings, {"PRIMARY_KEY": "a"})))
    assert found[0] == "spare has none in SPARE_KEY -> Set SPARE_KEY, or take the provider out."


def test_one_key_for_production_and_for_tests_is_found(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        settings = load(world.config)
    found = mends(list(doctor_setup.keys(settings, {"PRIMARY_KEY": "a", "SPARE_KEY": "a"})))
    assert sum("pay with the same key" in mend for mend in found) == 2  # production with each of the two others


def test_price_data_that_was_installed_long_ago_wants_an_upgrade(tmp_path: Path) -> None:
    installed = next(file for file in distribution("genai-prices").files or () if file.name == "METADATA")
    day = datetime.fromtimestamp(Path(str(installed.locate())).stat().st_mtime, UTC).date()
    assert mends(list(doctor_setup.prices(tmp_path, today=day))) == []
    (old,) = mends(list(doctor_setup.prices(tmp_path, today=day + timedelta(days=90))))
    assert "days ago -> pip install --upgrade genai-prices" in old


def test_what_others_can_read_or_change_is_told_with_the_command(tmp_path: Path) -> None:
    settings, data = tmp_path / "config.yaml", tmp_path / "data"
    settings.write_text("")
    data.mkdir()
    settings.chmod(0o666)
    data.chmod(0o755)
    assert mends(list(doctor_setup.permissions({"settings": settings, "data directory": data}))) == [
        f"settings is open to other users -> Run chmod 644 {settings}.",
        f"data directory is open to other users -> Run chmod 700 {data}.",
    ]
    settings.chmod(0o644)
    data.chmod(0o700)
    assert mends(list(doctor_setup.permissions({"settings": settings, "data directory": data}))) == []


async def test_a_provider_that_answers_and_one_that_does_not(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        catalog = load(world.config).catalog
        answering = await reached(catalog)
        assert mends(answering) == []
        assert not world.was_asked
    gone = mends(await reached(catalog))
    assert len(gone) == 2
    assert all("is not reached" in mend and "Check base_url" in mend for mend in gone)


async def test_a_local_server_that_is_down_is_to_be_started() -> None:
    server = Provider(name="ollama", dialect="ollama-chat", base_url="http://127.0.0.1:9", models=(), is_local=True)
    (gone,) = mends(await reached(Catalog({"ollama": server})))
    assert gone.endswith("-> Start it.")


async def test_a_clock_that_is_wrong_is_told_by_how_much(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        clock = Clock()
        ahead = structs.replace(clock, now=lambda: clock.now() + 7200)
        found = mends(await reached(load(world.config).catalog, ahead))
    assert len(found) == 1
    assert "s ahead of the providers'" in found[0]


@pytest.mark.skipif(os.name == "nt", reason="paths as POSIX has them")
def test_locate_names_every_place(tmp_path: Path) -> None:
    ended = burn_tui("locate", "--config", str(tmp_path / "c.yaml"), "--data-dir", str(tmp_path))
    assert f"settings  {tmp_path / 'c.yaml'}   (not there yet)" in ended.out
    assert f"ledger    {tmp_path / 'ledger.sqlite3'}   (not there yet)" in ended.out
    assert f"data      {tmp_path}\n" in ended.out
