"""Versions and models of a prompt against each other, through the router: the same guards, budgets and ledger as for
every other call, one call after the other, and no answer is taken from anywhere but its model.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from functools import partial
from typing import Any

from msgspec import Struct, structs

from burn_tui.core.assertions import JUDGED, Answered, Assertion, Tick, checked
from burn_tui.core.chat import ChatRequest
from burn_tui.core.comparison import (
    MANY_CALLS,
    Call,
    Case,
    Comparison,
    Contender,
    Result,
    interleaved,
    result_without_text,
    without_text,
)
from burn_tui.core.environment import Environment
from burn_tui.core.errors import LedgerUnavailableError, PromptError, UnknownNameError, mend_by_name
from burn_tui.core.events import FellBack, Refused, RequestFinished, TextDelta
from burn_tui.core.failure import IN_WORDS
from burn_tui.core.pins import PRODUCTION
from burn_tui.core.prompt_form import WORKING
from burn_tui.core.prompt_rendering import declared
from burn_tui.core.rubric import question, verdict
from burn_tui.core.usage import UsageRecord
from burn_tui.engine.admission import Admission, Caller
from burn_tui.engine.clock import Clock
from burn_tui.engine.comparing import memory
from burn_tui.engine.comparing.files import FOLDER, Cases, path_of, read_cases
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.planning import route_of
from burn_tui.engine.prompts.library import Chosen, Prepared, Prompts, wording_of
from burn_tui.engine.router import Router

STOPPED = "somebody stopped it"


class Wish(Struct, frozen=True, kw_only=True):
    """What is to be compared. Empty = as the prompt's file of cases says."""

    name: str
    models: tuple[str, ...] = ()
    """Targets or routes."""
    versions: tuple[str, ...] = ()
    """Labels or digits."""
    repeats: int | None = None


class Draft(Struct, frozen=True, kw_only=True):
    """A comparison that is ready to be run: nothing can be wrong with it any more, and no file is read again."""

    comparison: Comparison
    environment: Environment
    prepared: tuple[tuple[Prepared, ...], ...]
    """By contender, then by case."""
    judge: str | None
    calls: int
    """Those of judges, too."""
    estimate_nanousd: int | None
    """Of all calls but the judges'; None = something has no price."""
    asks_first: bool
    """The environment asks before paid calls."""

    @property
    def needs_name(self) -> bool:
        """Whether somebody has to type the environment's name."""
        return self.calls > MANY_CALLS or self.asks_first


