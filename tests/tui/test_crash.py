"""When the dashboard itself fails."""

import pytest
from support.scripted import ScriptedRuntime, quiet_day

from burn_tui.tui.app import BurnApp


async def test_a_fault_ends_it_with_the_words_of_farewell_and_without_a_single_value() -> None:
    told: list[BaseException] = []

    def farewell(error: BaseException) -> str:
        told.append(error)
        return "It failed. The report is there."

    app = BurnApp(boot=ScriptedRuntime(burn=quiet_day()).boot, farewell=farewell)
    with pytest.raises(ZeroDivisionError):
        await _fail(app)
    assert [type(error) for error in told] == [ZeroDivisionError]


async def _fail(app: BurnApp) -> None:
    async with app.run_test() as pilot:
        app.call_later(lambda: 1 // 0)
        await pilot.pause()
