"""Runs a file of steps: one request after another through the router, each kept as soon as it is answered.

steps ──filled with earlier answers──> known from a run before? ──yes──> its answer, free of charge
                                         └──no──> ask ──> check ──> keep ──> next
"""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC
from pathlib import Path
from typing import TextIO

import msgspec
from msgspec import Struct, structs

from burn_tui.core.budget import Budget
from burn_tui.core.chat import ChatRequest, JsonFormat, said
from burn_tui.core.checks import Wanted, flaw
from burn_tui.core.errors import SettingsError, WrongCallError
from burn_tui.core.money import in_dollars, nanousd
from burn_tui.core.workflow import Step, filled, fingerprint, problem
from burn_tui.engine.admission import Caller
from burn_tui.engine.ask import ANSWERED, NO_ANSWER, Telling
from burn_tui.engine.auto.check_command import judged
from burn_tui.engine.planning import route_of
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.tables import workflows as sql
from burn_tui.engine.yaml_source import Document, parse

_WANTED = {"answer": Wanted(), "json": Wanted(is_json=True), "code": Wanted(is_code=True)}


class StepReport(Struct, frozen=True, kw_only=True):
    """What became of one step. null = unknown."""

    step: str
    text: str
    served: str | None
    """"provider/model"; null = nobody answered."""
    cost_nanousd: int | None
    """Of all attempts of this run; of a step that was answered before, what it cost then."""
    duration_s: float
    attempts: int
    was_known: bool = False
    """True = answered in a run before, and not asked again."""
    escalated: bool = False
    error: str | None = None


