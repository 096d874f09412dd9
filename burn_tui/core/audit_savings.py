"""Where money went for nothing, as far as the ledger can tell.

It knows what a call cost, whether an answer came, and how often a session had to ask. It does not know how good an
answer was, so a cheaper model "served as well" where it did the same kind of task, failed no more often, and needed no
more calls for it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from burn_tui.core.audit_tasks import Task, TaskUse, without_branches
from burn_tui.core.catalog import Target
from burn_tui.core.money import Price, Rates, cost
from burn_tui.core.usage import Usage

FEWEST_CALLS = 20
FEWEST_SESSIONS = 3
"""With less a model has not shown that it does a kind of task."""

FAILS_MORE = 0.01
"""A model may fail in so much larger a share of its calls and still count as reliable."""

MORE_CALLS = 1.25
"""A session may take so many times the calls."""

WORTH_SHARE = 0.10
WORTH_NANOUSD = 10_000_000
"""Less than this share of the cost, or than this, is not worth a change."""

Prices = Callable[[Target], Price | None]
"""What a model costs now; None = unknown."""


class ServedAsWell(Struct, frozen=True, kw_only=True):
    """A task that a cheaper model has done as reliably."""

    task: Task
    """Branches together."""
    dear: Target
    cheap: Target
    dear_calls: int
    cheap_calls: int
    dear_failure_share: float
    cheap_failure_share: float
    spent_nanousd: int
    """What the dear model's calls cost."""
    instead_nanousd: int
    """What their tokens would have cost at the cheap model's price."""

    @property
    def saved_nanousd(self) -> int:
        """By the cheap model, on the same tokens."""
        return self.spent_nanousd - self.instead_nanousd


class CacheUse(Struct, frozen=True, kw_only=True):
    """What a model's cache was good for in one project."""

    project: str
    """"" = not known."""
    target: Target
    read_tokens: int
    written_tokens: int
    unread_tokens: int
    """Written in sessions beyond what they read from it again."""
    premium_nanousd: int | None
    """What all writing cost beyond plain input; None = the price is unknown."""
    wasted_nanousd: int | None
    """The part of the premium that was paid for tokens nobody read again; None = the price is unknown."""
    saved_nanousd: int | None
    """What reading cost less than plain input would have; None = the price is unknown."""

    @property
    def net_nanousd(self) -> int | None:
        """What the cache gained; below 0 = without it all would have been cheaper."""
        if self.premium_nanousd is None or self.saved_nanousd is None:
            return None
        return self.saved_nanousd - self.premium_nanousd


def served_as_well(uses: Iterable[TaskUse], price: Prices) -> tuple[ServedAsWell, ...]:
    """At most one finding for each task and model, the largest saving first."""
    by_task: dict[Task, list[TaskUse]] = defaultdict(list)
    for use in without_branches(uses):
        if use.attempts >= FEWEST_CALLS and use.sessions >= FEWEST_SESSIONS and use.cost_nanousd is not None:
            by_task[use.task].append(use)
    found = [best for same in by_task.values() for dear in same if (best := _best(dear, same, price)) is not None]
    return tuple(sorted(found, key=lambda one: (-one.saved_nanousd, one.task, one.dear)))


def cache_uses(uses: Iterable[TaskUse], price: Prices) -> tuple[CacheUse, ...]:
    """Of all projects and models that wrote to a cache, the largest waste first."""
    together: dict[tuple[str, Target], list[TaskUse]] = defaultdict(list)
    for use in uses:
        if use.cache_creation_input_tokens:
            together[use.task.project, use.target].append(use)
    found = (_cache_use(project, same, price(target)) for (project, target), same in together.items())
    return tuple(sorted(found, key=lambda one: (-(one.wasted_nanousd or 0), -one.unread_tokens, one.project)))


def _best(dear: TaskUse, same: Sequence[TaskUse], price: Prices) -> ServedAsWell | None:
    return max(_cheaper(dear, same, price), key=lambda one: one.saved_nanousd, default=None)


def _cheaper(dear: TaskUse, same: Sequence[TaskUse], price: Prices) -> Iterator[ServedAsWell]:
    for cheap in same:
        if cheap.target == dear.target or not _is_as_reliable(cheap, dear):
            continue
        instead, spent = _instead(dear, cheap, price(cheap.target)), dear.cost_nanousd or 0
        if spent - instead >= max(WORTH_NANOUSD, round(spent * WORTH_SHARE)):
            yield ServedAsWell(
                task=dear.task,
                dear=dear.target,
                cheap=cheap.target,
                dear_calls=dear.attempts,
                cheap_calls=cheap.attempts,
                dear_failure_share=dear.failure_share,
                cheap_failure_share=cheap.failure_share,
                spent_nanousd=spent,
                instead_nanousd=instead,
            )


def _is_as_reliable(cheap: TaskUse, dear: TaskUse) -> bool:
    calls = MORE_CALLS * dear.attempts / dear.sessions
    return cheap.failure_share <= dear.failure_share + FAILS_MORE and cheap.attempts / cheap.sessions <= calls


def _instead(dear: TaskUse, cheap: TaskUse, price: Price | None) -> int:
    """At the cheap model's price, or by what its calls cost on average where no price is known."""
    if price is not None:
        # Sums have no length of their own, so rates for long contexts are left out.
        return cost(_usage(dear), Price(rates=price.rates)) or 0
    return round((cheap.cost_nanousd or 0) / cheap.attempts * dear.attempts)


def _cache_use(project: str, same: Sequence[TaskUse], price: Price | None) -> CacheUse:
    read = sum(use.cache_read_input_tokens for use in same)
    written = sum(use.cache_creation_input_tokens for use in same)
    unread = sum(use.unread_cache_tokens for use in same)
    premium = None if price is None else sum(_premium(use, price.rates) for use in same)
    return CacheUse(
        project=project,
        target=same[0].target,
        read_tokens=read,
        written_tokens=written,
        unread_tokens=unread,
        premium_nanousd=premium,
        wasted_nanousd=None if premium is None else round(max(premium, 0) * unread / written),
        saved_nanousd=None if price is None else -_beyond_input(Usage(read, 0, read), price.rates),
    )


def _premium(use: TaskUse, rates: Rates) -> int:
    written, for_an_hour = use.cache_creation_input_tokens, use.cache_creation_1h_input_tokens
    return _beyond_input(Usage(written, 0, None, written, for_an_hour), rates)


def _beyond_input(usage: Usage, rates: Rates) -> int:
    """What these tokens cost more than as plain input."""
    plain = Usage(usage.input_tokens, 0)
    return (cost(usage, Price(rates=rates)) or 0) - (cost(plain, Price(rates=rates)) or 0)


def _usage(use: TaskUse) -> Usage:
    return Usage(
        input_tokens=use.input_tokens,
        output_tokens=use.output_tokens,
        cache_read_input_tokens=use.cache_read_input_tokens,
        cache_creation_input_tokens=use.cache_creation_input_tokens,
        cache_creation_1h_input_tokens=use.cache_creation_1h_input_tokens,
    )
