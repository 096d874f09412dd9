"""`auto` at work: gathers what the core's decision must know, remembers what was decided, and learns how it turned out.

    prepare ──> decide ──> took ──> finished ──> learned: judged, a check, asked again, or silence

What it remembers is kept in the ledger's file where there is one; without one it lasts as long as the process.
"""

import sqlite3
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol, TypeVar

from msgspec import Struct

from burn_tui.core.auto import (
    PROMPTS_RANKED,
    AutoDecision,
    AutoPolicy,
    Day,
    Standing,
    Weighed,
    decide_auto,
    over_cap,
    tiers_of,
)
from burn_tui.core.budget import daily, period_of
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, Text
from burn_tui.core.complexity import Complexity
from burn_tui.core.errors import LedgerError
from burn_tui.core.events import RequestFinished
from burn_tui.core.latency import Histogram, percentile
from burn_tui.core.route_learning import EVIDENCE, STRONG_FAILS_LESS, Features, Learner, Record, Sign, features, gain_of
from burn_tui.core.routing_rules import Facts, first_match, marked
from burn_tui.core.task_class import Correction, TaskClass, alike, classify, words_of
from burn_tui.core.transcript import Verdict
from burn_tui.engine.admission import Admission, Caller
from burn_tui.engine.books import Books
from burn_tui.engine.setup import Setup
from burn_tui.engine.tables import auto_rows as sql

LEARNED_OF: Mapping[str, bool] = {"cheap": True, "strong": False}
"""The tiers whose failures are foretold, each with whether the rule tells of them. Local and mid count as cheap."""

RETRIED_ALIKE = 0.8
"""Shared words from which on a question is the last one asked once more."""

FEWEST_TIMED = 20
"""Calls of the last day, below which nobody can say how slow a target is."""

_FRESH_S = 30.0
"""How long measured latencies and the budget's pace are good for."""

_MOST_PENDING = 500
_SURE_SHARE = 0.1
"""Of a period counts as elapsed at its very beginning: the first call of a day is always too fast."""

T = TypeVar("T")

_features = lru_cache(maxsize=8)(features)
"""The last few are kept: what was decided of a prompt is noted right after, and the prompt line asks with every key."""


