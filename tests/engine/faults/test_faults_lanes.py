"""Several keys or addresses of one provider: spread, and whoever has nothing left is left alone."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.world import BACKUP, FINE, PRIMARY, Scripts, World, nobody_home, world

from burn_tui.core.events import AttemptStarted
from burn_tui.core.failure import Failure
from burn_tui.simulator.script import Action, Answer, Refuse, in_order, rate_limited

ADDRESSES = {"primary": ("second", "third")}


def _left(remaining: int, **more: str) -> Answer:
    """An answer whose headers tell what is left of the rate limit."""
    told = {"x-ratelimit-limit-requests": "100", "x-ratelimit-remaining-requests": str(remaining)}
    return Answer(text="All is well.", headers={**told, **more})


RESET = {"x-ratelimit-reset-requests": "30s"}


def _keys_used(running: World, name: str = "primary") -> Counter[str]:
    return Counter(
        seen.headers["authorization"].removeprefix("Bearer key-of-") for seen in running.providers[name].seen
    )


async def test_32_requests_are_spread_evenly_over_addresses(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": FINE, "second": FINE, "third": FINE}
    async with world(tmp_path, scripts, more_addresses=ADDRESSES) as running:
        lanes = [story.of(AttemptStarted)[0].lane for story in [await running.ask() for _ in range(9)]]
        assert Counter(lanes) == {0: 3, 1: 3, 2: 3}
        assert [running.calls(name) for name in scripts] == [3, 3, 3]


async def test_32_requests_are_spread_evenly_over_keys(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": FINE}, shapes={"primary": {"keys": 2}}) as running:
        for _ in range(6):
            await running.ask()
        assert _keys_used(running) == {"PRIMARY_KEY": 3, "PRIMARY_KEY_2": 3}


@pytest.mark.parametrize(
    "action", [rate_limited(60), Refuse(Failure("auth", "no", 401)), Refuse(Failure("quota_exhausted", "no", 402))]
)
async def test_32_what_one_key_is_refused_is_asked_with_another_before_the_backup(
    tmp_path: Path, action: Action
) -> None:
    scripts: Scripts = {"primary": in_order([action, FINE]), "backup": FINE}
    async with world(tmp_path, scripts, shapes={"primary": {"keys": 2}}) as running:
        story = await running.ask()
        assert (story.asked, story.served, running.calls("backup")) == ([PRIMARY, PRIMARY], PRIMARY, 0)
        for _ in range(4):
            assert (await running.ask()).asked == [PRIMARY]
        assert _keys_used(running) == {"PRIMARY_KEY": 1, "PRIMARY_KEY_2": 5}
        assert running.state() == ("closed", 0)


async def test_32_when_every_key_is_refused_the_backup_is_asked(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": rate_limited(60), "backup": FINE}
    async with world(tmp_path, scripts, shapes={"primary": {"keys": 2}}) as running:
        assert (await running.ask()).asked == [PRIMARY, PRIMARY, BACKUP]
        assert (await running.ask()).asked == [BACKUP]


async def test_32_many_keys_at_their_limit_do_not_use_up_the_attempt_that_the_backup_needs(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": rate_limited(60), "backup": FINE}
    async with world(tmp_path, scripts, shapes={"primary": {"keys": 6}}) as running:
        story = await running.ask()
        assert (story.served, story.asked[-1]) == (BACKUP, BACKUP)


async def test_32_a_dead_address_is_replaced_by_another_of_the_same_provider(tmp_path: Path) -> None:
    shapes: dict[str, Any] = {"primary": {"base_url": nobody_home()}}
    scripts: Scripts = {"primary": FINE, "second": FINE, "backup": FINE}
    async with world(tmp_path, scripts, shapes=shapes, more_addresses={"primary": ("second",)}) as running:
        story = await running.ask()
        assert (story.asked, story.served, running.calls("second")) == ([PRIMARY, PRIMARY], PRIMARY, 1)
        assert running.calls("backup") == 0


async def test_32_the_key_with_most_of_its_limit_left_is_taken(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": _left(10, **RESET), "second": _left(90, **RESET)}
    async with world(tmp_path, scripts, more_addresses={"primary": ("second",)}) as running:
        for _ in range(8):
            await running.ask()
        assert (running.calls("primary"), running.calls("second")) == (1, 7)


@pytest.mark.parametrize("more", [RESET, {}])
async def test_32_who_says_that_nothing_is_left_is_avoided_before_it_refuses(
    tmp_path: Path, more: dict[str, str]
) -> None:
    async with world(tmp_path, {"primary": _left(0, **more), "backup": FINE}) as running:
        assert (await running.ask()).served == PRIMARY
        for _ in range(3):
            assert (await running.ask()).asked == [BACKUP]
        assert running.calls() == 1


async def test_32_who_had_nothing_left_is_the_first_choice_again_after_the_reset(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": _left(0, **RESET), "backup": FINE}) as running:
        await running.ask()
        running.ahead_s = 31.0
        assert (await running.ask()).served == PRIMARY


async def test_32_who_has_nothing_left_is_asked_all_the_same_where_nobody_else_can_be(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": _left(0, **RESET), "backup": rate_limited(60)}) as running:
        assert (await running.ask()).served == PRIMARY
        # The backup is asked first, refuses, and is not the end of it.
        first, second = await running.ask(), await running.ask()
        assert first.asked[0] == BACKUP
        assert (first.served, second.asked) == (PRIMARY, [PRIMARY])


async def test_32_a_key_that_is_not_set_is_not_used(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": FINE}, shapes={"primary": {"keys": 2}}) as running:
        del running.environ["PRIMARY_KEY"]
        await running.restart()
        for _ in range(3):
            await running.ask()
        assert _keys_used(running) == {"PRIMARY_KEY_2": 3}


async def test_32_the_lane_is_in_the_ledger(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": in_order([rate_limited(60), FINE])}, shapes={"primary": {"keys": 2}}) as (
        running
    ):
        await running.ask()
        assert [row.opened.lane for row in await running.rows()] == [0, 1]
