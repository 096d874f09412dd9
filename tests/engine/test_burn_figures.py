"""What screens show is what really happened: the real router against simulated providers, the real ledger between."""

from pathlib import Path

import pytest
from msgspec import structs
from support.world import BACKUP, FINE, PRICE, PRIMARY, World, world

from burn_tui.core.alerts import Alert
from burn_tui.core.environment import Environment
from burn_tui.core.inspection import Which
from burn_tui.core.usage import AttemptOpened, Usage, UsageRecord
from burn_tui.engine.probe import OPERATION, probe
from burn_tui.simulator.script import rate_limited

LIMITED = structs.replace(
    FINE,
    headers={
        "x-ratelimit-limit-requests": "50",
        "x-ratelimit-remaining-requests": "6",
        "x-ratelimit-reset-requests": "41s",
    },
)


async def test_what_is_left_of_a_rate_limit_stands_beside_its_provider_and_in_the_tension(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": LIMITED}) as there:
        await there.ask()
        burn = await there.runtime.burn()
        assert burn.headroom == {"primary": 0.12}
        assert burn.tension is not None
        assert (burn.tension.worst.name, burn.tension.worst.whose) == ("rate limits", "primary")
        (limit,) = there.runtime.lens.limits()
        assert (limit.headroom.remaining, limit.headroom.limit) == (6, 50)


async def test_a_request_that_fell_back_is_taken_apart_with_its_bill_and_its_reasons(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": rate_limited(60.0), "backup": FINE}) as there:
        story = await there.ask(operation_name="review")
        lens = there.runtime.lens
        request_id = await lens.earlier()
        assert request_id == story.finished.request_id
        first, second = await lens.request(request_id)
        assert (first.record.error_type, second.record.opened.fell_back_from) == ("rate_limited", str(PRIMARY))
        assert sum(line.nanousd for line in second.lines) == second.record.cost_nanousd
        (rest,) = lens.rests()
        assert (rest.scope.provider_name, rest.why) == ("primary", "rate_limited")
        assert 55 < rest.left_s <= 60


async def test_a_provider_has_its_state_its_key_and_its_last_error(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": rate_limited(60.0), "backup": FINE}) as there:
        await there.ask()
        primary, backup = await there.runtime.lens.providers()
        assert (primary.state, primary.why, backup.state) == ("resting", "rate_limited", "closed")
        assert primary.key_fingerprint is not None
        assert primary.key_fingerprint != backup.key_fingerprint
        assert primary.last_error is not None
        assert (primary.last_error.error_type, backup.last_error) == ("rate_limited", None)


async def test_a_test_asks_that_very_provider_once_and_is_recorded(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": rate_limited(), "backup": FINE}) as there:
        router = there.runtime.router
        well = await probe(router, router.catalog.providers["backup"], Environment(name="dev", hue="violet"))
        ill = await probe(router, router.catalog.providers["primary"], Environment(name="dev", hue="violet"))
        assert well.record is not None
        assert ill.record is not None
        assert (well.record.error_type, ill.record.error_type) == (None, "rate_limited")
        assert [row.opened.operation_name for row in await there.rows()] == [OPERATION, OPERATION]


async def test_a_test_never_reaches_whom_the_environment_forbids(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": FINE}) as there:
        router = there.runtime.router
        outcome = await probe(
            router, router.catalog.providers["primary"], Environment(name="here", hue="yellow", privacy="local")
        )
        assert outcome.record is None
        assert outcome.refused is not None
        assert there.calls() == 0


async def _usual_days(there: World, days: int) -> None:
    """A cent an hour, around the clock."""
    now = there.clock.now()
    await there.runtime.ledger.record(
        UsageRecord(
            opened=AttemptOpened(
                event_id=f"usual-{hour}",
                request_id=f"usual-{hour}",
                attempt=1,
                started_at=now - 3600.0 * hour,
                provider_name="primary",
                request_model="big",
            ),
            duration_s=1.0,
            usage=Usage(100, 10),
            cost_nanousd=10_000_000,
            cost_source="price",
        )
        for hour in range(4, 24 * days)
    )


async def test_a_runaway_is_on_the_panel_and_leads_to_the_requests_that_caused_it(tmp_path: Path) -> None:
    dear = structs.replace(PRICE, rates=structs.replace(PRICE.rates, output_rate=10_000_000 * 1_000_000))
    async with world(tmp_path, {"primary": FINE}, prices={PRIMARY: dear, BACKUP: dear}) as there:
        await _usual_days(there, 30)
        for _ in range(3):
            await there.ask(operation_name="loop")
        burn = await there.runtime.burn()
        assert burn.expected_by == "learned"
        alerts = [one for one in burn.told if isinstance(one.what, Alert)]
        assert [one.what.contributors[0].contributor for one in alerts if isinstance(one.what, Alert)] == ["loop"]
        (told,) = alerts
        assert isinstance(told.what, Alert)
        which = Which(since=told.what.since, until=told.at + 60, operation_name="loop")
        found = await there.runtime.lens.costliest(which)
        assert len(found) == 3
        assert sum(record.cost_nanousd or 0 for record in found) == told.what.contributors[0].spent
        await there.restart()
        assert (await there.runtime.burn()).told == burn.told


@pytest.mark.parametrize("limit", [None, 50])
async def test_budgets_stand_with_what_they_have_cost(tmp_path: Path, limit: int | None) -> None:
    async with world(tmp_path, {"primary": FINE}) as there:
        await there.ask()
        (row,) = await there.rows()
        budgets = () if limit is None else (structs.replace(there.runtime._daily_budget(), limit_nanousd=limit),)
        standings = await there.runtime.lens.budgets(budgets)
        assert [one.spent_nanousd for one in standings] == [row.cost_nanousd] * len(budgets)
        assert all(one.period_start <= there.clock.now() < one.period_end for one in standings)