class RunReport(Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    run: str
    steps: list[StepReport]
    cost_nanousd: int | None
    """Of what this call asked; null as soon as one cost is unknown."""
    duration_s: float
    is_done: bool


def steps_in(text: str, *, file: str, checks: tuple[str, ...]) -> list[Step]:
    """The steps of a file; SettingsError with its line for what cannot be run."""
    document = parse(text, file=file)
    steps = document.convert((), list[Step])
    found = problem(steps, checks)
    if found is not None:
        path = (found.place, found.key) if found.key else (found.place,)
        raise _at(document, path, found.what, found.mend)
    return steps


def _at(document: Document, path: tuple[int | str, ...], what: str, mend: str) -> SettingsError:
    return document.error(what, path, mend=mend)


class Known(Struct, frozen=True, kw_only=True):
    """A step that was answered before."""

    step: str
    fingerprint: str
    request_id: str
    served: str
    answer: str
    cost_nanousd: int | None
    duration_us: int


class Run:
    """Of one file. `report` tells how far it came."""

    def __init__(self, runtime: Runtime, caller: Caller, *, file: Path, narration: TextIO) -> None:
        self.id = runtime.clock.new_id()
        self.done: list[StepReport] = []
        self.is_done = False
        self._runtime = runtime
        self._caller = caller
        self._file = file
        self._narration = narration
        self._known: dict[str, Known] = {}
        self._began = runtime.clock.monotonic()

    async def begin(self, *, resumes: bool) -> None:
        """Write the run down; `resumes`: or take up the last one of this file, if it did not come to its end."""
        file, ledger = str(self._file), self._runtime.ledger
        last = await ledger.reading(lambda found: found.execute(sql.UNFINISHED, (file,)).fetchone())
        if resumes and last is not None and not last[1]:
            self.id = last[0]
            rows = await ledger.reading(lambda found: found.execute(sql.STEPS, (self.id,)).fetchall())
            self._known = {row[0]: _known(row) for row in rows}
            self._say(f"going on with run {self.id}: {len(self._known)} steps were answered before")
            return
        if resumes:
            self._say("there is no run of this file to go on with, so it begins anew")
        at_us = int(self._runtime.clock.now() * 1e6)
        await self._write(sql.BEGIN, (self.id, at_us, file))

    async def run(self, steps: list[Step]) -> int:
        """All steps in their order, up to one that fails; the exit code, as of `ask`."""
        answers: dict[str, str] = {}
        for place, step in enumerate(steps, 1):
            ready = filled(step, answers)
            known = self._known.get(step.step)
            if known is not None and known.fingerprint == fingerprint(ready):
                self.done.append(_from_known(known))
                self._say(f"{place}/{len(steps)} {step.step}: answered before by {known.served}")
            else:
                self._say(f"{place}/{len(steps)} {step.step}")
                if (code := await self._ask(ready)) != ANSWERED:
                    return code
            answers[step.step] = self.done[-1].text
        self.is_done = True
        await self._write(sql.END, (self.id,))
        return ANSWERED

    @property
    def report(self) -> RunReport:
        """How far it came, and what that cost."""
        costs = [one.cost_nanousd for one in self.done if not one.was_known]
        return RunReport(
            run=self.id,
            steps=self.done,
            cost_nanousd=None if None in costs else sum(cost for cost in costs if cost is not None),
            duration_s=round(self._runtime.clock.monotonic() - self._began, 6),
            is_done=self.is_done,
        )

    async def _ask(self, step: Step) -> int:
        runtime, began = self._runtime, self._runtime.clock.monotonic()
        request, caller = await self._request(step)
        telling = Telling(out=None, narration=self._narration)
        self._limit(step, caller)
        async with aclosing(runtime.router.send(request, caller)) as events:
            async for event in events:
                telling.tell(event)
        report, code = telling.report(), telling.exit_code
        error = report.error
        if code == ANSWERED and (wrong := await self._wrong(step, report.text)) is not None:
            code, error = NO_ANSWER, f"the answer {wrong}"
            self._say(f"{step.step}: {error}")
        served = f"{report.served['provider']}/{report.served['model']}" if report.served else None
        done = StepReport(
            step=step.step,
            text=report.text,
            served=served,
            cost_nanousd=report.cost_nanousd,
            duration_s=round(runtime.clock.monotonic() - began, 6),
            attempts=len(report.attempts),
            escalated=report.escalated is not None,
            error=error,
        )
        self.done.append(done)
        if code == ANSWERED:
            await self._keep(step, done, telling.request_id)
        return code

    async def _request(self, step: Step) -> tuple[ChatRequest, Caller]:
        operation = f"{self._file.stem}.{step.step}"
        check = step.check if step.check not in _WANTED else None
        caller = structs.replace(
            self._caller, operation_name=operation, session_id=f"{self.id}/{step.step}", check=check
        )
        if step.prompt is not None:
            request = ChatRequest(messages=(said("user", step.prompt),), model=step.target)
        else:
            assert step.use is not None
            prepared = await self._runtime.prompts.prepare(step.use, step.variables, caller.environment)
            request = prepared.request(model=step.target)
            caller = structs.replace(caller, prompt=prepared.after(()))
        if step.check == "json":
            request = structs.replace(request, response_format=request.response_format or JsonFormat())
        return request, caller

    def _limit(self, step: Step, caller: Caller) -> None:
        """The step's budget is one of the router's while the step runs: reserved from, also by fallbacks."""
        router = self._runtime.router
        others = tuple(one for one in router.setup.budgets if not one.scope.startswith(f"session:{self.id}/"))
        if step.budget_usd is None:
            own: tuple[Budget, ...] = ()
        else:
            limit, scope = nanousd(step.budget_usd), f"session:{caller.session_id}"
            own = (Budget(name=f"step {step.step}", limit_nanousd=limit, scope=scope, timezone=UTC),)
        router.setup = structs.replace(router.setup, budgets=(*others, *own))

    async def _wrong(self, step: Step, text: str) -> str | None:
        """What is wrong with the answer, to be read after "the answer "."""
        if step.check is None:
            return None
        if step.check in _WANTED:
            found = flaw(_WANTED[step.check], text, None)
            return found.why if found else None
        checks = self._runtime.router.setup.auto.checks
        command = next(one for one in checks if one.name == step.check)
        result = await judged(command, text, project=self._runtime.router.directory, environ=os.environ)
        return None if result.word == "passed" else result.why

    async def _keep(self, step: Step, done: StepReport, request_id: str) -> None:
        answer = done.text if self._runtime.settings.store_text else None
        row = (
            self.id,
            step.step,
            fingerprint(step),
            request_id,
            done.served,
            answer,
            done.cost_nanousd,
            int(done.duration_s * 1e6),
        )
        await self._write(sql.KEEP_STEP, row)

    async def _write(self, statement: str, values: tuple[object, ...]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute(statement, values)

        await self._runtime.ledger.writing(work)

    def _say(self, sentence: str) -> None:
        print(f"burn-tui: {sentence}", file=self._narration)


async def run_workflow(
    file: Path,
    *,
    boot: Callable[[], Awaitable[Runtime]],
    environment: str | None,
    confirmed: bool,
    resumes: bool,
    as_json: bool,
    out: TextIO,
    narration: TextIO,
) -> int:
    """Run the file, print the last answer and what each step came to; the exit code is that of the step that failed."""
    try:
        text, place = await asyncio.to_thread(lambda: (file.read_text(encoding="utf-8"), file.resolve()))
    except (OSError, UnicodeDecodeError) as error:
        raise WrongCallError(
            f"{file} cannot be read: {error}.", mend="Name a YAML file with a list of steps."
        ) from error
    runtime = await boot()
    try:
        await runtime.discover()
        names = tuple(one.name for one in runtime.router.setup.auto.checks)
        steps = steps_in(text, file=str(file), checks=names)
        for step in steps:  # a name that means nothing is told before anything is paid for
            route_of(ChatRequest(messages=(), model=step.target), runtime.router.setup)
        caller = Caller(
            environment=runtime.environment(environment),
            is_confirmed=confirmed,
            is_confirmed_now=confirmed,
            is_unlocked=confirmed,
            test_mark=runtime.test_mark,
        )
        run = Run(runtime, caller, file=place, narration=narration)
        await run.begin(resumes=resumes)
        code = await run.run(steps)
    finally:
        await runtime.close()
    if as_json:
        out.write(msgspec.json.encode(run.report).decode() + "\n")
    else:
        _tell(run.report, out, narration)
    return code


def _tell(report: RunReport, out: TextIO, narration: TextIO) -> None:
    if report.is_done and report.steps:
        out.write(report.steps[-1].text.rstrip("\n") + "\n")
    width = max((len(one.step) for one in report.steps), default=0)
    for one in report.steps:
        cost = _cost(one.cost_nanousd)
        known = "  answered before" if one.was_known else ""
        failed = f"  FAILED: {one.error}" if one.error else ""
        print(
            f"  {one.step:<{width}}  {cost:>12}  {one.duration_s:7.2f} s  {one.served or 'nobody'}{known}{failed}",
            file=narration,
        )
    total = _cost(report.cost_nanousd)
    print(f"  {'this run':<{width}}  {total:>12}  {report.duration_s:7.2f} s", file=narration)
    if not report.is_done:
        print("burn-tui: Mend it and go on with --resume: answered steps are not asked again.", file=narration)


def _cost(nanousd_: int | None) -> str:
    if not nanousd_:
        return "cost unknown" if nanousd_ is None else "free"
    return in_dollars(nanousd_)


def _known(row: tuple[object, ...]) -> Known:
    return msgspec.convert(dict(zip(Known.__struct_fields__, tuple(row), strict=True)), Known)


def _from_known(known: Known) -> StepReport:
    return StepReport(
        step=known.step,
        text=known.answer,
        served=known.served,
        cost_nanousd=known.cost_nanousd,
        duration_s=round(known.duration_us / 1e6, 6),
        attempts=0,
        was_known=True,
    )
