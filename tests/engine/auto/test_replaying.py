"""Policies beside the settings: what they would have cost, and how one becomes the settings' own."""

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from support.world import FINE, World, world

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.catalog import Target
from burn_tui.core.errors import WrongCallError
from burn_tui.core.money import Price, Rates

CHEAP, STRONG = Target("cheap", "big"), Target("strong", "big")
SETTINGS = """\
# mine
auto:
  strong_share: 0.3   # as it was
providers: {anthropic: {}}
"""
ALL_STRONG = "auto:\n  strong_share: 1.0\n  mid_share: 0.0\n  local_share: 0.0\n  premium_cap: 1.0\n"


def _price(usd: int) -> Price:
    return Price(rates=Rates(input_rate=usd * 10**9, output_rate=usd * 10**9))


def _world(path: Path) -> Any:
    prices = {CHEAP: _price(1), STRONG: _price(100)}
    return world(path, {"cheap": FINE, "strong": FINE}, prices=prices, auto=AutoPolicy(explore=0.0))


def _at(running: World, path: Path, **policies: str) -> Path:
    """Settings that come from a file, with these policies beside it."""
    file = path / "config.yaml"
    file.write_text(SETTINGS, encoding="utf-8")
    folder = path / "policies"
    folder.mkdir()
    for name, text in policies.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    running.runtime.use(structs.replace(running.runtime.settings, origin=str(file), directory=path))
    return file


async def test_every_policy_of_the_folder_is_replayed_and_a_broken_one_says_why(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        _at(running, tmp_path, strong=ALL_STRONG, broken="auto: [", unknown="auto:\n  strong_shore: 1\n")
        await running.ask("Rename foo to bar.", model="auto")
        await running.ask("Rename bar to baz.", model="auto")
        seen = await running.runtime.replaying.look(running.clock.now() - 3600)
        later = await running.runtime.replaying.look(running.clock.now() + 3600)
    broken, strong, unknown = seen.candidates
    assert (seen.requests, seen.folder) == (2, str(tmp_path / "policies"))
    assert (broken.replay, unknown.replay) == (None, None)
    assert "broken.yaml" in broken.problem
    assert "strong_share" in unknown.problem
    assert strong.replay is not None
    assert strong.replay.other.by_target == {"strong/big": 2}
    assert strong.replay.other.cost_nanousd == 100 * strong.replay.then.cost_nanousd
    assert (later.requests, later.candidates[1].replay) == (0, None)


async def test_adopting_shows_first_which_lines_change_and_then_changes_just_these(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        file = _at(running, tmp_path, thrifty="auto:\n  strong_share: 0.1\n")
        replaying = running.runtime.replaying
        (one,) = (await replaying.look(0.0)).candidates
        assert await replaying.changes(one) == ["-   strong_share: 0.3   # as it was", "+   strong_share: 0.1"]
        assert file.read_text(encoding="utf-8") == SETTINGS
        kept = await replaying.adopt(one)
        assert file.read_text(encoding="utf-8") == SETTINGS.replace("0.3   # as it was", "0.1")
        assert kept.read_text(encoding="utf-8") == SETTINGS
        assert await replaying.changes(one) == []


async def test_without_a_settings_file_nothing_is_offered_and_nothing_adopted(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        file = _at(running, tmp_path, thrifty="auto:\n  strong_share: 0.1\n")
        replaying = running.runtime.replaying
        (one,) = (await replaying.look(0.0)).candidates
        file.unlink()
        assert (await replaying.look(0.0)).folder == ""
        with pytest.raises(WrongCallError, match="no settings file"):
            await replaying.adopt(one)
