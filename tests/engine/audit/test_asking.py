"""What the audit asks of the ledger, against the same reckoned from the records one by one."""

import sqlite3
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.attempts import NOW, opened, settled
from support.audits import HAIKU, OPUS, PRICES
from support.homes import audited, claude_log, response
from support.ledgers import ledger_with

from burn_tui.core.audit_tasks import Task, TaskUse
from burn_tui.core.catalog import Target
from burn_tui.core.money import LongContext, Price, Rates, cost
from burn_tui.core.routing import Route
from burn_tui.core.usage import Correction, Usage, UsageRecord
from burn_tui.engine.audit import asking
from burn_tui.engine.audit.asking import Answerers, audit, other_routes, priced, task_uses, tools_seen
from burn_tui.engine.ledger import Ledger

DAY_S = 86_400.0
SINCE, UNTIL = NOW - 40 * DAY_S, NOW + DAY_S

ANSWERERS = Answerers(price=PRICES.get, window=lambda _: None, targets=(HAIKU,))


def call(**fields: Any) -> UsageRecord:
    """A call of Opus that edited in web."""
    of_record = {name: fields.pop(name) for name in tuple(fields) if name in UsageRecord.__struct_fields__}
    given_ = {
        "provider_name": OPUS.provider_name,
        "request_model": OPUS.model,
        "project": "/srv/someone/code/web",
        "operation_name": "edit",
        "session_id": "s1",
        "source": "import",
    }
    usage = Usage(1_000, 100, cache_read_input_tokens=600, cache_creation_input_tokens=300)
    return settled(opened(**(given_ | fields)), **({"usage": usage, "cost_nanousd": 1_000} | of_record))


async def tasks(ledger: Ledger, since: float = SINCE, until: float = UNTIL) -> tuple[TaskUse, ...]:
    return await ledger.reading(partial(task_uses, since=since, until=until))


