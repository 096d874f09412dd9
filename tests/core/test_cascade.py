"""Who is asked after a failed check, and what that is worth."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from burn_tui.core.auto import AutoDecision
from burn_tui.core.cascade import FEWEST, Balance, Sample, balance, cascaded, stronger
from burn_tui.core.catalog import Target
from burn_tui.core.checks import Wanted
from burn_tui.core.routing_rules import Tier

CHEAP, MID, STRONG = Target("cheap", "a"), Target("mid", "b"), Target("strong", "c")
COSTS: dict[Target, int | None] = {CHEAP: 10, MID: 60, STRONG: 800}
TIERS: dict[Target, Tier] = {CHEAP: "cheap", MID: "mid", STRONG: "strong"}
OPEN = dict.fromkeys(COSTS, True)
JSON = Wanted(is_json=True)


def _decided(tier: Tier = "strong", **more: object) -> AutoDecision:
    order = {"strong": (STRONG, MID, CHEAP), "mid": (MID, STRONG, CHEAP), "cheap": (CHEAP, MID, STRONG)}
    plain = AutoDecision(
        tier=tier,
        task="code_edit",
        profile=None,
        targets=order[tier],
        why=("so",),
        because="so",
        tiers=TIERS,
        worth=1.0,
        rank=0.9,
    )
    return structs.replace(plain, **more)


def _passed(number: int, *, failed: int = 0) -> list[Sample]:
    return [Sample(cheap_nanousd=10, strong_nanousd=80, has_failed=at < failed) for at in range(number)]


def test_a_checked_cheap_answer_comes_before_a_strong_one_that_is_eight_times_dearer() -> None:
    decided, cascade = cascaded(_decided(), JSON, OPEN, COSTS.get, ratio=8.0, spent=None)
    assert (decided.targets, decided.tier, cascade.is_first) == ((CHEAP, STRONG, MID), "cheap", True)
    assert decided.why[-1] == "cheap/a first, since whether it is JSON is checked, and strong/c if it fails"


def test_nothing_is_put_first_where_the_price_is_too_near_or_nothing_strict_is_checked() -> None:
    for ratio, wanted in ((81.0, JSON), (8.0, Wanted(is_code=True))):
        decided, cascade = cascaded(_decided(), wanted, OPEN, COSTS.get, ratio=ratio, spent=None)
        assert (decided, cascade.is_first) == (_decided(), False)


def test_what_the_person_has_said_is_never_turned_round() -> None:
    said = _decided(is_explicit=True)
    decided, _ = cascaded(said, JSON, OPEN, COSTS.get, ratio=8.0, spent=None)
    assert decided.targets == said.targets


def test_where_it_loses_money_the_strong_target_is_asked_at_once_and_the_reason_is_told() -> None:
    spent = balance(_passed(FEWEST, failed=FEWEST - 1))
    decided, cascade = cascaded(_decided(), JSON, OPEN, COSTS.get, ratio=8.0, spent=spent)
    assert (decided.targets[0], cascade.is_off) == (STRONG, True)
    assert decided.why[-1].startswith("cascading is off for code_edit: it lost $")


def test_the_first_of_the_highest_tier_follows_and_nobody_follows_the_strong_one() -> None:
    decided = _decided("cheap")
    assert stronger(decided, CHEAP, decided.targets, COSTS.get, ratio=8.0) == STRONG
    assert stronger(decided, CHEAP, (CHEAP, MID), COSTS.get, ratio=8.0) is None
    assert stronger(decided, CHEAP, (CHEAP, MID), COSTS.get, ratio=6.0) == MID
    assert stronger(decided, STRONG, decided.targets, COSTS.get, ratio=8.0) is None


def test_nobody_follows_while_the_budget_is_spent_too_fast_or_a_price_is_unknown() -> None:
    decided = _decided("cheap")
    assert stronger(structs.replace(decided, banner="!"), CHEAP, decided.targets, COSTS.get, ratio=8.0) is None
    assert stronger(decided, CHEAP, decided.targets, {CHEAP: 10}.get, ratio=8.0) is None


def test_a_free_target_may_be_followed_by_any_that_costs() -> None:
    decided = _decided("cheap")
    free = {**COSTS, CHEAP: 0}
    assert stronger(decided, CHEAP, decided.targets, free.get, ratio=8.0) == STRONG


def test_few_answers_never_switch_it_off() -> None:
    assert not balance(_passed(FEWEST - 1, failed=FEWEST - 1)).is_off
    assert balance(_passed(FEWEST, failed=FEWEST)).is_off
    assert not balance(_passed(FEWEST, failed=1)).is_off


samples = st.lists(
    st.builds(
        Sample,
        cheap_nanousd=st.integers(0, 100),
        strong_nanousd=st.integers(0, 10_000),
        has_failed=st.booleans(),
    ),
    max_size=50,
)


@given(samples)
def test_the_balance_is_what_was_paid_against_asking_the_strong_one_at_once(found: list[Sample]) -> None:
    whole: Balance = balance(found)
    paid = sum(one.cheap_nanousd + one.strong_nanousd * one.has_failed for one in found)
    assert whole.net_nanousd == sum(one.strong_nanousd for one in found) - paid


@given(st.sampled_from(["cheap", "mid", "strong"]), st.floats(1.0, 100.0), st.booleans())
def test_no_order_loses_a_target_and_who_follows_was_planned(tier: Tier, ratio: float, is_json: bool) -> None:
    before = _decided(tier)
    decided, _ = cascaded(before, Wanted(is_json=is_json), OPEN, COSTS.get, ratio=ratio, spent=None)
    assert sorted(map(str, decided.targets)) == sorted(map(str, before.targets))
    following = stronger(decided, decided.targets[0], decided.targets, COSTS.get, ratio=ratio)
    assert following in {None, *decided.targets[1:]}
