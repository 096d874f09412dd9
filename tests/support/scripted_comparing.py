"""A comparison as a test wrote it down: two models, four cases, one that broke, one that was mended."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

from msgspec import structs
from support.scripted_prompts import NOW, TICKETS

from burn_tui.core.assertions import Assertion, Tick
from burn_tui.core.comparison import Call, Case, Comparison, Contender, Result, case_of, interleaved
from burn_tui.core.environment import Environment
from burn_tui.core.errors import PromptError
from burn_tui.core.prompt_variants import Wordings
from burn_tui.engine.comparing.files import Cases
from burn_tui.engine.comparing.running import Draft, Wish
from burn_tui.engine.prompts.library import Chosen, Prepared, wording_of

_TEAM = Assertion(type="icontains", value="billing")

CASES: tuple[Case, ...] = (
    case_of("a fire", {"ticket": "The printer burns."}, ()),
    case_of("an invoice", {"ticket": "The invoice is wrong."}, (_TEAM,)),
    case_of("a lost password", {"ticket": "I forgot it."}, ()),
    case_of("an angry customer", {"ticket": "Never again!"}, ()),
)

OLD, NEW = "openai/gpt-5-mini", "openai/gpt-5.5-mini"

CONTENDERS = tuple(Contender(asked="triage@working", version=TICKETS.version, requested=model) for model in (OLD, NEW))

GOOD = "Billing has to look at this.\nIt is an invoice, and those are theirs."
BAD = "Support has to look at this.\nIt is a letter, and those are theirs."
_CURT = "Read the manual."
_KIND = "I am sorry to hear that. Facilities is on its way."

LABELS = ("icontains “facilities”", "icontains “billing”", "icontains “it”", "llm-rubric “Is polite.”")
RIGHT = ("Facilities has to look at this.", GOOD, "IT resets passwords.", _KIND)
WRONG = ("Support has to look at this.", BAD, "Support resets passwords.", _CURT)
WHY = ("“facilities” is missing", "“billing” is missing", "“it” is missing", "It sends the customer away.")


def answer(case: int, contender: int, *, passed: bool = True, repeat: int = 0, model: str | None = None) -> Result:
    """What a contender said to a case, well or badly."""
    fine = Tick(shown="not-icontains “as an AI”", passed=True)
    wrong = Tick(shown=LABELS[case], passed=passed, why="" if passed else WHY[case])
    served = (OLD, NEW)[contender]
    return Result(
        call=Call(case, contender, repeat),
        text=(RIGHT if passed else WRONG)[case],
        ticks=(fine, wrong, Tick(shown="latency at most 5 s", passed=True)),
        served=served,
        response_model=model or served.partition("/")[2],
        cost_nanousd=(240_000, 310_000)[contender] + case * 1_000,
        answer_nanousd=(240_000, 310_000)[contender] + case * 1_000,
        duration_s=(1.2, 0.8)[contender] + case / 10,
    )


def comparison(wrong: set[tuple[int, int]], *, at: float, model: str | None = None, id_: str = "now") -> Comparison:
    """All of it, but for those cases and contenders as it should be."""
    calls = interleaved(len(CASES), 2, 2)
    return Comparison(
        id=id_,
        name="triage",
        at=at,
        environment="development",
        cases=CASES,
        contenders=CONTENDERS,
        repeats=2,
        results=tuple(
            answer(
                call.case,
                call.contender,
                passed=(call.case, call.contender) not in wrong,
                repeat=call.repeat,
                model=model if call.contender else None,
            )
            for call in calls
        ),
    )


BEFORE = comparison({(3, 0), (2, 1)}, at=NOW - 86_400, id_="before")
LATEST = comparison({(1, 1), (2, 1)}, at=NOW - 600, model="gpt-5.5-mini-0302")


class ScriptedComparing:
    """Nothing was compared, unless `fill` was called."""

    def __init__(self) -> None:
        self.kept: list[Comparison] = []
        self.wishes: list[Wish] = []
        self.confirmed: list[bool] = []
        self.calls = 16
        self.asks_first = False
        self.go = asyncio.Event()
        """Set: a run comes to its end; else it waits after its third answer."""

    def fill(self) -> None:
        """Two runs of this file."""
        self.kept = [BEFORE, LATEST]

    def cases(self, name: str) -> Cases:
        """As Comparing.cases."""
        if name != "triage":
            raise PromptError(f"Prompt {name} has no cases to compare it by.", mend="Write some.")
        return Cases(path=Path("prompts/compare/triage.yaml"), cases=CASES, used=frozenset())

    async def latest(self, name: str, *, before: float | None = None) -> Comparison | None:
        """As Comparing.latest."""
        found = [one for one in self.kept if one.name == name and (before is None or one.at < before)]
        return found[-1] if found else None

    async def draft(self, wish: Wish, environment: Environment) -> Draft:
        """As Comparing.draft."""
        self.cases(wish.name)
        self.wishes.append(wish)
        chosen = Chosen(version=TICKETS, label="working", is_working=True)
        prepared = Prepared(chosen=chosen, wordings=Wordings(usual=wording_of(chosen, {"ticket": "x"})))
        return Draft(
            comparison=structs.replace(LATEST, at=NOW, id="new", results=(), environment=environment.name),
            environment=environment,
            prepared=((prepared,), (prepared,)),
            judge=None,
            calls=self.calls,
            estimate_nanousd=4_500_000,
            asks_first=self.asks_first,
        )

    async def run(self, draft: Draft, *, confirmed: bool) -> AsyncGenerator[Comparison]:
        """As Comparing.run: everything is as it was last time."""
        self.confirmed.append(confirmed)
        for number in range(1, len(LATEST.results) + 1):
            yield structs.replace(draft.comparison, results=LATEST.results[:number])
            if number == 3:
                await self.go.wait()
