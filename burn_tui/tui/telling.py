"""What was told, in words: one sentence for toast and band, the evidence for whoever asks why. Pure."""

from datetime import datetime
from typing import assert_never

from burn_tui.core.alerts import Alert, BudgetAlert, Measured, Notification, Rule, Told
from burn_tui.core.budget import Period
from burn_tui.core.burn import BurnView
from burn_tui.core.expectation import LEARNED_DAYS, Measure
from burn_tui.core.inspection import Which
from burn_tui.core.model_changes import ModelChange
from burn_tui.core.price_changes import LOOKED_BACK_DAYS, PriceChange
from burn_tui.tui import format as fmt

_RULES: dict[Rule, str] = {
    "fast": "three times the usual for half an hour",
    "long": "twice the usual for two hours",
    "day": "the whole day is twice as dear as usual",
    "night": "spending at an hour when hardly anything is usual",
    "new_day": "twice an even day's pace (usual days are not known yet)",
    "new_hour": "a large part of a day within one hour (usual days are not known yet)",
}

_PERIODS: dict[Period, str] = {"day": "today", "week": "this week", "month": "this month"}

_DAY_S = 86_400.0

Facts = list[tuple[str, str]]
"""Label and value."""


class News:
    """Knows what this dashboard has told already. What stood there at its start is old."""

    def __init__(self) -> None:
        self._newest: int | None = None

    def among(self, told: tuple[Told, ...]) -> list[Told]:
        """Those of `told` that are new, in their order in time."""
        before = self._newest
        self._newest = max((one.id for one in told), default=before or 0)
        return [] if before is None else [one for one in reversed(told) if one.id > before]


def standard(burn: BurnView) -> str:
    """What the ratio is of: usual days once they are known, until then the budget, evenly spread."""
    return "an even budget" if burn.expected_by == "budget" else "the usual"


def headline(what: Notification) -> str:
    """One sentence."""
    match what:
        case Alert():
            return _burning(what)
        case BudgetAlert():
            spent = f"{fmt.money(what.spent_nanousd)} of {fmt.money(what.limit_nanousd)} {_PERIODS[what.period]}"
            return f"{fmt.share(what.mark)} of the budget {what.name} is spent: {spent}."
        case PriceChange():
            return _price_change(what)
        case ModelChange():
            return f"{what.provider_name} answers {what.request_model} with another model now: {what.after}."
        case _:
            assert_never(what)


def evidence(what: Notification) -> Facts:
    """Everything that the sentence rests on."""
    match what:
        case Alert():
            return _alert_evidence(what)
        case BudgetAlert():
            return [
                ("budget", f"{what.name}, counts {scope_in_words(what.scope)}"),
                ("spent", f"{fmt.money(what.spent_nanousd)} of {fmt.money(what.limit_nanousd)} per {what.period}"),
                ("since", f"{datetime.fromtimestamp(what.period_start).astimezone():%d %b %H:%M}"),
            ]
        case PriceChange():
            return [
                ("before", _rates(what, "before")),
                ("now", _rates(what, "after")),
                (f"last {LOOKED_BACK_DAYS} days", f"{what.requests} requests, {_both_costs(what)}"),
            ]
        case ModelChange():
            return [
                ("asked for", f"{what.provider_name}/{what.request_model}, as before"),
                ("before", what.before),
                ("now", what.after),
            ]
        case _:
            assert_never(what)


def scope_in_words(scope: str) -> str:
    """What a budget counts."""
    return "everything" if scope == "all" else scope.replace(":", " ", 1)


def cause(told: Told) -> Which:
    """The requests to blame: those of its window and its first contributor."""
    until = told.at + 60.0
    match told.what:
        case Alert(since=since, contributors=contributors):
            first = contributors[0].contributor if contributors else None
            return Which(since=since, until=until, operation_name=first)
        case BudgetAlert(scope=scope, period_start=start):
            return _of_scope(scope, start, until)
        case PriceChange(provider_name=provider) | ModelChange(provider_name=provider):
            return Which(since=told.at - LOOKED_BACK_DAYS * _DAY_S, until=until, provider_name=provider)
        case _:
            assert_never(told.what)