class Comparing:
    """What is drafted is checked to the end before anything is sent."""

    def __init__(
        self,
        router: Router,
        prompts: Prompts,
        ledger: Ledger,
        clock: Clock,
        *,
        keeps_text: Callable[[], bool],
    ) -> None:
        """`keeps_text`: whether what is asked and answered may be written down."""
        self._router = router
        self._prompts = prompts
        self._ledger = ledger
        self._clock = clock
        self._keeps_text = keeps_text
        self.test_mark: str | None = None
        """What marks everything that is asked as a test; None = nothing does."""

    # --- before anything is sent --------------------------------------------------------------------

    async def draft(self, wish: Wish, environment: Environment) -> Draft:
        """Everything that will be asked; nothing is sent. PromptError, UnknownNameError, UnknownTargetError or
        SettingsError, all with the mend, for whatever is wrong.
        """
        cases = self.cases(wish.name)
        await self._router.setup.prices.ready()
        models = tuple(dict.fromkeys(wish.models or cases.models or (None,)))
        for model in models:
            route_of(ChatRequest(messages=(), model=model), self._router.setup)
        texts = [await self._text(asked, cases, environment) for asked in await self._asked(wish, cases, environment)]
        pairs = [(text, model) for text in texts for model in models]
        contenders = [
            Contender(asked=asked, version=prepared[0].chosen.version.version, requested=model)
            for (asked, prepared), model in pairs
        ]
        comparison = Comparison(
            id=self._clock.new_id(),
            name=wish.name,
            at=self._clock.now(),
            environment=environment.name,
            cases=cases.cases,
            contenders=tuple(contenders),
            repeats=wish.repeats or cases.repeats,
        )
        return self._priced(comparison, tuple(prepared for (_, prepared), _ in pairs), environment, cases.judge)

    def cases(self, name: str) -> Cases:
        """What the prompt's file of cases says; PromptError if there is none, SettingsError for what is wrong in it."""
        shelf = self._prompts.shelf()
        if name not in shelf.names:
            raise UnknownNameError("prompt", name, shelf.names)
        path = path_of(shelf.directories, name)
        if path is None:
            where = f"{shelf.directories[0].name}/{FOLDER}/{name}.yaml"
            mend = f"Write {where}, or take one over: burn-tui prompts import promptfooconfig.yaml."
            raise PromptError(f"Prompt {name} has no cases to compare it by.", mend=mend)
        return read_cases(path)

    async def _asked(self, wish: Wish, cases: Cases, environment: Environment) -> list[str]:
        """The versions, as Prompts.choose takes them; without a word what production stands for, and the file."""
        wanted = wish.versions or cases.versions
        if wanted:
            return [f"{wish.name}@{one}" for one in dict.fromkeys(wanted)]
        if environment.is_production:
            return [f"{wish.name}@{environment.name}"]
        working = f"{wish.name}@{WORKING}"
        try:
            pinned = await self._prompts.choose(f"{wish.name}@{PRODUCTION}")
        except UnknownNameError:
            return [working]
        here = await self._prompts.choose(working)
        return [working] if pinned.version.version == here.version.version else [f"{wish.name}@{PRODUCTION}", working]

    async def _text(self, asked: str, cases: Cases, environment: Environment) -> tuple[str, tuple[Prepared, ...]]:
        """A version with every case's values. It is read once, so a file that is replaced meanwhile changes nothing."""
        chosen = await self._prompts.choose(asked, environment)
        known = declared(chosen.version.prompt)
        first = await self._prompts.prepare(asked, _own(cases.cases[0].variables, known), environment)
        texts = [first.chosen, *_variants(first)]
        names = {name for text in texts for name in declared(text.version.prompt)}
        prepared = []
        for case in cases.cases:
            _refuse_unknown(case, names | cases.used, cases)
            usual, *others = (wording_of(text, _own(case.variables, declared(text.version.prompt))) for text in texts)
            wordings = structs.replace(first.wordings, usual=usual, others=tuple(others))
            prepared.append(structs.replace(first, wordings=wordings))
        return asked, tuple(prepared)

    def _priced(
        self,
        comparison: Comparison,
        prepared: tuple[tuple[Prepared, ...], ...],
        environment: Environment,
        judge: str | None,
    ) -> Draft:
        """What it will roughly cost; PromptError if a contender may not be asked from here at all."""
        estimates: list[int | None] = []
        asks_first = False
        for contender, texts in zip(comparison.contenders, prepared, strict=True):
            for text in texts:
                asked = self._call(text, contender, comparison, environment)
                self._refuse(*asked, contender)
                seen = self._router.preview(*asked)
                estimates.append(seen.cost_estimate_nanousd)
                asks_first = asks_first or seen.asks_first
        judged = sum(one.type == JUDGED for case in comparison.cases for one in case.asserts)
        judged *= len(comparison.contenders) * comparison.repeats
        if judged:
            route_of(ChatRequest(messages=(), model=judge), self._router.setup)
        known = [estimate for estimate in estimates if estimate is not None]
        return Draft(
            comparison=comparison,
            environment=environment,
            prepared=prepared,
            judge=judge,
            calls=comparison.planned + judged,
            estimate_nanousd=sum(known) * comparison.repeats if len(known) == len(estimates) else None,
            asks_first=asks_first,
        )

    def _refuse(self, request: ChatRequest, caller: Caller, contender: Contender) -> None:
        """PromptError if nobody could answer that."""
        decided = self._router.decide(request, caller, Admission(self._router.setup, self._router.books))
        if isinstance(decided, Refused):
            who = f"{contender.asked} with {contender.requested}" if contender.requested else contender.asked
            problem = f"{who} cannot be asked from {caller.environment.name}: {decided.reason}"
            raise PromptError(problem, mend=decided.mend)

    # --- running ------------------------------------------------------------------------------------

    async def run(self, draft: Draft, *, confirmed: bool) -> AsyncGenerator[Comparison]:
        """Ask one thing after the other, and give the comparison as far as it is after each of them.

        Close the iterator to stop: what is done by then is kept. `confirmed`: a person agreed, to paid calls and all.
        """
        so_far = structs.replace(draft.comparison, id=self._clock.new_id(), at=self._clock.now())
        draft = structs.replace(draft, comparison=so_far)
        await self._keep(partial(memory.begin, comparison=self._as_kept(so_far)))
        if not self._keeps_text():
            await self._keep(memory.forget_words)
        stopped = STOPPED
        try:
            calls = interleaved(len(so_far.cases), len(so_far.contenders), so_far.repeats)
            for position, call in enumerate(calls):
                result, refused = await self._result(call, draft, confirmed=confirmed)
                if refused is not None and refused.kind in {"budget", "confirmation"}:
                    stopped = f"{refused.reason} {refused.mend}"
                    break
                so_far = structs.replace(so_far, results=(*so_far.results, result))
                kept = result if self._keeps_text() else result_without_text(result)
                await self._keep(partial(memory.add, id_=so_far.id, position=position, result=kept))
                stopped = "" if position + 1 == len(calls) else stopped
                yield so_far
        finally:
            if stopped:
                # Whoever stops it cancels this task, too; that it was stopped has to be written all the same.
                await asyncio.shield(self._keep(partial(memory.stop, id_=so_far.id, why=stopped)))
        if stopped:
            yield structs.replace(so_far, stopped=stopped)

    async def latest(self, name: str, *, before: float | None = None) -> Comparison | None:
        """The last comparison of a prompt, of those that began before that; None = there is none."""
        return await self._ledger.reading(partial(memory.latest, name=name, before=before))

    def _as_kept(self, comparison: Comparison) -> Comparison:
        return comparison if self._keeps_text() else without_text(comparison)

    async def _keep(self, work: Callable[..., None]) -> None:
        with suppress(LedgerUnavailableError):  # the ledger says so itself, and what is on screen stays there
            await self._ledger.writing(work)

    async def _result(self, call: Call, draft: Draft, *, confirmed: bool) -> tuple[Result, Refused | None]:
        contender, case = draft.comparison.contenders[call.contender], draft.comparison.cases[call.case]
        prepared = draft.prepared[call.contender][call.case]
        heard = await self._hear(
            *self._call(prepared, contender, draft.comparison, draft.environment, confirmed=confirmed)
        )
        if heard.refused is not None or heard.served is None:
            return Result(call=call, cost_nanousd=heard.cost_nanousd, problem=heard.problem), heard.refused
        answer = heard.served
        answered = Answered(text=heard.text, cost_nanousd=answer.cost_nanousd, duration_s=answer.duration_s)
        ticks, judges = [], [heard.cost_nanousd]
        for assertion in case.asserts:
            if assertion.type != JUDGED:
                ticks.append(checked(assertion, answered))
                continue
            tick, cost = await self._judged(assertion, heard.text, draft, confirmed=confirmed)
            ticks.append(tick)
            judges.append(cost)
        result = Result(
            call=call,
            text=heard.text,
            ticks=tuple(ticks),
            served=f"{answer.opened.provider_name}/{answer.opened.request_model}",
            response_model=answer.response_model,
            cost_nanousd=_sum(judges),
            answer_nanousd=answer.cost_nanousd,
            duration_s=answer.duration_s,
        )
        return result, None

    async def _judged(
        self, assertion: Assertion, text: str, draft: Draft, *, confirmed: bool
    ) -> tuple[Tick, int | None]:
        """Another model's word on an answer, and what that cost."""
        judge = assertion.provider or draft.judge
        request = ChatRequest(messages=question(str(assertion.value), text), model=judge)
        caller = self._caller(draft.comparison, draft.environment, confirmed=confirmed)
        heard = await self._hear(request, structs.replace(caller, operation_name="judge"))
        if heard.served is None:
            why = f"nobody judged: {heard.problem}"
            return Tick(shown=assertion.shown, passed=None, why=why), heard.cost_nanousd
        return verdict(assertion, heard.text), heard.cost_nanousd

    async def _hear(self, request: ChatRequest, caller: Caller) -> "_Heard":
        """One request to its end."""
        heard = _Heard()
        async with aclosing(self._router.send(request, caller)) as events:
            async for event in events:
                match event:
                    case TextDelta(text):
                        heard.text += text
                    case FellBack(continues=False):
                        heard.text = ""
                    case Refused():
                        heard.refused = event
                    case RequestFinished():
                        heard.finished = event
                    case _:
                        pass
        return heard

    def _call(
        self,
        prepared: Prepared,
        contender: Contender,
        comparison: Comparison,
        environment: Environment,
        *,
        confirmed: bool = False,
    ) -> tuple[ChatRequest, Caller]:
        caller = self._caller(comparison, environment, confirmed=confirmed)
        return prepared.request(model=contender.requested), structs.replace(caller, prompt=prepared.after(()))

    def _caller(self, comparison: Comparison, environment: Environment, *, confirmed: bool) -> Caller:
        return Caller(
            environment=environment,
            conversation_id=comparison.id,
            operation_name=comparison.name,
            is_confirmed=confirmed,
            is_confirmed_now=confirmed,
            is_unlocked=confirmed,
            test_mark=self.test_mark,
        )