class Memory(Protocol):
    """The part of the ledger that keeps what auto remembers."""

    async def reading(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` finds."""
        ...

    async def writing(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` does, all or nothing."""
        ...

    def write_along(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Have `work` done with whatever is written next."""


class Pending(Struct):
    """An answer of which nobody has said anything yet."""

    words: frozenset[str]
    seen: Complexity
    found: Features
    conversation: str
    tiers: Mapping[Target, str]
    """Of the targets that may answer."""
    tier: str = ""
    """A key of LEARNED_OF; "" = it is not answered yet."""
    is_premium: bool = False
    """True = it counts among those of the strong tier."""


class Auto:
    """Of one router."""

    def __init__(self, books: Books, now: Callable[[], float]) -> None:
        self.memory: Memory | None = None
        self.keeps_text = True
        self.learners = {tier: Learner(leans_on_rule=leans) for tier, leans in LEARNED_OF.items()}
        self.corrections: list[Correction] = []
        self.trouble: str | None = None
        """Why what was learned is not kept; None = it is."""
        self._books = books
        self._now = now
        self._worths: deque[float] = deque(maxlen=PROMPTS_RANKED)
        self._asked_today = 0
        self._premium_today = 0
        self._pace: float | None = None
        self._timed: dict[Target, tuple[float | None, float | None]] = {}
        self._prepared_at = float("-inf")
        self._today: datetime | None = None
        self._pending: OrderedDict[str, Pending] = OrderedDict()
        """By request."""
        self._answers: dict[str, str] = {}
        """The request of every attempt that answered one of them."""

    async def remember(self, memory: Memory) -> None:
        """Take over what was kept, and keep everything there from now on."""
        found = await memory.reading(lambda connection: sql.remembered(connection, LEARNED_OF))
        self.memory, self.learners, self.corrections = memory, found.learners, found.corrections
        self._worths = deque(found.worths, maxlen=PROMPTS_RANKED)

    # --- before a prompt ----------------------------------------------------------------------------

    async def prepare(self, setup: Setup) -> None:
        """Look at latencies, the budgets' pace and the day so far, unless that was just done.

        Where the ledger cannot be read, the last figures hold: a request is not held up by them.
        """
        now = self._now()
        if now - self._prepared_at < _FRESH_S:
            return
        self._prepared_at = now
        try:
            if setup.auto.p50_s is not None or setup.auto.p95_s is not None:
                self._timed = {
                    target: _percentiles(await self._books.first_chunks(target, now=now))
                    for target in setup.catalog.targets
                }
            self._pace = await self._measured_pace(setup, now)
        except LedgerError as error:
            self.trouble = str(error)
            return
        start, _ = period_of(daily(setup.budgets, UTC), datetime.fromtimestamp(now, UTC))
        if start != self._today:
            self._today, self._asked_today, self._premium_today = start, 0, 0
        if self.memory is not None:
            since = int(start.timestamp() * 1e6)
            counts = await self._safely(lambda connection: sql.day_so_far(connection, since))
            self._asked_today, self._premium_today = counts or (self._asked_today, self._premium_today)

    async def _measured_pace(self, setup: Setup, now: float) -> float | None:
        """Of the budget that is spent fastest, among those for everything."""
        paces = []
        for budget in setup.budgets:
            if budget.scope != "all" or not budget.limit_nanousd:
                continue
            spent = (await self._books.spent_in_period(budget, at=now)).spent_nanousd / budget.limit_nanousd
            start, end = (one.timestamp() for one in period_of(budget, datetime.fromtimestamp(now, UTC)))
            paces.append(spent / max((now - start) / (end - start), _SURE_SHARE))
        return max(paces, default=None)

    def decide(
        self,
        request: ChatRequest,
        caller: Caller,
        *,
        admission: Admission,
        is_open: Mapping[Target, bool],
        chance: float = 1.0,
        policy: AutoPolicy | None = None,
        wants_strong: str | None = None,
    ) -> AutoDecision:
        """What auto makes of `request` now; `is_open` has every target that it may choose from.

        `wants_strong`: in which words a person asks for the strong tier; None = nobody does.
        """
        setup = admission.setup
        policy = policy or setup.auto
        mark, prompt = marked(question(request))
        seen, found = _features(prompt)
        classified = classify(prompt, policy.patterns, self.corrections)
        facts = Facts(
            prompt=prompt,
            task=classified.task_class,
            project=caller.project or "",
            operation=caller.operation_name,
            session=caller.operation_name if caller.session_id else "",
        )
        return decide_auto(
            classified,
            self.weighed(seen, found),
            self._standings(request, admission, is_open, policy),
            policy=policy,
            day=self._day(),
            mark="strong" if wants_strong else mark,
            said_so=wants_strong,
            rule=first_match(policy.rules, facts),
            resolve=setup.catalog.resolve,
            chance=chance,
        )

    def weighed(self, seen: Complexity, found: Features) -> Weighed:
        """What is foretold of a prompt by whoever is trusted now."""
        cheap, strong = self.learners["cheap"], self.learners["strong"]
        fails = cheap.chance(seen, found)
        strong_fails = strong.learned(seen, found) if strong.record.is_trusted else fails * STRONG_FAILS_LESS
        gain = max(gain_of(cheap.rule(seen), fails, strong_fails, labels=cheap.record.labels), 0.0)
        learning = cheap.record.in_words + (f", but nothing is kept: {self.trouble}" if self.trouble else "")
        return Weighed(score=seen.score, gain=gain, seen=seen.reasons, learning=learning)

    def _standings(
        self, request: ChatRequest, admission: Admission, is_open: Mapping[Target, bool], policy: AutoPolicy
    ) -> list[Standing]:
        setup = admission.setup
        estimates = {target: admission.estimate(request, target) for target in is_open}
        local = {target for target in is_open if setup.is_local(target)}
        tiers = tiers_of(estimates, local, policy.tiers)
        return [
            Standing(
                target=target,
                tier=tiers[target],
                is_open=is_open[target],
                estimate_nanousd=estimates[target],
                p50_s=self._timed.get(target, (None, None))[0],
                p95_s=self._timed.get(target, (None, None))[1],
            )
            for target in is_open
        ]

    def _day(self) -> Day:
        return Day(worths=sorted(self._worths), asked=self._asked_today, premium=self._premium_today, pace=self._pace)

    # --- after it -----------------------------------------------------------------------------------

    async def took(self, request_id: str, request: ChatRequest, caller: Caller, decided: AutoDecision | None) -> None:
        """A request goes out. Whatever the conversation's last answer was, now more is known of it."""
        _, prompt = marked(question(request))
        seen, found = _features(prompt)
        words = words_of(prompt)
        conversation = caller.conversation_id or ""
        await self._settle_last(conversation, words)
        is_premium = decided is not None and decided.tier == "strong"
        tiers = decided.tiers if decided else {}
        if decided is not None:
            self._worths.append(decided.worth)
            self._asked_today += 1
            self._premium_today += is_premium
        self._pending[request_id] = Pending(words, seen, found, conversation, tiers, is_premium=is_premium)
        self._drop_oldest()
        if self.memory is None:
            return
        weighed = self.weighed(seen, found)
        row = sql.DecisionRow(
            at_us=int(self._now() * 1e6),
            request_id=request_id,
            task=decided.task if decided else classify(prompt, (), self.corrections).task_class,
            tier=decided.tier if decided else None,
            score=weighed.score,
            gain=weighed.gain,
            worth=decided.worth if decided else 0.0,
            is_explored=decided.is_explored if decided else False,
            project=caller.project or "",
            operation=caller.operation_name,
            session=caller.session_id or "",
        )
        # The row of the call is written next: a commit for this alone would keep the person waiting.
        self.memory.write_along(lambda connection: sql.note_decision(connection, row))

    def over_cap(self, policy: AutoPolicy, *, is_counted: bool) -> str | None:
        """As core.auto.over_cap, for the day as it is."""
        return over_cap(self._day(), policy, is_counted=is_counted)

    def escalated(self, request_id: str, target: Target) -> None:
        """`target` is asked after somebody else has answered; of the strong tier it counts for the day's cap."""
        pending = self._pending.get(request_id)
        if pending is None or pending.is_premium or pending.tiers.get(target) != "strong":
            return
        pending.is_premium = True
        self._premium_today += 1
        if self.memory is not None:
            self.memory.write_along(lambda connection: sql.note_escalation(connection, request_id))

    def held(self, request_id: str, seconds: float) -> None:
        """A client's stream was kept back for so long, until its answer was checked."""
        if self.memory is not None:
            self.memory.write_along(lambda connection: sql.note_held(connection, request_id, int(seconds * 1e6)))

    def finished(self, event: RequestFinished) -> None:
        """A request is over."""
        pending = self._pending.get(event.request_id)
        if pending is None:
            return
        if event.served is None or event.served not in pending.tiers:
            del self._pending[event.request_id]
            return
        pending.tier = "strong" if pending.tiers.get(event.served) == "strong" else "cheap"
        self._answers[event.records[-1].opened.event_id] = event.request_id

    async def failed(self, request_id: str, target: Target, sign: Sign) -> None:
        """The answer of `target` failed its check; whoever answers after it is another matter."""
        if (pending := self._pending.get(request_id)) is not None and target in pending.tiers:
            pending.tier = "strong" if pending.tiers[target] == "strong" else "cheap"
            await self.learn(request_id, sign)

    async def judged(self, event_id: str, verdict: Verdict | None) -> None:
        """A person has judged the answer of this attempt."""
        if verdict is not None and (request_id := self._answers.get(event_id)) is not None:
            await self.learn(request_id, "thumbs_up" if verdict == "good" else "thumbs_down")

    async def learn(self, request_id: str, sign: Sign) -> None:
        """Something shows how the answer of this request turned out. Only the first sign counts."""
        pending = self._pending.pop(request_id, None)
        if pending is None or not pending.tier:
            return
        failed, weight = EVIDENCE[sign]
        tier, learner = pending.tier, self.learners[pending.tier]
        if learner.is_frozen:
            return
        learner.learn(pending.seen, pending.found, failed=float(failed), weight=weight)
        foretold, at_us = learner.record.latest[-1], int(self._now() * 1e6)
        moved, learner.moved = learner.moved, {}

        def keep(connection: sqlite3.Connection) -> tuple[sql.Weights, Record]:
            sql.note_label(connection, tier, sign, foretold, at_us)
            return sql.keep_moves(connection, tier, moved), sql.record(connection, tier)

        if (kept := await self._safely(keep, writes=True)) is not None:
            learner.take_over(*kept)
        elif self.memory is not None:
            learner.put_back(moved)

    async def correct(self, prompt: str, task: TaskClass) -> None:
        """A person says what a prompt is; those like it are taken for the same from now on."""
        words = words_of(prompt)
        self.corrections.insert(0, Correction(words, task))
        del self.corrections[sql.MOST_CORRECTIONS :]
        if self.keeps_text:
            await self._safely(lambda connection: sql.keep_correction(connection, task, words), writes=True)

    async def _settle_last(self, conversation: str, words: frozenset[str]) -> None:
        """The conversation's answers that nobody judged: asked once more is a failure, going on is a quiet yes."""
        if not conversation:
            return
        last = [key for key, one in self._pending.items() if one.conversation == conversation and one.tier]
        for request_id in last:
            is_retry = alike(self._pending[request_id].words, words) >= RETRIED_ALIKE
            await self.learn(request_id, "retried" if is_retry else "silence")

    def _drop_oldest(self) -> None:
        while len(self._pending) > _MOST_PENDING:
            self._pending.popitem(last=False)
        if len(self._answers) > 2 * _MOST_PENDING:
            self._answers = {event: request for event, request in self._answers.items() if request in self._pending}

    async def _safely(self, work: Callable[[sqlite3.Connection], T], *, writes: bool = False) -> T | None:
        """Experience is worth keeping, and no reason to hold a request up: where it cannot be kept, `trouble` says."""
        if self.memory is None:
            return None
        try:
            result = await (self.memory.writing(work) if writes else self.memory.reading(work))
        except LedgerError as error:
            self.trouble = str(error)
            return None
        self.trouble = None
        return result


def question(request: ChatRequest) -> str:
    """What is asked: the text of the last message of the user that has any; results of tools are none."""
    texts = (
        "\n".join(part.text for part in message.parts if isinstance(part, Text))
        for message in reversed(request.messages)
        if message.role == "user"
    )
    return next((text for text in texts if text), "")


def _percentiles(measured: Histogram) -> tuple[float | None, float | None]:
    if sum(measured.values()) < FEWEST_TIMED:
        return None, None
    return percentile(measured, 0.5), percentile(measured, 0.95)
