"""Who was refused rests for as long as was asked for, is not touched before, and is then probed by one request."""

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from threading import Event as Gate

import pytest
from msgspec import structs
from support.waiting import until
from support.world import BACKUP, FINE, PRIMARY, Scripts, World, caller_of, world

from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.environment import Environment
from burn_tui.core.events import AttemptStarted, RouteDecided, Waiting
from burn_tui.core.failure import Failure
from burn_tui.core.policy import Policy
from burn_tui.engine.clock import Clock
from burn_tui.engine.settings import Settings
from burn_tui.simulator.script import Held, Refuse, in_order, rate_limited


def _http_date(running: World, seconds: float) -> Refuse:
    at = datetime.fromtimestamp(running.clock.now() + seconds, UTC)
    return Refuse(Failure("rate_limited", "slow down", 429), {"retry-after": format_datetime(at, usegmt=True)})


def _stopped(running: World) -> None:
    """The clock on the wall stands still from now on."""
    now = running.clock.now()
    running.clock = Clock(now=lambda: round(now + running.ahead_s, 6))


async def test_2_a_named_time_is_rested_exactly_and_nobody_sleeps_for_it(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": in_order([rate_limited(2), FINE]), "backup": FINE}) as running:
        _stopped(running)
        await running.restart()
        story = await running.ask()
        assert (story.served, story.waits) == (BACKUP, [])
        assert story.banner.why == "primary refused: rate limited, back in 2 s."
        running.ahead_s = 1.999
        assert (await running.ask()).asked == [BACKUP]
        running.ahead_s = 2.001
        assert (await running.ask()).asked == [PRIMARY]


@pytest.mark.parametrize("notation", ["seconds", "date"])
async def test_3_two_minutes_are_rested_in_either_notation_and_over_a_restart(tmp_path: Path, notation: str) -> None:
    async with world(tmp_path, {"primary": FINE, "backup": FINE}) as running:
        running.script("primary", rate_limited(120) if notation == "seconds" else _http_date(running, 120.0))
        await running.ask()
        assert running.state()[0] == "resting"
        assert 118 <= running.state()[1] <= 120
        running.script("primary", FINE)
        for ahead_s in (30.0, 118.0):
            running.ahead_s = ahead_s
            await running.restart()
            assert (await running.ask()).asked == [BACKUP]
        assert running.calls() == 1
        running.ahead_s = 121.0
        assert (await running.ask()).served == PRIMARY


async def test_3_a_rest_that_is_over_is_forgotten_by_later_processes_as_well(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": in_order([rate_limited(120), FINE]), "backup": FINE}) as running:
        await running.ask()
        running.ahead_s = 121.0
        await running.ask()
        await running.restart()
        assert running.state() == ("closed", 0)


async def test_21_a_lone_provider_at_rest_is_not_touched_by_the_next_five_requests(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": rate_limited()}) as running:
        assert (await running.ask()).errors == ["rate_limited"]
        for _ in range(5):
            story = await running.ask()
            assert story.asked == []
            assert story.refused.kind == "no_target"
        assert running.calls() == 1


@pytest.mark.parametrize("seconds", [(120, 2), (2, 120)])
async def test_22_of_two_rests_that_overlap_the_later_end_holds(tmp_path: Path, seconds: tuple[int, int]) -> None:
    gates = [Gate(), Gate()]
    actions = [Held(gate, rate_limited(s)) for gate, s in zip(gates, seconds, strict=True)]
    async with world(tmp_path, {"primary": in_order(actions), "backup": FINE}) as running:
        both = [asyncio.create_task(running.ask()) for _ in range(2)]
        await until(lambda: running.calls() == 2)
        for gate in gates:
            gate.set()
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*both)
        assert 118 <= running.state()[1] <= 120


async def test_23_when_all_rest_a_request_waits_for_the_earliest_within_its_patience(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": rate_limited(60), "backup": in_order([rate_limited(1), FINE])}
    async with world(tmp_path, scripts) as running:
        await running.ask()
        running.runtime.use(_patient(running, 3.0))
        story = await running.ask()
        assert (story.asked, story.served) == ([BACKUP], BACKUP)
        assert [wait.target for wait in story.waits] == [None]
        assert isinstance(story.events[0], Waiting)
        assert running.calls() == 1


async def test_23_beyond_the_patience_the_refusal_says_when(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": rate_limited(60), "backup": rate_limited(40)}
    async with world(tmp_path, scripts, policy=Policy(patience_s=3.0)) as running:
        first = await running.ask()
        assert first.finished.failure is not None
        assert "the first is back in 40 s" in first.finished.failure.message
        story = await running.ask()
        assert story.waits == []
        assert "rests for 40 s more" in story.refused.reason
        assert story.refused.retry_at == pytest.approx(running.clock.now() + 40, abs=2)


async def test_23_a_request_that_was_refused_itself_waits_within_its_patience_as_well(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": in_order([rate_limited(1), FINE])}
    async with world(tmp_path, scripts, policy=Policy(patience_s=3.0)) as running:
        story = await running.ask()
        assert (story.asked, story.errors, story.served) == ([PRIMARY, PRIMARY], ["rate_limited", None], PRIMARY)
        assert len(story.waits) == 1
        assert story.finished.records[1].opened.waited_s >= 1.0


async def test_23_patience_is_of_the_whole_request_and_not_of_each_wait(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": rate_limited(1)}, policy=Policy(patience_s=1.5)) as running:
        story = await running.ask()
        assert (len(story.asked), len(story.waits), story.served) == (2, 1, None)


async def test_of_many_requests_exactly_one_probes_a_provider_whose_rest_is_over(tmp_path: Path) -> None:
    gate = Gate()
    scripts: Scripts = {"primary": in_order([rate_limited(60), Held(gate, FINE)]), "backup": FINE}
    async with world(tmp_path, scripts) as running:
        await running.ask()
        running.ahead_s = 61.0
        together = asyncio.gather(*(running.ask() for _ in range(16)))
        await until(lambda: running.calls() == 2 and running.calls("backup") == 16)
        gate.set()
        served = [story.served for story in await together]
        assert (served.count(PRIMARY), served.count(BACKUP)) == (1, 15)
        assert (await running.ask()).served == PRIMARY


async def test_a_failed_probe_is_not_retried_and_the_provider_rests_again(tmp_path: Path) -> None:
    stumble = Refuse(Failure("transient", "The server had an error.", 500))
    async with world(tmp_path, {"primary": in_order([rate_limited(60), stumble]), "backup": FINE}) as running:
        await running.ask()
        running.ahead_s = 61.0
        story = await running.ask()
        assert (story.asked, story.waits) == ([PRIMARY, BACKUP], [])
        assert running.state()[0] == "resting"


async def test_a_probe_that_is_refused_before_it_leaves_makes_room_for_the_next(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": in_order([rate_limited(60), FINE]), "backup": FINE}) as running:
        await running.ask()
        running.ahead_s = 61.0
        guarded = Environment(name="production", hue="blue", confirm=True)
        assert (await running.ask(environment=guarded)).refused.kind == "confirmation"
        assert (await running.ask()).served == PRIMARY


async def test_a_request_that_leaves_as_soon_as_it_has_failed_has_taught_something_all_the_same(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, {"primary": rate_limited(60), "backup": FINE}) as running:
        sent = running.runtime.router.send(ChatRequest(messages=(said("user", "Is all well?"),)), caller_of())
        seen = [await anext(sent) for _ in range(3)]
        await sent.aclose()
        assert isinstance(seen[0], RouteDecided)
        assert isinstance(seen[1], AttemptStarted)
        assert running.state()[0] == "resting"


async def test_during_the_pause_before_a_retry_nobody_is_asked_who_began_to_rest(tmp_path: Path) -> None:
    gate = Gate()
    stumble = Refuse(Failure("transient", "The server had an error.", 500))
    scripts: Scripts = {"primary": in_order([Held(gate, rate_limited(60)), stumble]), "backup": FINE}
    async with world(tmp_path, scripts) as running:
        first = asyncio.create_task(running.ask())
        await until(lambda: running.calls() == 1)
        # The second one stumbles, and while it pauses the first one is told to stay away.
        second = await running.ask(each=lambda event: gate.set() if isinstance(event, Waiting) else None)
        assert (second.asked, (await first).asked) == ([PRIMARY, BACKUP], [PRIMARY, BACKUP])
        assert running.calls() == 2


def _patient(running: World, seconds: float) -> Settings:
    policy = Policy(patience_s=seconds)
    routes = {name: structs.replace(route, policy=policy) for name, route in running.settings.routes.items()}
    return structs.replace(running.settings, policy=policy, routes=routes)
