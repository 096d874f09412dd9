"""Versions and models of one prompt, asked the same cases several times: what is asked in which order, and what became
better or worse. Pure.

    case x contender -> a cell of as many results as there are repeats
    contender = a version of the prompt, and who is to answer it
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Literal

import msgspec
from msgspec import Struct

from burn_tui.core.assertions import Assertion, Tick
from burn_tui.core.prompt_form import SHOWN_DIGITS

MANY_CALLS = 20
"""Whoever asks more than these types the environment's name."""

State = Literal["passed", "failed", "no answer"]
"""Of a cell. failed = at least one of its answers is not as it should be."""

News = Literal["new failure", "new pass", "fails", "no answer", "passes"]

ORDER: tuple[News, ...] = ("new failure", "new pass", "fails", "no answer", "passes")
"""In which a person reads them."""

Base = Literal["previous", "first"]
"""What a comparison is measured by: the one before it, or its own first contender."""


class Case(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One set of values, and what an answer to it has to be."""

    name: str
    variables: dict[str, Any] = {}
    """As the prompt takes them; {} also where no text is kept."""
    asserts: tuple[Assertion, ...] = ()
    digest: str = ""
    """Tells whether it is the same case as in another comparison."""


class Contender(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A version, and who is to answer it."""

    asked: str
    """What it was called by: triage@working."""
    version: str
    """64 hex digits."""
    requested: str | None = None
    """A target or a route; None = whom the prompt names."""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same contender in another comparison, whatever the text is by then."""
        return self.asked, self.requested or ""

    @property
    def text(self) -> str:
        """Its version for people: what it was called by, and its digits."""
        name, _, label = self.asked.partition("@")
        version = self.version[:SHOWN_DIGITS]
        return version if label and self.version.startswith(label) else f"{label or name} {version}"

    @property
    def parts(self) -> list[str]:
        """The same, and who is to answer where that was said."""
        return [self.text, *([self.requested] if self.requested is not None else [])]


class Call(Struct, frozen=True):
    """One question that is asked. Numbers from 0."""

    case: int
    contender: int
    repeat: int


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of it."""

    call: Call
    text: str = ""
    """"" also where no text is kept."""
    ticks: tuple[Tick, ...] = ()
    served: str | None = None
    """"provider/model"; None = nobody answered."""
    response_model: str | None = None
    """What the provider says answered; None = it did not say."""
    cost_nanousd: int | None = 0
    """Of all attempts, a judge's too; None = unknown."""
    answer_nanousd: int | None = None
    """Of the answer alone; None = unknown, or there is none."""
    duration_s: float | None = None
    """Of the answer; None without one."""
    problem: str = ""
    """Why nobody answered; "" = somebody did."""

    @property
    def state(self) -> State:
        """Of this one answer."""
        if self.problem:
            return "no answer"
        return "failed" if any(tick.passed is False for tick in self.ticks) else "passed"


class Comparison(Struct, frozen=True, kw_only=True):
    """As far as it has come."""

    id: str
    name: str
    """The prompt's."""
    at: float
    """When it began, in seconds since the epoch."""
    environment: str
    cases: tuple[Case, ...]
    contenders: tuple[Contender, ...]
    repeats: int
    results: tuple[Result, ...] = ()
    stopped: str = ""
    """Why it ended before everything was asked; "" = it did not, or goes on."""

    @property
    def names(self) -> list[str]:
        """Of the contenders, by what tells them apart; of a single one, by all that is known."""
        shared = set() if len(self.contenders) == 1 else self._shared
        return [" · ".join(part for part in one.parts if part not in shared) for one in self.contenders]

    @property
    def shared(self) -> str:
        """What several contenders have in common: a version, or who answers; "" = nothing."""
        is_one = len(self.contenders) == 1
        return "" if is_one else " · ".join(part for part in self.contenders[0].parts if part in self._shared)

    @property
    def _shared(self) -> set[str]:
        return set.intersection(*(set(one.parts) for one in self.contenders))

    @property
    def planned(self) -> int:
        """Answers that there are at the end of it."""
        return len(self.cases) * len(self.contenders) * self.repeats

    @property
    def cost_nanousd(self) -> int:
        """So far, of what has a known cost."""
        return sum(result.cost_nanousd or 0 for result in self.results)

    @property
    def unpriced(self) -> int:
        """Results of unknown cost."""
        return sum(result.cost_nanousd is None for result in self.results)


class Cell(Struct, frozen=True):
    """All results of one case with one contender."""

    results: tuple[Result, ...]

    @property
    def answers(self) -> int:
        """n."""
        return sum(not result.problem for result in self.results)

    @property
    def passed(self) -> int:
        """How many of them are as they should be."""
        return sum(result.state == "passed" for result in self.results)

    @property
    def state(self) -> State:
        """One answer that is wrong makes it fail; without any there is nothing to say."""
        if not self.answers:
            return "no answer"
        return "passed" if self.passed == self.answers else "failed"

    @property
    def example(self) -> Result | None:
        """The result to look at: the first one that is wrong, else the first; None = there is none yet."""
        order: tuple[State, ...] = ("failed", "passed", "no answer")
        return min(self.results, key=lambda result: order.index(result.state), default=None)


class Row(Struct, frozen=True, kw_only=True):
    """One cell and what it is measured by."""

    case: int
    contender: int
    cell: Cell
    before: Cell | None
    """None = there is nothing to measure it by."""
    news: News


class Summary(Struct, frozen=True, kw_only=True):
    """One contender at a glance."""

    contender: int
    passed: int
    """Cases without a wrong answer."""
    cases: int
    """Those that were answered."""
    answers: int
    """n of the medians."""
    median_nanousd: int | None
    """What an answer costs; None = unknown, or there is none."""
    median_s: float | None
    """None = there is none."""


def case_of(name: str, variables: Mapping[str, Any], asserts: Iterable[Assertion]) -> Case:
    """A case with its digest."""
    parts = msgspec.json.encode([dict(variables), list(asserts := tuple(asserts))], order="sorted")
    return Case(name=name, variables=dict(variables), asserts=asserts, digest=sha256(parts).hexdigest()[:16])


def interleaved(cases: int, contenders: int, repeats: int) -> list[Call]:
    """Everything that is asked. All contenders get a case right after one another, so that a slow hour hits all alike;
    who is first changes from case to case.
    """
    return [
        Call(case, (case + repeat + turn) % contenders, repeat)
        for repeat in range(repeats)
        for case in range(cases)
        for turn in range(contenders)
    ]


def cell(comparison: Comparison, case: int, contender: int) -> Cell:
    """The results of one case with one contender, in the order in which they came."""
    return Cell(tuple(one for one in comparison.results if (one.call.case, one.call.contender) == (case, contender)))


def rows(now: Comparison, previous: Comparison | None, base: Base) -> list[Row]:
    """Every cell that has a result: new failures first, then new passes, then the rest."""
    cells = _cells(now)
    before = _of_previous(now, previous) if base == "previous" else _of_first(cells)
    if base == "first" and len(now.contenders) > 1:
        cells = {(case, at): own for (case, at), own in cells.items() if at > 0}
    found = [
        Row(case=case, contender=at, cell=own, before=before.get((case, at)), news=_news(own, before.get((case, at))))
        for (case, at), own in cells.items()
    ]
    return sorted(found, key=lambda row: (ORDER.index(row.news), row.case, row.contender))


def summaries(comparison: Comparison) -> list[Summary]:
    """Each contender, in their order."""
    cells = _cells(comparison)
    return [_summary(number, cells) for number in range(len(comparison.contenders))]


def other_models(now: Comparison, previous: Comparison | None) -> list[str]:
    """Where a provider answered a known name with another model than in the previous comparison, in words."""
    before = _response_models(previous) if previous is not None else {}
    return [
        f"{served} is now {', '.join(sorted(models))}, and was {', '.join(sorted(before[served]))}."
        for served, models in _response_models(now).items()
        if served in before and models != before[served]
    ]


def without_text(comparison: Comparison) -> Comparison:
    """Without a word of what was asked and answered: what passed and what it cost is left."""
    cases = tuple(
        Case(name=f"case {number}", digest=case.digest) for number, case in enumerate(comparison.cases, start=1)
    )
    results = tuple(map(result_without_text, comparison.results))
    return msgspec.structs.replace(comparison, cases=cases, results=results)


def result_without_text(result: Result) -> Result:
    """The same of one result. A reason may quote the answer, and an assertion what it should have been."""
    ticks = tuple(Tick(shown=tick.shown.partition(" ")[0], passed=tick.passed) for tick in result.ticks)
    return msgspec.structs.replace(result, text="", ticks=ticks)


_Cells = Mapping[tuple[int, int], Cell]
"""By case and contender."""


def _cells(comparison: Comparison) -> dict[tuple[int, int], Cell]:
    found: dict[tuple[int, int], list[Result]] = {}
    for result in comparison.results:
        found.setdefault((result.call.case, result.call.contender), []).append(result)
    return {key: Cell(tuple(results)) for key, results in found.items()}


def _of_previous(now: Comparison, previous: Comparison | None) -> _Cells:
    """What the same case was with the same contender; a case that was changed is another case."""
    if previous is None:
        return {}
    cases: dict[str, int] = {}
    for number, case in enumerate(previous.cases):
        cases.setdefault(case.digest, number)
    contenders = {contender.key: number for number, contender in enumerate(previous.contenders)}
    old = _cells(previous)
    found = {}
    for number, case in enumerate(now.cases):
        for position, contender in enumerate(now.contenders):
            at = cases.get(case.digest), contenders.get(contender.key)
            if at in old:
                found[number, position] = old[at]
    return found


def _of_first(cells: _Cells) -> _Cells:
    return {(case, at): cells[case, 0] for case, at in cells if at > 0 and (case, 0) in cells}


def _news(now: Cell, before: Cell | None) -> News:
    if now.state == "no answer":
        return "no answer"
    was = before.state if before is not None else "no answer"
    if now.state == "failed":
        return "new failure" if was == "passed" else "fails"
    return "new pass" if was == "failed" else "passes"


def _summary(contender: int, cells: _Cells) -> Summary:
    own = [cell for (_, at), cell in cells.items() if at == contender and cell.answers]
    answers = [result for cell in own for result in cell.results if not result.problem]
    costs = [result.answer_nanousd for result in answers if result.answer_nanousd is not None]
    times = [result.duration_s for result in answers if result.duration_s is not None]
    return Summary(
        contender=contender,
        passed=sum(cell.state == "passed" for cell in own),
        cases=len(own),
        answers=len(answers),
        median_nanousd=round(_median(costs)) if costs else None,
        median_s=_median(times) if times else None,
    )


def _median(numbers: Sequence[float]) -> float:
    """The statistics module would take longer to import than all of this to run."""
    ordered, middle = sorted(numbers), len(numbers) // 2
    return ordered[middle] if len(numbers) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _response_models(comparison: Comparison) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for result in comparison.results:
        if result.served is not None and result.response_model is not None:
            found.setdefault(result.served, set()).add(result.response_model)
    return found