class _Heard(Struct):
    """What came of one request."""

    text: str = ""
    refused: Refused | None = None
    finished: RequestFinished | None = None

    @property
    def served(self) -> UsageRecord | None:
        """The attempt that answered; None = nobody did."""
        return self.finished.records[-1] if self.finished is not None and self.finished.served is not None else None

    @property
    def cost_nanousd(self) -> int | None:
        """Of all attempts; None = unknown."""
        return _sum([record.cost_nanousd for record in self.finished.records]) if self.finished is not None else 0

    @property
    def problem(self) -> str:
        """Why nobody answered."""
        if self.refused is not None:
            return f"{self.refused.reason} {self.refused.mend}"
        failure = self.finished.failure if self.finished is not None else None
        return "nobody answered" if failure is None else f"{IN_WORDS[failure.error_type]}: {failure.message}"


def _sum(costs: Sequence[int | None]) -> int | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def _own(variables: Mapping[str, Any], known: Mapping[str, object]) -> dict[str, Any]:
    """Those that this text knows; another version may know more, and assertions have their own."""
    return {name: value for name, value in variables.items() if name in known}


def _variants(prepared: Prepared) -> list[Chosen]:
    """The texts for other targets, as they were chosen."""
    pairs = zip(prepared.other_versions, prepared.wordings.others, strict=True)
    return [Chosen(version=version, label=one.use.label, is_working=one.is_working) for version, one in pairs]


def _refuse_unknown(case: Case, known: set[str] | frozenset[str], cases: Cases) -> None:
    for name in case.variables:
        if name not in known:
            problem = f"{cases.path}: test {case.name!r} has a variable {name!r} that the prompt does not know."
            raise PromptError(problem, mend=mend_by_name(name, sorted(known)))
