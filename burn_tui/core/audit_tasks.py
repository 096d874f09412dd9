"""Who did which task: what was done where, by which model, and what that came to.

A task is what was done in one project: a slash command, a subagent, or the kind of tool that answers called for. The
branch it was done on is kept beside it, since the same work goes on over many of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from burn_tui.core.catalog import Target


class Task(Struct, frozen=True, order=True):
    """Something that was done again and again."""

    project: str
    """The working directory, or what else the project is called by; "" = not known."""
    branch: str
    """Of git; "" = the main one, or not known."""
    operation_name: str
    """As core.audit_operations calls it; of burn-tui's own requests the operation."""


class TaskUse(Struct, frozen=True, kw_only=True):
    """One task at one model. Tokens are counted as in core.usage: caches within input, reasoning within output."""

    task: Task
    provider_name: str
    request_model: str
    sessions: int
    """Different ones; calls without a session count for none."""
    attempts: int
    failures: int
    """Attempts without a whole answer that nobody stopped."""
    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_creation_1h_input_tokens: int = 0
    reasoning_output_tokens: int = 0
    cost_nanousd: int | None
    """Known costs only; None = the cost of none is known."""
    unpriced_attempts: int = 0
    """Attempts of unknown cost: not 0 = the cost is a lower bound."""
    unread_cache_tokens: int = 0
    """What sessions wrote to a cache beyond what they read from it again; a part of cache_creation_input_tokens."""

    @property
    def target(self) -> Target:
        """Who did it."""
        return Target(self.provider_name, self.request_model)

    @property
    def failure_share(self) -> float:
        """From 0 to 1."""
        return self.failures / self.attempts if self.attempts else 0.0


class ProviderShare(Struct, frozen=True, kw_only=True):
    """How much of everything hangs on one provider."""

    provider_name: str
    attempts: int
    tokens: int
    """Input and output."""
    cost_nanousd: int | None
    """Known costs; None = the cost of none is known."""
    cost_share: float
    """Of all known costs, 0 to 1; where nothing cost anything, of all tokens."""
    only_here: tuple[str, ...]
    """Tasks that nobody else has ever done, the costliest first: they stop when this provider does."""


_SUMMED = tuple(
    name
    for name in TaskUse.__struct_fields__
    if name not in {"task", "provider_name", "request_model", "cost_nanousd", "sessions"}
)


def ranked(uses: Iterable[TaskUse]) -> tuple[TaskUse, ...]:
    """The costliest first; where the cost is the same, the one with more tokens."""
    return tuple(sorted(uses, key=_weight))


def without_branches(uses: Iterable[TaskUse]) -> tuple[TaskUse, ...]:
    """The same with all branches of a project together. A session on two branches counts for each."""
    return _merged(structs.replace(use, task=structs.replace(use.task, branch="")) for use in uses)


def concentration(uses: Iterable[TaskUse]) -> tuple[ProviderShare, ...]:
    """All providers, the one with the largest share first."""
    known = without_branches(uses)
    by_provider: dict[str, list[TaskUse]] = defaultdict(list)
    doers: dict[Task, set[str]] = defaultdict(set)
    for use in known:
        by_provider[use.provider_name].append(use)
        doers[use.task].add(use.provider_name)
    cost, tokens = sum(use.cost_nanousd or 0 for use in known), sum(map(_tokens, known))
    shares = (_share(name, ours, doers, cost=cost, tokens=tokens) for name, ours in by_provider.items())
    return tuple(sorted(shares, key=lambda share: (-share.cost_share, -share.tokens, share.provider_name)))


def in_words(task: Task) -> str:
    """As "edit in web", "/review in web@next" or "chat"."""
    place = short_name(task.project) + (f"@{task.branch}" if task.branch else "")
    return f"{task.operation_name} in {place}" if place else task.operation_name


def short_name(project: str) -> str:
    """The last part of a directory, of whichever system; any other name as it is."""
    return project.replace("\\", "/").rstrip("/").rpartition("/")[2] or project


def _share(name: str, ours: Sequence[TaskUse], doers: dict[Task, set[str]], *, cost: int, tokens: int) -> ProviderShare:
    spent, used = sum(use.cost_nanousd or 0 for use in ours), sum(map(_tokens, ours))
    alone = (use.task for use in ranked(ours) if doers[use.task] == {name})
    whole, part = (cost, spent) if cost else (tokens, used)
    return ProviderShare(
        provider_name=name,
        attempts=sum(use.attempts for use in ours),
        tokens=used,
        cost_nanousd=spent if any(use.cost_nanousd is not None for use in ours) else None,
        cost_share=part / whole if whole else 0.0,
        only_here=tuple(dict.fromkeys(in_words(task) for task in alone)),
    )


def _merged(uses: Iterable[TaskUse]) -> tuple[TaskUse, ...]:
    together: dict[tuple[Task, Target], list[TaskUse]] = defaultdict(list)
    for use in uses:
        together[use.task, use.target].append(use)
    return ranked(_sum(same) for same in together.values())


def _sum(same: Sequence[TaskUse]) -> TaskUse:
    costs = [use.cost_nanousd for use in same if use.cost_nanousd is not None]
    return structs.replace(
        same[0],
        sessions=sum(use.sessions for use in same),
        cost_nanousd=sum(costs) if costs else None,
        **{name: sum(getattr(use, name) for use in same) for name in _SUMMED},
    )


def _tokens(use: TaskUse) -> int:
    return use.input_tokens + use.output_tokens


def _weight(use: TaskUse) -> tuple[int, int, Task, Target]:
    return -(use.cost_nanousd or 0), -_tokens(use), use.task, use.target
