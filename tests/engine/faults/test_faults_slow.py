"""Behaviour 33: slow but not failing. With `hedge: true` the backup is asked as well; whoever speaks first goes on."""

from pathlib import Path

import pytest
from support.world import BACKUP, FINE, PRIMARY, World, world

from burn_tui.core.events import FellBack, Hedged, TextDelta
from burn_tui.core.policy import Policy
from burn_tui.core.routing import FEWEST_HEDGE_SAMPLES
from burn_tui.core.usage import AttemptOpened, UsageRecord
from burn_tui.simulator.script import Answer, Hang, Script, rate_limited

HEDGING = Policy(hedge=True)
USUAL_S = 0.05
SLOW = Answer(text="Here I am at last.", first_chunk_s=60.0)
A_LITTLE_LATE = Answer(text="Only a little late.", first_chunk_s=1.5)


async def _with_history(running: World, samples: int = FEWEST_HEDGE_SAMPLES) -> None:
    """Let the ledger know how fast the primary usually is."""
    now = running.clock.now()
    await running.runtime.ledger.record(
        UsageRecord(
            opened=AttemptOpened(
                event_id=running.clock.new_id(),
                request_id=running.clock.new_id(),
                attempt=1,
                started_at=now - 60,
                provider_name=PRIMARY.provider_name,
                request_model=PRIMARY.model,
            ),
            duration_s=1.0,
            time_to_first_chunk_s=USUAL_S,
            cost_nanousd=0,
        )
        for _ in range(samples)
    )


async def test_33_a_target_far_slower_than_usual_is_overtaken_in_plain_sight_and_both_are_metered(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, {"primary": SLOW, "backup": FINE}, policy=HEDGING) as running:
        await _with_history(running)
        story = await running.ask()
        assert story.served == BACKUP
        assert story.text == FINE.text
        (hedged,) = story.of(Hedged)
        assert (hedged.slow_target, hedged.also_target) == (PRIMARY, BACKUP)
        assert "far longer than usual" in story.banner.why
        assert story.banner.error_type == "timeout"
        assert story.errors == ["cancelled", None]
        rows = (await running.rows())[-2:]
        assert [row.opened.attempt for row in rows] == [1, 2]
        assert rows[0].usage.estimated
        assert rows[1].opened.fell_back_from == str(PRIMARY)
        assert await running.runtime.ledger.open_attempts() == 0
        assert running.state(PRIMARY)[0] == "closed"


async def test_33_the_first_target_goes_on_if_it_speaks_first_after_all(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": A_LITTLE_LATE, "backup": Hang(60.0)}, policy=HEDGING) as running:
        await _with_history(running)
        story = await running.ask()
        assert story.served == PRIMARY
        assert story.text == A_LITTLE_LATE.text
        assert story.of(Hedged)
        assert not story.of(FellBack)
        assert story.errors == ["cancelled", None]
        assert [record.opened.attempt for record in story.finished.records] == [2, 1]
        assert await running.runtime.ledger.open_attempts() == 0


async def test_33_a_backup_that_refuses_leaves_the_first_target_to_answer(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": A_LITTLE_LATE, "backup": rate_limited(30.0)}, policy=HEDGING) as running:
        await _with_history(running)
        story = await running.ask()
        assert (story.served, story.text) == (PRIMARY, A_LITTLE_LATE.text)
        assert story.errors == ["rate_limited", None]
        assert running.state(BACKUP) == ("resting", 30)


@pytest.mark.parametrize(("policy", "samples"), [(Policy(), FEWEST_HEDGE_SAMPLES), (HEDGING, FEWEST_HEDGE_SAMPLES - 1)])
async def test_33_nobody_is_asked_twice_unless_it_was_wished_for_and_the_usual_is_known(
    policy: Policy, samples: int, tmp_path: Path
) -> None:
    async with world(tmp_path, {"primary": A_LITTLE_LATE, "backup": FINE}, policy=policy) as running:
        await _with_history(running, samples)
        story = await running.ask()
        assert story.served == PRIMARY
        assert running.calls("backup") == 0


async def test_33_a_request_that_is_given_up_while_two_are_asked_leaves_nothing_open(tmp_path: Path) -> None:
    scripts: dict[str, Script | Answer | Hang] = {"primary": SLOW, "backup": Hang(60.0)}
    async with world(tmp_path, scripts, policy=HEDGING) as running:
        await _with_history(running)
        seen: list[Hedged] = []
        with pytest.raises(_EnoughError):
            await running.ask(each=lambda event: _stop_at(event, seen))
        rows = (await running.rows())[-2:]
        assert {row.error_type for row in rows} == {"cancelled"}
        assert await running.runtime.ledger.open_attempts() == 0


class _EnoughError(Exception):
    pass


def _stop_at(event: object, seen: list[Hedged]) -> None:
    assert not isinstance(event, TextDelta)
    if isinstance(event, Hedged):
        seen.append(event)
        raise _EnoughError
