"""Changes of place: what a person's prompts are, and how they go between tabs and providers."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.audit_switches import (
    AWAY_S,
    FEWEST_CHANGES,
    MOST_PAIRS,
    PROMPT_PAUSE_S,
    Call,
    Place,
    Switches,
    switches,
)

WEB, API, CODEX, OWN = 1, 2, 3, 4
PLACES = {
    WEB: Place("anthropic", "web"),
    API: Place("anthropic", "api"),
    CODEX: Place("openai", "web"),
    OWN: Place("anthropic", "web", is_prompted=True),
}


def walk(*calls: tuple[float, int, int]) -> Switches:
    """Seconds, session and place of each."""
    return switches([(round(at * 1e6), session, place) for at, session, place in calls], PLACES)


def to_and_fro(first: int, second: int, *, times: int, pause_s: float = 90.0) -> list[tuple[float, int, int]]:
    return [(pause_s * number, (first, second)[number % 2], (first, second)[number % 2]) for number in range(times)]


def test_calls_right_behind_each_other_are_one_prompt() -> None:
    assert walk((0, 1, WEB), (5, 1, WEB), (40, 1, WEB)).prompts == 1


def test_a_call_after_silence_in_its_session_is_another_prompt() -> None:
    assert walk((0, 1, WEB), (PROMPT_PAUSE_S, 1, WEB)).prompts == 2


def test_of_our_own_sessions_every_request_is_a_prompt() -> None:
    assert walk((0, 1, OWN), (2, 1, OWN), (4, 1, OWN)).prompts == 3


def test_an_agent_at_work_in_another_tab_is_no_change() -> None:
    calls = ((0, 1, WEB), (10, 2, API), (12, 1, WEB), (14, 2, API), (16, 1, WEB))
    assert walk(*calls).tab_changes == 1


def test_a_change_of_tab_and_one_of_provider_are_told_apart() -> None:
    seen = walk((0, 1, WEB), (90, 2, API), (180, 3, CODEX), (270, 3, WEB))
    assert (seen.tab_changes, seen.provider_changes) == (2, 2)


def test_rates_are_by_hours_of_work() -> None:
    seen = walk(*to_and_fro(WEB, API, times=41, pause_s=90.0))
    assert seen.active_s == 3600.0
    assert seen.an_hour(seen.tab_changes) == 40.0


def test_who_was_away_did_not_change_places_and_did_not_work() -> None:
    seen = walk((0, 1, WEB), (AWAY_S, 2, API))
    assert (seen.tab_changes, seen.active_s, seen.next_prompt_s) == (0, 0.0, None)


def test_the_next_prompt_is_timed_from_the_last_call_of_the_place_that_was_left() -> None:
    seen = walk((0, 1, WEB), (30, 1, WEB), (50, 1, WEB), (60, 2, API))
    assert seen.next_prompt_s is not None
    assert abs(seen.next_prompt_s - 10) < 0.5


def test_a_pair_counts_in_both_directions_and_the_most_frequent_stands_first() -> None:
    seen = walk(*to_and_fro(WEB, API, times=5), (500, 3, CODEX))
    assert [(pair.places, pair.changes) for pair in seen.pairs] == [
        (("anthropic · api", "anthropic · web"), 4),
        (("anthropic · web", "openai · web"), 1),
    ]


def test_one_project_at_two_providers_asks_for_one_route() -> None:
    rule = walk(*to_and_fro(WEB, CODEX, times=30)).rule
    assert rule is not None
    assert (rule.kind, rule.pair.changes) == ("one route", 29)


def test_two_projects_ask_for_one_at_a_time() -> None:
    rule = walk(*to_and_fro(WEB, API, times=30)).rule
    assert rule is not None
    assert rule.kind == "one at a time"


def test_places_whose_project_is_not_known_are_not_taken_for_one_project() -> None:
    places = {1: Place("gemini", ""), 2: Place("ollama", "")}
    calls = [(90_000_000 * number, 1 + number % 2, 1 + number % 2) for number in range(30)]
    rule = switches(calls, places).rule
    assert rule is not None
    assert rule.kind == "one at a time"


def test_few_changes_and_rare_ones_suggest_nothing() -> None:
    assert walk(*to_and_fro(WEB, API, times=FEWEST_CHANGES)).rule is None
    assert walk(*to_and_fro(WEB, API, times=40, pause_s=1500.0)).rule is None


def test_two_tabs_of_one_place_are_nothing_to_mend() -> None:
    calls = [(90.0 * number, number % 2, WEB) for number in range(40)]
    seen = walk(*calls)
    assert seen.pairs[0].places == ("anthropic · web", "anthropic · web")
    assert seen.rule is None


def test_nothing_asked_is_nothing_changed() -> None:
    seen = walk()
    assert (seen.prompts, seen.pairs, seen.an_hour(0)) == (0, (), 0.0)


@given(
    st.lists(
        st.tuples(st.integers(0, 10**11), st.none() | st.integers(1, 3), st.sampled_from(sorted(PLACES))), max_size=40
    )
)
def test_there_are_never_more_changes_than_prompts_between_which_they_lie(calls: list[Call]) -> None:
    seen = switches(sorted(calls, key=lambda call: call[0]), PLACES)
    assert max(seen.tab_changes, seen.provider_changes) <= max(seen.prompts - 1, 0)
    assert len(seen.pairs) <= MOST_PAIRS
    assert seen.active_s >= 0
