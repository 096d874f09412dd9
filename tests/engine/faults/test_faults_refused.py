"""Refusals over the wire: who is asked next, at once, and in what words the person is told."""

from functools import partial
from pathlib import Path

import pytest
from msgspec import structs
from support.world import BACKUP, FINE, PRIMARY, THIRD, Scripts, world

from burn_tui.core.catalog import Model
from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.events import AttemptFailed, RouteDecided, TextDelta, Truncated
from burn_tui.core.failure import ErrorType, Failure
from burn_tui.core.policy import Policy
from burn_tui.simulator.script import Action, Answer, Break, Raw, Refuse, in_order, overloaded, rate_limited

HTML = b"<html><head><title>502</title></head><body><h1>502 Bad Gateway</h1>nginx</body></html>"

OUT_OF_MONEY: dict[str, Action] = {
    "429 insufficient_quota": Refuse(Failure("quota_exhausted", "You exceeded your current quota.", 429)),
    "402": Raw(status=402, content_type="application/json", body=b'{"error": {"message": "Payment required"}}'),
    "400 credit balance": Raw(
        status=400,
        content_type="application/json",
        body=b'{"error": {"message": "Your credit balance is too low to access the API."}}',
    ),
    "429 with a retry-after": Refuse(Failure("quota_exhausted", "No credits left.", 429, 2.0)),
}


