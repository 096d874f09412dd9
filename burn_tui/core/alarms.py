"""All alarms together: what is remembered of each, and one step for all of them."""

from collections.abc import Iterable, Mapping

from msgspec import Struct, structs

from burn_tui.core.alerts import AlertState, BudgetState, Notification, Samples, next_budget_state, next_state
from burn_tui.core.budget import Budget
from burn_tui.core.catalog import Target
from burn_tui.core.expectation import Expectation, Measure
from burn_tui.core.money import Price
from burn_tui.core.price_changes import TokensUsed, price_change


class States(Struct, frozen=True, kw_only=True):
    """What is remembered from one look to the next, also over a restart."""

    spending: dict[Measure, AlertState] = {}
    budgets: dict[str, BudgetState] = {}
    """By name; also those that no settings name at the moment."""
    prices: dict[str, Price] = {}
    """What each "provider/model" cost when it was last looked up."""

    def is_worth_keeping_after(self, before: "States") -> bool:
        """Whether anything that a restart must not forget has changed: what live rows have spent so far is not."""
        return _without_live(self) != _without_live(before)

    def with_live_of(self, other: "States") -> "States":
        """These states with the live spending of `other`, which saw it last."""
        known = other.budgets
        budgets = {
            name: structs.replace(state, live_nanousd=known[name].live_nanousd) if name in known else state
            for name, state in self.budgets.items()
        }
        return structs.replace(self, budgets=budgets)


class BudgetSpending(Struct, frozen=True):
    """What the running period of a budget has cost."""

    budget: Budget
    spent_nanousd: int
    """Settled rows, late ones included."""
    live_nanousd: int
    """Without late ones."""


def next_states(
    states: States,
    *,
    samples: Mapping[Measure, Samples],
    expectations: Mapping[Measure, Expectation],
    budgets: Iterable[BudgetSpending],
    now: float,
) -> tuple[States, list[Notification]]:
    """The states after a look at `now` (seconds since the epoch), and what a person must be told."""
    told: list[Notification] = []
    spending, kept = dict(states.spending), dict(states.budgets)
    for measure, expectation in expectations.items():
        before = states.spending.get(measure, AlertState())
        spending[measure], alert = next_state(before, samples[measure], expectation, now)
        told += [alert] if alert else []
    for one in budgets:
        kept[one.budget.name], mark = next_budget_state(
            states.budgets.get(one.budget.name, BudgetState()),
            one.budget,
            spent_nanousd=one.spent_nanousd,
            live_nanousd=one.live_nanousd,
            now=now,
        )
        told += [mark] if mark else []
    return structs.replace(states, spending=spending, budgets=kept), told


def next_prices(
    states: States, prices: Mapping[Target, Price], used: Mapping[Target, TokensUsed]
) -> tuple[States, list[Notification]]:
    """The states after the prices were looked up, and the models in use of which one has changed."""
    told: list[Notification] = []
    for target, price in prices.items():
        before = states.prices.get(str(target))
        if before is not None and target in used and (change := price_change(target, before, price, used[target])):
            told.append(change)
    known = {str(target): price for target, price in prices.items()}
    return structs.replace(states, prices=states.prices | known), told


def _without_live(states: States) -> States:
    budgets = {name: structs.replace(state, live_nanousd=0) for name, state in states.budgets.items()}
    return structs.replace(states, budgets=budgets)
