"""What happened is told in full: in the events, in the ledger and by `ask --json`. What was pinned is obeyed."""

import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.world import BACKUP, FINE, PRIMARY, World, as_kept, world

from burn_tui.core.events import AttemptFinished, FellBack, ModelSeen, RouteDecided
from burn_tui.core.failure import Failure
from burn_tui.core.policy import Policy
from burn_tui.engine.ask import ask
from burn_tui.engine.runtime import Runtime
from burn_tui.simulator.script import Action, Answer, Cut, Raw, Refuse, Reset, rate_limited

SERVED_BY_ANOTHER = Answer(text="All is well.", response_model="big-2026-01-01")


async def _asked_as_json(running: World, **how: Any) -> tuple[int, dict[str, Any]]:
    """What `burn-tui ask --json` prints, and its exit code. The runtime is a new one afterwards."""

    async def boot() -> Runtime:
        return running.runtime

    out = io.StringIO()
    code = await ask(
        "Is all well?",
        boot=boot,
        environment=None,
        target=how.get("target"),
        privacy="any",
        confirmed=False,
        as_json=True,
        out=out,
        narration=io.StringIO(),
    )
    await running.start()
    return code, msgspec.json.decode(out.getvalue(), type=dict[str, Any])


async def test_28_the_events_tell_every_attempt_its_reason_its_wait_and_its_cost(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": rate_limited(60), "backup": SERVED_BY_ANOTHER}) as running:
        story = await running.ask()
        first, second = story.finished.records
        assert [finished.record for finished in story.of(AttemptFinished)] == [first, second]
        assert story.of(RouteDecided)[0].targets == (PRIMARY, BACKUP)
        assert (story.finished.requested, story.served) == (None, BACKUP)
        assert [(one.opened.attempt, one.opened.provider_name) for one in (first, second)] == [
            (1, "primary"),
            (2, "backup"),
        ]
        assert first.opened.route_reason == "route default, first choice"
        assert second.opened.route_reason == "primary refused: rate limited, back in 60 s."
        assert second.opened.fell_back_from == "primary/big"
        assert 0.0 <= first.opened.waited_s <= second.opened.waited_s
        assert second.opened.waited_s >= first.duration_s
        assert (first.cost_nanousd, second.cost_nanousd is not None) == (0, True)


async def test_28_the_model_that_served_is_told_and_not_only_the_one_asked_for(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": rate_limited(60), "backup": SERVED_BY_ANOTHER}) as running:
        story = await running.ask(model="default")
        assert [seen.response_model for seen in story.of(ModelSeen)] == ["big-2026-01-01"]
        last = story.finished.records[-1]
        assert (last.opened.requested, last.opened.request_model, last.response_model) == (
            "default",
            "big",
            "big-2026-01-01",
        )


async def test_28_the_ledger_has_what_the_events_told(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": rate_limited(60), "backup": SERVED_BY_ANOTHER}) as running:
        story = await running.ask()
        assert await running.rows() == as_kept(story.finished.records)


async def test_28_and_so_has_the_json(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": rate_limited(60), "backup": SERVED_BY_ANOTHER}) as running:
        code, report = await _asked_as_json(running)
        first, second = await running.rows()
        assert (code, report["served"]) == (0, {"provider": "backup", "model": "big"})
        assert [attempt["error_type"] for attempt in report["attempts"]] == ["rate_limited", None]
        assert [attempt["response_model"] for attempt in report["attempts"]] == [None, "big-2026-01-01"]
        assert [attempt["reason"] for attempt in report["attempts"]] == [
            row.opened.route_reason for row in (first, second)
        ]
        assert report["attempts"][1]["fell_back_from"] == "primary/big"
        assert report["attempts"][1]["waited_s"] == pytest.approx(second.opened.waited_s, abs=1e-5)
        assert [attempt["cost_nanousd"] for attempt in report["attempts"]] == [0, second.cost_nanousd]
        assert report["cost_nanousd"] == second.cost_nanousd


async def test_28_the_json_of_a_request_that_nobody_answered_tells_why(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": rate_limited(60)}) as running:
        code, report = await _asked_as_json(running)
        assert (code, report["served"], len(report["attempts"])) == (1, None, 1)
        assert "rate limited" in report["error"]
        code, report = await _asked_as_json(running)
        assert report["error"]
        assert (code, running.calls()) == (1, 1)


FAILING: dict[str, Action] = {
    "429": rate_limited(60),
    "500": Refuse(Failure("transient", "no", 500)),
    "401": Refuse(Failure("auth", "no", 401)),
    "402": Refuse(Failure("quota_exhausted", "no", 402)),
    "404": Refuse(Failure("model_gone", "no such model", 404)),
    "413": Refuse(Failure("context_length", "too long", 400)),
    "reset": Reset(),
    "empty": Raw(),
    "cut": Answer(text="Rivers carry silt from the hills.", faults={1: Cut()}),
}


@pytest.mark.parametrize("name", FAILING)
async def test_29_a_pinned_provider_is_obeyed_on_every_path(tmp_path: Path, name: str) -> None:
    policy = Policy(on_filter="fall_back")
    async with world(tmp_path, {"primary": FAILING[name], "backup": FINE}, policy=policy) as running:
        for _ in range(2):
            story = await running.ask(model="primary/big")
            assert set(story.asked) <= {PRIMARY}
            assert (story.served, story.of(FellBack)) == (None, [])
        assert running.calls("backup") == 0


async def test_29_a_pinned_provider_that_answers_is_asked_although_the_route_has_another_first(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": FINE, "backup": FINE}) as running:
        story = await running.ask(model="backup/big")
        assert (story.asked, story.of(RouteDecided)[0].route, running.calls()) == ([BACKUP], "pinned", 0)


async def test_29_a_pinned_session_stays_where_it_is(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": FINE, "backup": rate_limited(60)}) as running:
        session = running.runtime.session("main")
        session.requested = "backup/big"
        for _ in range(2):
            async for _event in session.send("Is all well?"):
                pass
        assert (running.calls("primary"), running.calls("backup")) == (0, 1)