async def test_1_a_429_without_a_time_goes_to_the_backup_without_a_pause(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": rate_limited(), "backup": FINE}) as running:
        story = await running.ask()
        assert (story.asked, story.served, story.waits) == ([PRIMARY, BACKUP], BACKUP, [])
        assert (story.banner.from_target, story.banner.to_target) == (PRIMARY, BACKUP)
        assert story.banner.why == "primary refused: rate limited."
        assert running.state()[0] == "resting"


@pytest.mark.parametrize("name", OUT_OF_MONEY)
async def test_4_an_exhausted_quota_is_not_retried_rests_long_and_is_told_as_money(tmp_path: Path, name: str) -> None:
    async with world(tmp_path, {"primary": OUT_OF_MONEY[name], "backup": FINE}) as running:
        story = await running.ask()
        assert (story.asked, story.served, story.waits) == ([PRIMARY, BACKUP], BACKUP, [])
        assert story.banner.error_type == "quota_exhausted"
        assert story.banner.why == "primary refused: out of credit or over its spend limit."
        assert running.state() == ("resting", 3600)


async def test_4_a_quota_is_the_keys_so_all_its_models_rest(tmp_path: Path) -> None:
    shapes = {"primary": {"models": (Model("big"), Model("small"))}}
    scripts: Scripts = {"primary": OUT_OF_MONEY["402"], "backup": FINE}
    async with world(tmp_path, scripts, shapes=shapes) as running:
        await running.ask()
        story = await running.ask(model="primary/small")
        assert (story.asked, running.calls()) == ([], 1)


STUMBLES: dict[str, Action] = {
    "500": Refuse(Failure("transient", "The server had an error.", 500)),
    "502 with a page": Raw(status=502, body=HTML),
    "503": Refuse(Failure("overloaded", "Service unavailable.", 503)),
    "529": Raw(status=529, content_type="application/json", body=b'{"error": {"message": "Overloaded"}}'),
}


@pytest.mark.parametrize("name", STUMBLES)
async def test_5_a_stumble_is_retried_once_and_then_the_backup_is_asked(tmp_path: Path, name: str) -> None:
    async with world(tmp_path, {"primary": STUMBLES[name], "backup": FINE}) as running:
        story = await running.ask()
        assert story.asked == [PRIMARY, PRIMARY, BACKUP]
        assert [wait.target for wait in story.waits] == [PRIMARY]
        assert sum(wait.seconds for wait in story.waits) < 1.0


@pytest.mark.parametrize("name", STUMBLES)
async def test_5_a_stumble_that_is_over_a_moment_later_is_not_told_as_a_fallback(tmp_path: Path, name: str) -> None:
    async with world(tmp_path, {"primary": in_order([STUMBLES[name], FINE]), "backup": FINE}) as running:
        story = await running.ask()
        assert (story.asked, story.served, running.calls("backup")) == ([PRIMARY, PRIMARY], PRIMARY, 0)


async def test_5_the_pause_before_the_retry_is_spread_by_chance(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": STUMBLES["500"], "backup": FINE}) as running:
        pauses = []
        for chance in (0.0, 0.5, 0.9):
            running.runtime.router.chance = partial(float, chance)
            pauses += [wait.seconds for wait in (await running.ask()).waits]
            await running.restart()
        assert pauses == sorted(set(pauses))


async def test_5_an_overloaded_provider_that_names_a_time_is_not_retried_before_it(tmp_path: Path) -> None:
    refusal = Refuse(Failure("overloaded", "Overloaded", 529, 7.0))
    async with world(tmp_path, {"primary": refusal, "backup": FINE}) as running:
        story = await running.ask()
        assert (story.asked, story.waits) == ([PRIMARY, BACKUP], [])
        assert running.state() == ("resting", 7)


async def test_5_a_page_of_html_is_told_as_its_words(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": STUMBLES["502 with a page"]}) as running:
        failures = (await running.ask()).of(AttemptFailed)
        assert {failure.failure.message for failure in failures} == {"502 Bad Gateway nginx"}


UNAUTHORISED = Refuse(Failure("auth", "Incorrect API key provided: key-of-PRIMARY_KEY.", 401))


async def test_8_a_refused_key_is_not_retried_and_the_banner_names_its_variable_but_not_the_key(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, {"primary": UNAUTHORISED, "backup": FINE}) as running:
        story = await running.ask()
        assert (story.asked, story.waits) == ([PRIMARY, BACKUP], [])
        assert story.banner.why == "primary refused the API key in PRIMARY_KEY."
        assert "key-of-PRIMARY_KEY" not in repr(story.events)


async def test_8_a_refused_key_is_dead_until_it_or_the_settings_change(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": UNAUTHORISED, "backup": FINE}) as running:
        await running.ask()
        running.ahead_s += 30 * 86_400
        skipped = (await running.ask()).of(RouteDecided)[0].skipped
        assert [skip.why for skip in skipped] == [
            "Its key was refused, and is not tried again before it or the settings change."
        ]
        await running.restart()
        assert ((await running.ask()).asked, running.calls()) == ([BACKUP], 1)
        running.runtime.use(running.settings)
        assert (await running.ask()).asked == [PRIMARY, BACKUP]


async def test_8_a_new_key_is_tried_after_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": in_order([UNAUTHORISED, FINE]), "backup": FINE}) as running:
        await running.ask()
        running.environ["PRIMARY_KEY"] = "another-key"
        await running.restart()
        assert (await running.ask()).served == PRIMARY


async def test_8_a_key_that_works_again_after_new_settings_is_not_dead_after_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": in_order([UNAUTHORISED, FINE]), "backup": FINE}) as running:
        await running.ask()
        running.runtime.use(running.settings)
        assert (await running.ask()).served == PRIMARY
        await running.restart()
        assert (await running.ask()).served == PRIMARY


@pytest.mark.parametrize("status", [400, 422])
async def test_9_a_bad_request_is_shown_at_once_and_sent_to_nobody_else(tmp_path: Path, status: int) -> None:
    refusal = Raw(status=status, content_type="application/json", body=b'{"error": {"message": "messages: no."}}')
    async with world(tmp_path, {"primary": refusal, "backup": FINE}) as running:
        story = await running.ask()
        assert (story.asked, story.served, story.waits, running.calls("backup")) == ([PRIMARY], None, [], 0)
        failure = story.finished.failure
        assert failure is not None
        assert (failure.error_type, failure.message) == ("caller_fault", "messages: no.")
        assert running.state() == ("closed", 0)


async def test_10_a_model_that_is_gone_is_remembered_as_gone_and_only_that_model(tmp_path: Path) -> None:
    gone = Refuse(Failure("model_gone", "The model `big` does not exist.", 404))
    shapes = {"primary": {"models": (Model("big"), Model("small"))}}
    scripts: Scripts = {"primary": in_order([gone, FINE]), "backup": FINE}
    async with world(tmp_path, scripts, shapes=shapes) as running:
        story = await running.ask(model="default")
        assert story.served != PRIMARY
        assert story.banner.why == "primary/big does not have that model."
        await running.restart()
        running.ahead_s += 3600
        assert PRIMARY not in (await running.ask()).asked
        assert (await running.ask(model="primary/small")).served == structs.replace(PRIMARY, model="small")


LONG = ChatRequest(messages=(said("user", "word " * 2_000),))
"""Some 2,500 tokens."""


def _windows(**tokens: int) -> dict[str, dict[str, tuple[Model, ...]]]:
    return {name: {"models": (Model("big", window),)} for name, window in tokens.items()}


async def test_11_only_a_model_with_a_window_that_is_large_enough_is_asked(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": FINE, "backup": FINE, "third": FINE}
    async with world(tmp_path, scripts, shapes=_windows(primary=1_000, backup=2_000, third=8_000)) as running:
        story = await running.ask(LONG)
        assert (story.asked, running.calls(), running.calls("backup")) == ([THIRD], 0, 0)
        assert [skip.target for skip in story.of(RouteDecided)[0].skipped] == [PRIMARY, BACKUP]


async def test_11_without_one_the_refusal_names_both_counts_and_nothing_is_sent(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": FINE, "backup": FINE}
    async with world(tmp_path, scripts, shapes=_windows(primary=1_000, backup=2_000)) as running:
        story = await running.ask(LONG)
        assert (story.asked, running.calls(), running.calls("backup")) == ([], 0, 0)
        assert story.refused.kind == "context_length"
        assert "2,504" in story.refused.reason
        assert "2,000" in story.refused.reason


TOO_LONG = Refuse(
    Failure("context_length", "This model's maximum context length is 1024 tokens.", 400, limit_tokens=1024)
)


async def test_11_after_a_refusal_for_length_only_a_larger_window_is_asked(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": TOO_LONG, "backup": FINE, "third": FINE}
    async with world(tmp_path, scripts, shapes=_windows(backup=1_000, third=8_000)) as running:
        assert (await running.ask()).asked == [PRIMARY, THIRD]


async def test_11_a_refusal_for_length_that_nobody_can_mend_names_both_counts(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": TOO_LONG, "backup": FINE}) as running:
        story = await running.ask()
        assert (story.asked, story.served) == ([PRIMARY], None)
        assert story.finished.failure is not None
        assert "about 7 tokens" in story.finished.failure.message
        assert "1,024 tokens" in story.finished.failure.message


BLOCKED: dict[str, Action] = {
    "refused": Refuse(Failure("content_filter", "Blocked by our safety system.", 400)),
    "empty": Answer(text="", finish_reason="content_filter"),
    "in mid-answer": Answer(text="I would rather not say more.", finish_reason="content_filter"),
    "by an error in mid-answer": Answer(
        text="I would rather not say more.", faults={2: Break(Failure("content_filter", "Blocked by our filter."))}
    ),
}


@pytest.mark.parametrize("name", BLOCKED)
async def test_12_a_blocked_answer_goes_nowhere_else_by_itself(tmp_path: Path, name: str) -> None:
    async with world(tmp_path, {"primary": BLOCKED[name], "backup": FINE}) as running:
        story = await running.ask()
        assert (story.asked, story.served, running.calls("backup")) == ([PRIMARY], None, 0)
        assert story.finished.failure is not None
        assert story.finished.failure.error_type == "content_filter"
        assert bool(story.of(Truncated)) == bool(story.of(TextDelta))


@pytest.mark.parametrize("name", BLOCKED)
async def test_12_where_the_user_opted_in_the_backup_is_asked_and_begins_anew(tmp_path: Path, name: str) -> None:
    policy = Policy(on_filter="fall_back")
    async with world(tmp_path, {"primary": BLOCKED[name], "backup": FINE}, policy=policy) as running:
        story = await running.ask()
        assert (story.served, story.banner.continues) == (BACKUP, False)
        assert running.providers["backup"].seen[0].request.messages == (said("user", "Is all well?"),)


@pytest.mark.parametrize(
    ("error_type", "status", "asked"),
    [("permission", 403, [PRIMARY, BACKUP]), ("timeout", 504, [PRIMARY, BACKUP]), ("caller_fault", 400, [PRIMARY])],
)
async def test_each_kind_of_refusal_has_its_remedy(
    tmp_path: Path, error_type: ErrorType, status: int, asked: list[object]
) -> None:
    refusal = Refuse(Failure(error_type, "no", status))
    async with world(tmp_path, {"primary": refusal, "backup": FINE}) as running:
        assert (await running.ask()).asked == asked


async def test_every_provider_is_asked_in_turn_until_one_answers(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": rate_limited(), "backup": overloaded(), "third": FINE}
    async with world(tmp_path, scripts) as running:
        story = await running.ask()
        assert story.asked == [PRIMARY, BACKUP, BACKUP, THIRD]
        assert story.errors == ["rate_limited", "overloaded", "overloaded", None]