def _of_scope(scope: str, since: float, until: float) -> Which:
    kind, _, name = scope.partition(":")
    return Which(
        since=since,
        until=until,
        provider_name=name if kind == "provider" else None,
        environment=name if kind == "environment" else None,
        project=name if kind == "project" else None,
        session_id=name if kind == "session" else None,
    )


def _burning(alert: Alert) -> str:
    still = "Still burning" if alert.again_at else "Burning"
    what = " in unpriced tokens" if alert.measure == "tokens" else ""
    sentence = f"{still} {_how_hot(alert)}{what}"
    if not alert.contributors:
        return f"{sentence}."
    first = alert.contributors[0]
    whole = _amount(alert.windows[0].spent, alert.measure)
    return (
        f"{sentence}: {first.contributor} {_amount(first.spent, alert.measure)} of {whole} {_window(alert.windows[0])}."
    )


def _how_hot(alert: Alert) -> str:
    """How many times what, over which time. The rules of new days know no hours yet, so they are told by what they ask
    for; until enough days are known nothing may be called usual.
    """
    about = alert.windows[0]
    match alert.rule:
        case "new_day":
            return f"{fmt.burn(about.burn)} the pace of an expected day"
        case "new_hour":
            return f"{fmt.share(about.spent / alert.usual)} of an expected day within an hour"
        case _:
            hour = "the usual hour" if alert.days_learned >= LEARNED_DAYS else "the expected hour"
            return f"{fmt.burn(alert.burn)} {hour}"


def _alert_evidence(alert: Alert) -> Facts:
    facts = [("rule", f"{alert.rule.replace('_', ' ')}: {_RULES[alert.rule]}")]
    facts += [(f"spent {_window(window)}", _measured(window, alert)) for window in alert.windows]
    days = "1 day" if alert.days_learned == 1 else f"{alert.days_learned} days"
    learned = f"from {days} like this" if alert.days_learned else "from other days or the budget"
    day = "usual day" if alert.days_learned >= LEARNED_DAYS else "expected day"
    facts.append((day, f"{_amount(round(alert.usual), alert.measure)}, learned {learned}"))
    whole = alert.windows[0].spent or 1
    for number, one in enumerate(alert.contributors, start=1):
        share = fmt.share(min(one.spent / whole, 1.0))
        facts.append((f"{number}.", f"{one.contributor}  {_amount(one.spent, alert.measure)}  {share}"))
    return facts


def _measured(window: Measured, alert: Alert) -> str:
    measure = alert.measure
    spent, expected = _amount(window.spent, measure), _amount(round(window.expected), measure)
    if not window.expected:
        return spent
    standard_of = "usual" if alert.days_learned >= LEARNED_DAYS else "expected"
    above = _amount(max(round(window.excess), 0), measure)
    return f"{spent}, {standard_of} {expected}: {fmt.burn(window.burn)}, {above} above"


def _window(window: Measured) -> str:
    return "today" if window.window is None else f"in {window.window} min"


def _amount(amount: int, measure: Measure) -> str:
    return fmt.money(amount) if measure == "nanousd" else f"{fmt.tokens(amount)} tokens"


def _price_change(change: PriceChange) -> str:
    is_dearer = change.after_nanousd >= change.before_nanousd
    word = "dearer" if is_dearer else "cheaper"
    return (
        f"{change.provider_name}/{change.request_model} has become {word}: "
        f"the last {LOOKED_BACK_DAYS} days cost {_both_costs(change)}."
    )


def _both_costs(change: PriceChange) -> str:
    return f"{fmt.money(change.before_nanousd)} at the old price, {fmt.money(change.after_nanousd)} at the new one"


def _rates(change: PriceChange, when: str) -> str:
    price = change.before if when == "before" else change.after
    rates = price.rates
    return f"{fmt.money(rates.input_rate)} in, {fmt.money(rates.output_rate)} out per million tokens"
