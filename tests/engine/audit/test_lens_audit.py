"""The audit of a running burn-tui: its own requests beside calls of models that nobody here serves."""

from pathlib import Path

from support.attempts import NOW, opened, settled
from support.world import FINE, PRICE, PRIMARY, world

from burn_tui.core.audit_tasks import Task
from burn_tui.core.catalog import Target
from burn_tui.core.money import cost
from burn_tui.core.usage import Usage

FOREIGN = Target("house-made", "model-that-nobody-serves")


async def test_own_requests_and_foreign_calls_are_audited_together(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": FINE, "backup": FINE}) as here:
        await here.ask()
        foreign = opened(provider_name=FOREIGN.provider_name, request_model=FOREIGN.model, operation_name="edit")
        await here.runtime.ledger.record([settled(foreign, usage=Usage(5_000, 100), cost_nanousd=None)])
        found = await here.runtime.lens.audit(NOW - 86_400.0)
    assert {(use.task, use.target) for use in found.tasks} == {
        (Task("", "", "chat"), PRIMARY),
        (Task("", "", "edit"), FOREIGN),
    }
    assert found.unpriced_attempts == 1
    assert [tool.name for tool in found.tools] == ["router"]


async def test_what_it_would_cost_elsewhere_goes_by_the_prices_and_routes_of_the_settings(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": FINE, "backup": FINE}) as here:
        await here.ask()
        (record,) = await here.runtime.ledger.records(limit=1)
        found = await here.runtime.lens.audit(0.0)
    estimates = {one.route: one.estimate_nanousd for one in found.routes}
    assert estimates["backup/big"] == cost(record.usage, PRICE)
