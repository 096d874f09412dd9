"""Where the waiting is: operations by the time they take, and what would make a slow one faster.

The wall time of an operation at a provider has three parts:

    waiting      from the request to the first chunk of its answers
    generating   from there to the end of them
    retrying     in attempts that failed

Advice is a sum over what the ledger has seen, never a rule of thumb alone: it says what it expects, and of how many
calls that is known.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from burn_tui.core.latency import Histogram, percentile, samples

SLOW_S = 15.0
"""An operation whose median is above this is slow, unless the settings say otherwise."""

FEWEST_CALLS = 5
"""With fewer within 24 hours nothing is called consistent, and nobody is recommended."""

WORTH_SHARE = 0.7
"""Somebody else is recommended only if a call takes no more than this share of the time there."""

AdviceKind = Literal["same elsewhere", "faster model", "fewer failures", "shorter answers"]


class Work(Struct, frozen=True, kw_only=True):
    """One operation at one provider, within 24 hours."""

    operation_name: str
    provider_name: str
    answers: int
    """Whole ones."""
    attempts: int
    failures: int
    first_chunk_s: float
    """Of all answers together."""
    duration_s: float
    """Of all answers together."""
    failed_s: float
    """Of all attempts without a whole answer together."""
    output_tokens: int
    cost_nanousd: int
    """Known costs."""
    durations: Histogram = {}
    """Of whole answers."""


class Speed(Struct, frozen=True, kw_only=True):
    """How a model answers whatever it is asked, within 24 hours."""

    target: str
    """"provider/model"."""
    first_chunk: Histogram
    speed: Histogram
    """Tokens per second."""


class Advice(Struct, frozen=True, kw_only=True):
    """What would help, and what it would come to."""

    kind: AdviceKind
    instead: str = ""
    """The provider or the "provider/model" to ask; "" = none is meant."""
    call_s: float
    """What a call is expected to take then."""
    saved_s: float
    """What all calls of 24 hours would have saved."""
    known_from: int
    """Calls that this is known from."""


class Bottleneck(Struct, frozen=True, kw_only=True):
    """One operation at one provider, as it is shown."""

    operation_name: str
    provider_name: str
    answers: int
    failures: int
    p50_s: float | None
    """Of a whole answer; None without any."""
    waiting_s: float
    generating_s: float
    retrying_s: float
    is_slow: bool
    """Consistently: by the median of at least FEWEST_CALLS answers."""
    advice: Advice | None = None
    """None = it is not slow, or nothing known would help."""

    @property
    def wall_s(self) -> float:
        """All of the time."""
        return self.waiting_s + self.generating_s + self.retrying_s


def bottlenecks(works: Sequence[Work], speeds: Sequence[Speed], *, slow_s: float = SLOW_S) -> tuple[Bottleneck, ...]:
    """All operations, the one that takes most time first. `slow_s`: the median above which a call is slow."""
    found = [_bottleneck(work, works, speeds, slow_s) for work in works]
    return tuple(sorted(found, key=lambda one: (-one.wall_s, one.operation_name, one.provider_name)))


def _bottleneck(work: Work, works: Sequence[Work], speeds: Sequence[Speed], slow_s: float) -> Bottleneck:
    p50_s = percentile(work.durations, 0.5)
    is_slow = p50_s is not None and p50_s > slow_s and samples(work.durations) >= FEWEST_CALLS
    waiting_s = min(work.first_chunk_s, work.duration_s)
    advised = _advised(work, p50_s, works, speeds) if is_slow and p50_s is not None else ()
    return Bottleneck(
        operation_name=work.operation_name,
        provider_name=work.provider_name,
        answers=work.answers,
        failures=work.failures,
        p50_s=p50_s,
        waiting_s=waiting_s,
        generating_s=work.duration_s - waiting_s,
        retrying_s=work.failed_s,
        is_slow=is_slow,
        advice=max(advised, key=lambda advice: advice.saved_s, default=None),
    )


def _advised(work: Work, p50_s: float, works: Iterable[Work], speeds: Iterable[Speed]) -> Iterator[Advice]:
    """Everything that would help. What was seen of this very operation elsewhere beats what is only computed."""
    moves = list(_same_elsewhere(work, p50_s, works)) or list(_faster_models(work, p50_s, speeds))
    yield from moves
    if work.failed_s > 0 and work.failures:
        yield Advice(
            kind="fewer failures",
            call_s=work.duration_s / work.answers,
            saved_s=work.failed_s,
            known_from=work.failures,
        )
    generating_s = work.duration_s - min(work.first_chunk_s, work.duration_s)
    if not moves and generating_s > 0:
        yield Advice(
            kind="shorter answers",
            call_s=(work.duration_s - generating_s / 2) / work.answers,
            saved_s=generating_s / 2,
            known_from=work.answers,
        )


def _same_elsewhere(work: Work, p50_s: float, works: Iterable[Work]) -> Iterator[Advice]:
    for other in works:
        other_s = percentile(other.durations, 0.5)
        is_other = other.operation_name == work.operation_name and other.provider_name != work.provider_name
        if is_other and other_s is not None and _is_worth(other_s, p50_s, other.durations):
            yield Advice(
                kind="same elsewhere",
                instead=other.provider_name,
                call_s=other_s,
                saved_s=(p50_s - other_s) * work.answers,
                known_from=samples(other.durations),
            )


def _faster_models(work: Work, p50_s: float, speeds: Iterable[Speed]) -> Iterator[Advice]:
    tokens = work.output_tokens / work.answers
    for model in speeds:
        start_s, speed = percentile(model.first_chunk, 0.5), percentile(model.speed, 0.5)
        if start_s is None or speed is None or model.target.partition("/")[0] == work.provider_name:
            continue
        other_s = start_s + tokens / speed
        if _is_worth(other_s, p50_s, model.speed):
            yield Advice(
                kind="faster model",
                instead=model.target,
                call_s=other_s,
                saved_s=(p50_s - other_s) * work.answers,
                known_from=samples(model.speed),
            )


def _is_worth(other_s: float, p50_s: float, known: Histogram) -> bool:
    return samples(known) >= FEWEST_CALLS and other_s <= WORTH_SHARE * p50_s
