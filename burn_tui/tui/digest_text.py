"""`burn-tui digest` as Markdown. Every piece of advice stands with the figures that it rests on. Pure."""

from collections.abc import Iterator, Sequence

from burn_tui.core.bottlenecks import Advice, Bottleneck
from burn_tui.core.report import Figures, Report, Row
from burn_tui.engine.digest import Day, Digest
from burn_tui.tui import format as fmt
from burn_tui.tui.report_text import cost, marks

_SHOWN = 5
_FEWEST_ATTEMPTS = 20
"""Fewer say nothing about a provider's reliability."""

_MANY_FAILURES = 0.05
_LITTLE_CACHED = 0.1
_LONG_INPUT = 4_000
"""Tokens from which providers cache, roughly, and a cache is worth it."""


def markdown(digest: Digest) -> str:
    """The whole page."""
    sections = (
        _title(digest),
        _spend(digest),
        _where("model", digest.models),
        _where("operation", digest.operations),
        *([_where("prompt", digest.prompts)] if any(row.key for row in digest.prompts.rows) else []),
        _bottlenecks(digest.bottlenecks),
        _advice(digest),
    )
    return "\n\n".join(sections)


def _title(digest: Digest) -> str:
    totals = digest.models.totals
    attempts = f"{totals.requests:,} requests ({totals.attempts:,} attempts, {totals.failures:,} failed)"
    tokens = f"{fmt.tokens(totals.input_tokens)} tokens in, {fmt.tokens(totals.output_tokens)} out"
    words = [
        f"# Burn, {digest.days[0].date} to {digest.days[-1].date}",
        f"**{cost(totals)}** for {attempts}, {tokens}. {_compared(digest)}",
    ]
    if marked := marks(totals):
        words.append(f"Not to be overlooked: {marked}.")
    return "\n\n".join(words)


def _compared(digest: Digest) -> str:
    now, before = digest.models.totals.cost_nanousd, digest.before.cost_nanousd
    if not before or now is None:
        return "There is no week before to compare with."
    return f"That is {fmt.ratio(now / before)} the week before ({cost(digest.before)})."


def _spend(digest: Digest) -> str:
    lines = ["## Spend against expected", "", "| Day | Spent | A usual day | Ratio |", "|---|---:|---:|---:|"]
    lines += [_day(day) for day in digest.days]
    if digest.budget.limit_nanousd:
        over = sum((day.figures.cost_nanousd or 0) > digest.budget.limit_nanousd for day in digest.days)
        limit = fmt.money(digest.budget.limit_nanousd)
        lines += [
            "",
            f"The budget {_text(digest.budget.name)} of {limit} a day was passed on {over} of {len(digest.days)} days.",
        ]
    return "\n".join(lines)


def _day(day: Day) -> str:
    if day.usual_nanousd is None:
        usual, ratio = "not known yet", "-"
    else:
        known = f"{day.days_learned} day{'' if day.days_learned == 1 else 's'}" if day.days_learned else "the budget"
        usual = f"{fmt.money(day.usual_nanousd)} (from {known})"
        ratio = fmt.ratio((day.figures.cost_nanousd or 0) / day.usual_nanousd) if day.usual_nanousd else "-"
    return f"| {day.date} | {cost(day.figures)} | {usual} | {ratio} |"


def _where(by: str, report: Report) -> str:
    lines = [f"## By {by}", "", f"| {by.capitalize()} | Cost | Share | Requests | Marks |", "|---|---:|---:|---:|---|"]
    lines += [_share(row, report.totals) for row in report.rows[:_SHOWN]]
    if len(report.rows) > _SHOWN:
        lines += ["", f"And {len(report.rows) - _SHOWN} more: `burn-tui report --by {by}`."]
    return "\n".join(lines)


def _share(row: Row, totals: Figures) -> str:
    share = fmt.share((row.cost_nanousd or 0) / totals.cost_nanousd) if totals.cost_nanousd else "-"
    key = "none" if row.key is None else _text(row.key)
    return f"| {key} | {cost(row)} | {share} | {row.requests:,} | {marks(row)} |"


def _bottlenecks(found: Sequence[Bottleneck]) -> str:
    lines = ["## Where the time goes (last 24 hours)", ""]
    if not found:
        return "\n".join([*lines, "Nothing was asked."])
    lines += [
        "| Operation | Provider | Answers | p50 | All in all | Waiting | Generating | Lost to failures |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for one in found[:_SHOWN]:
        times = (one.p50_s, one.wall_s, one.waiting_s, one.generating_s, one.retrying_s)
        cells = [_text(one.operation_name), _text(one.provider_name), f"{one.answers:,}", *map(fmt.seconds, times)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _advice(digest: Digest) -> str:
    pieces = list(_pieces(digest))
    return "\n".join(["## Advice", "", *(pieces or ["Nothing stands out."])])


def _pieces(digest: Digest) -> Iterator[str]:
    for one in digest.bottlenecks:
        if one.advice is not None:
            yield (
                f"- **{_text(one.operation_name)}** at {_text(one.provider_name)} takes {fmt.seconds(one.p50_s)} "
                f"(p50 of {one.answers}). {_suggestion(one.advice)}"
            )
    for row in digest.models.rows:
        name = _text(row.key or "none")
        if row.attempts >= _FEWEST_ATTEMPTS and row.failures / row.attempts > _MANY_FAILURES:
            yield (
                f"- **{name}** failed {row.failures:,} of {row.attempts:,} attempts "
                f"({fmt.share(row.failures / row.attempts)}). Put another target before it in its route."
            )
        if row.unpriced_requests:
            yield (
                f"- **{name}** has no price: {row.unpriced_requests:,} attempts with {fmt.tokens(row.unpriced_tokens)} "
                "tokens are in no sum of money. Add it under `prices:` in the settings."
            )
        if _wastes_cache(row):
            mean = row.input_tokens // row.attempts
            yield (
                f"- **{name}** got {fmt.tokens(mean)} tokens of input a call, and {_cached_share(row)} of it came from "
                "a cache. Put what stays the same at the beginning of the prompt."
            )


def _suggestion(advice: Advice) -> str:
    saved, call = fmt.seconds(advice.saved_s), fmt.seconds(advice.call_s)
    match advice.kind:
        case "same elsewhere":
            known = f"known from {advice.known_from} calls"
            return f"Ask {_text(advice.instead)}: the same takes {call} there ({known}), {saved} less in 24 hours."
        case "faster model":
            known = f"by its speed over {advice.known_from} calls"
            return f"Ask {_text(advice.instead)}: about {call} a call ({known}), {saved} less in 24 hours."
        case "fewer failures":
            return f"Route round it while it fails: {advice.known_from} attempts failed and took {saved}."
        case "shorter answers":
            return f"Ask for answers half as long: about {call} a call, {saved} less in 24 hours."


def _wastes_cache(row: Row) -> bool:
    is_long = row.attempts >= _FEWEST_ATTEMPTS and row.input_tokens / row.attempts >= _LONG_INPUT
    return bool(is_long and row.cost_nanousd and row.cache_read_input_tokens < _LITTLE_CACHED * row.input_tokens)


def _cached_share(row: Row) -> str:
    return fmt.share(row.cache_read_input_tokens / row.input_tokens) if row.cache_read_input_tokens else "nothing"


def _text(name: str) -> str:
    """A name from outside as plain text of Markdown: it may neither break a table nor become a link or a tag."""
    printable = "".join(character if character.isprintable() else "?" for character in name)
    return "".join(f"\\{character}" if character in "\\`*_[]<>|#" else character for character in printable)