async def on_branch(ledger: Ledger, event_id: str, branch: str) -> None:
    """As an import notes it."""

    def note(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT OR IGNORE INTO names (name) VALUES (?)", (branch,))
        connection.execute(
            "INSERT INTO found_branches SELECT attempt_rows.id, names.id FROM attempt_rows, names"
            " WHERE event_id = ? AND name = ?",
            (event_id, branch),
        )

    await ledger.writing(note)


async def test_a_task_is_added_up_by_model_over_its_sessions() -> None:
    records = [call(session_id="s1"), call(session_id="s1"), call(session_id="s2"), call(request_model=HAIKU.model)]
    async with ledger_with(records, []) as ledger:
        opus, haiku = await tasks(ledger)
    assert (opus.task, opus.target) == (Task("/srv/someone/code/web", "", "edit"), OPUS)
    assert (opus.sessions, opus.attempts, opus.cost_nanousd) == (2, 3, 3_000)
    assert (opus.input_tokens, opus.output_tokens, opus.cache_read_input_tokens) == (3_000, 300, 1_800)
    assert (haiku.target, haiku.sessions, haiku.attempts) == (HAIKU, 1, 1)


async def test_calls_without_a_session_count_for_none() -> None:
    async with ledger_with([call(session_id=None), call(session_id=None)], []) as ledger:
        (one,) = await tasks(ledger)
    assert (one.sessions, one.attempts) == (0, 2)


async def test_an_unknown_cost_stays_unknown_and_a_partly_known_one_is_a_lower_bound() -> None:
    unknown = call(cost_nanousd=None, cost_source=None)
    async with ledger_with(
        [unknown, call(operation_name="chat"), call(operation_name="chat", **UNPRICED)], []
    ) as ledger:
        chat, edit = await tasks(ledger)
    assert (edit.cost_nanousd, edit.unpriced_attempts) == (None, 1)
    assert (chat.cost_nanousd, chat.unpriced_attempts) == (1_000, 1)


UNPRICED: dict[str, Any] = {"cost_nanousd": None, "cost_source": None}


async def test_branches_are_tasks_of_their_own_and_the_rest_is_the_main_one() -> None:
    records = [call(event_id="a", session_id="s1"), call(event_id="b", session_id="s1"), call(session_id="s2")]
    async with ledger_with(records, []) as ledger:
        await on_branch(ledger, "a", "next")
        found = {one.task.branch: (one.sessions, one.attempts, one.cost_nanousd) for one in await tasks(ledger)}
    assert found == {"": (2, 2, 2_000), "next": (1, 1, 1_000)}


async def test_a_correction_counts_for_the_task_and_the_branch_of_its_call() -> None:
    async with ledger_with([call(event_id="a"), call(event_id="b")], []) as ledger:
        await on_branch(ledger, "a", "next")
        for number, event_id in enumerate("ab"):
            better = Correction(
                event_id=f"c{number}",
                corrects=event_id,
                at=NOW,
                why="the log says more",
                usage=Usage(output_tokens=150),
                cost_nanousd=1_700,
            )
            assert await ledger.correct(better)
        found = {one.task.branch: (one.attempts, one.output_tokens, one.cost_nanousd) for one in await tasks(ledger)}
    assert found == {"": (1, 150, 1_700), "next": (1, 150, 1_700)}


async def test_only_what_started_in_the_period_counts() -> None:
    records = [call(started_at=NOW - 2 * DAY_S), call(started_at=NOW), call(started_at=NOW + 5)]
    async with ledger_with(records, []) as ledger:
        (one,) = await tasks(ledger, since=NOW - DAY_S, until=NOW + 5)
    assert one.attempts == 1


async def test_what_a_session_wrote_beyond_what_it_read_is_unread() -> None:
    wrote = Usage(1_000, 100, cache_creation_input_tokens=700)
    records = [call(session_id="s1", usage=wrote), call(session_id="s2", usage=wrote), call(session_id="s2")]
    async with ledger_with(records, []) as ledger:
        (one,) = await tasks(ledger)
    assert one.unread_cache_tokens == 700 + (700 + 300 - 600)


CALLS = st.lists(
    st.builds(
        call,
        started_at=st.integers(-80, 20).map(lambda hours: NOW + hours * 3_600.0 + 17),
        session_id=st.sampled_from(["s1", "s2", None]),
        request_model=st.sampled_from([OPUS.model, HAIKU.model]),
        project=st.sampled_from(["/w/web", "/w/api", None]),
        operation_name=st.sampled_from(["edit", "chat"]),
        source=st.sampled_from(["import", "router"]),
        error_type=st.sampled_from([None, None, "timeout", "cancelled", "refused"]),
        usage=st.builds(
            Usage,
            st.integers(0, 10**6),
            st.integers(0, 10**5),
            st.integers(0, 10**5),
            st.integers(0, 10**5),
        ),
        cost_nanousd=st.none() | st.integers(0, 10**9),
    ),
    max_size=14,
)


@given(records=CALLS, since_h=st.integers(-90, 0), hours=st.integers(1, 90))
@settings(deadline=None, max_examples=40)
async def test_tasks_are_what_the_records_come_to_one_by_one(
    records: list[UsageRecord], since_h: int, hours: int
) -> None:
    since = NOW + since_h * 3_600.0
    until = since + hours * 3_600.0
    counted = [one for one in records if since <= one.opened.started_at < until and one.error_type != "refused"]
    sums: dict[tuple[Task, Target], Counter[str]] = defaultdict(Counter)
    sessions: dict[tuple[Task, Target], set[str]] = defaultdict(set)
    for one in counted:
        opened_ = one.opened
        key = (
            Task(opened_.project or "", "", opened_.operation_name),
            Target(opened_.provider_name, opened_.request_model),
        )
        sums[key].update(attempts=1, input=one.usage.input_tokens or 0, cost=one.cost_nanousd or 0)
        sums[key].update(failures=one.error_type == "timeout", unpriced=one.cost_nanousd is None)
        if opened_.session_id:
            sessions[key].add(opened_.session_id)
    async with ledger_with(records, []) as ledger:
        found = await tasks(ledger, since, until)
    # A session that two doors share is counted for each of them.
    assert {
        (one.task, one.target): (
            one.attempts,
            one.input_tokens,
            one.cost_nanousd or 0,
            one.failures,
            one.unpriced_attempts,
        )
        for one in found
    } == {
        key: (value["attempts"], value["input"], value["cost"], value["failures"], value["unpriced"])
        for key, value in sums.items()
    }
    assert all(
        len(sessions[one.task, one.target]) <= one.sessions <= 2 * len(sessions[one.task, one.target]) for one in found
    )


async def test_other_routes_bill_the_recorded_tokens_and_tell_long_calls_apart() -> None:
    price = Price(
        rates=Rates(input_rate=10**9, output_rate=10**9),
        steps=(LongContext(above=200_000, rates=Rates(input_rate=3 * 10**9, output_rate=3 * 10**9)),),
    )
    usages = [Usage(1_000, 100), Usage(2_000, 100), Usage(300_000, 50)]
    given_ = Answerers(price=lambda _: price, window=lambda _: None, routes=(Route("quick", (HAIKU,)),))
    async with ledger_with([call(usage=usage) for usage in usages], []) as ledger:
        (found,) = await ledger.reading(partial(other_routes, since=SINCE, until=UNTIL, given=given_))
    assert found.estimate_nanousd == sum(cost(usage, price) or 0 for usage in usages)
    assert (found.calls, found.recorded_nanousd, found.left_out) == (3, 3_000, 0)


async def test_a_correction_is_billed_along_another_route_where_its_call_is() -> None:
    async with ledger_with([call(event_id="a")], []) as ledger:
        better = Correction(
            event_id="c", corrects="a", at=NOW, why="more", usage=Usage(output_tokens=150), cost_nanousd=1_700
        )
        assert await ledger.correct(better)
        (found,) = await ledger.reading(partial(other_routes, since=SINCE, until=UNTIL, given=ANSWERERS))
    usage = Usage(1_000, 150, cache_read_input_tokens=600, cache_creation_input_tokens=300)
    assert (found.estimate_nanousd, found.recorded_nanousd) == (cost(usage, PRICES[HAIKU]), 1_700)


async def test_other_routes_and_changes_of_place_look_at_the_last_month_only() -> None:
    records = [call(started_at=NOW - 35 * DAY_S), call()]
    async with ledger_with(records, []) as ledger:
        found = await ledger.reading(partial(audit, since=SINCE, now=NOW, answerers=ANSWERERS))
    assert (found.attempts, found.switches and found.switches.prompts) == (2, 1)
    assert [one.calls for one in found.routes] == [1]


async def test_an_audit_says_how_much_of_it_is_guessed_or_unpriced() -> None:
    guessed = call(usage=Usage(1_000, 100, estimated=True))
    async with ledger_with([guessed, call(**UNPRICED), call()], []) as ledger:
        found = await ledger.reading(partial(audit, since=SINCE, now=NOW, answerers=ANSWERERS))
    assert (found.estimated_attempts, found.unpriced_attempts, found.attempts) == (1, 1, 3)


async def test_changes_of_place_are_seen_in_the_rows() -> None:
    records = [
        call(started_at=NOW + 90.0 * number, session_id=f"s{number % 2}", project=f"/w/{'ab'[number % 2]}")
        for number in range(6)
    ]
    async with ledger_with(records, []) as ledger:
        found = await ledger.reading(partial(audit, since=SINCE, now=NOW, answerers=ANSWERERS))
    assert found.switches is not None
    assert (found.switches.prompts, found.switches.tab_changes) == (6, 5)
    assert found.switches.pairs[0].places == ("anthropic · a", "anthropic · b")


async def test_every_door_and_tool_is_seen_with_its_calls() -> None:
    records = [call(), call(), call(source="router"), call(source="gateway", **UNPRICED)]
    async with ledger_with(records, []) as ledger:
        found = {
            one.name: (one.attempts, one.cost_nanousd) for one in await ledger.reading(partial(tools_seen, since=SINCE))
        }
    assert found == {"import": (2, 2_000), "router": (1, 1_000), "gateway": (1, None)}


async def test_a_ledger_that_holds_nothing_has_nothing_to_say() -> None:
    async with ledger_with([], []) as ledger:
        found = await ledger.reading(partial(audit, since=SINCE, now=NOW, answerers=ANSWERERS))
    assert (found.tasks, found.cheaper, found.caches, found.providers, found.routes) == ((), (), (), (), ())
    assert found.cost_nanousd == 0 or found.cost_nanousd is None


@pytest.mark.parametrize("unknown", ["", None])
async def test_tasks_as_json_have_null_for_what_is_not_known(unknown: str | None) -> None:
    async with ledger_with([call(project=unknown)], []) as ledger:
        (row,) = asking.iterate_json(await tasks(ledger))
    assert (row["project"], row["branch"], row["operation_name"]) == (None, None, "edit")
    assert (row["provider_name"], row["request_model"], row["cost_nanousd"]) == ("anthropic", OPUS.model, 1_000)


async def test_an_audit_says_by_which_rules_costs_are_known(tmp_path: Path) -> None:
    claude_log(
        tmp_path / "home",
        response(1),
        response(2, usage={"input_tokens": 200_001, "output_tokens": 10}),
        response(3, costUSD=0.5),
        response(4, message={"model": "claude-of-tomorrow"}),
    )
    async with audited(tmp_path) as logs:
        await logs.read()
        found = await logs.ledger.reading(partial(priced, since=0.0))
    said = {(one.cost_source, one.rule): (one.calls, one.cost_nanousd) for one in found}
    assert said == {
        ("price", ""): (1, 1_455_000),
        ("price", "at the rates above 200000 input tokens for the whole request"): (1, 1_200_231_000),
        ("logged", "which notes the cost"): (1, 500_000_000),
        (None, ""): (1, 0),
    }
