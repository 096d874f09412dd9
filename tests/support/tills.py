"""Simulated providers that do, by chance, everything a provider can do to a client, and keep a book of what it owes."""

import asyncio
import random
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from threading import Event as Gate

from msgspec import structs

from burn_tui.core.chat import ChatRequest
from burn_tui.core.failure import ErrorType, Failure
from burn_tui.core.money import Price
from burn_tui.core.usage import Usage
from burn_tui.simulator import script
from burn_tui.simulator.script import Action, Answer, Fault

WORDS = "Rivers carry silt from the hills to the delta, year after year, and so the delta grows. "

SLOWLY = "Say it slowly."
"""Who asks so will be gone before the end of the answer."""

FAULTY = 0.15
"""Of all requests."""

GRAVE = 0.001
"""Of all requests are refused for a reason that does not pass by itself."""

REST_S = (0.0, 5.0, 30.0, None)

REFUSALS: tuple[tuple[ErrorType, int], ...] = (
    ("transient", 500),
    ("context_length", 400),
    ("content_filter", 400),
    ("caller_fault", 400),
)
GRAVE_REFUSALS: tuple[tuple[ErrorType, int], ...] = (
    ("auth", 401),
    ("quota_exhausted", 402),
    ("permission", 403),
    ("model_gone", 404),
)

PAGE = b"<html><body>502 Bad Gateway</body></html>"

GARBLED = {"ollama-chat": b'{"model": \n'}
"""What no reader can make sense of, by dialect; in all others an event of a stream."""

WRITES_CACHE = {"anthropic-messages", "openai-chat", "openai-responses"}
KNOWS_CACHE = WRITES_CACHE | {"gemini-generate"}
"""Dialects that can say so."""


class Till:
    """The script of one provider. Of each answer the input has another number of tokens, by which it is known again."""

    def __init__(self, dialect: str, price: Price | None, *, seed: int, longest_s: float) -> None:
        """`price`: None = it is free. `longest_s`: how long it may say nothing and still answer."""
        self.book: dict[int, int] = {}
        """Nano-USD by input tokens, of every answer that was given to its end."""
        self.cut = 0
        """Answers that were not, and requests that were accepted and never answered."""
        self.refused = 0
        self._dialect = dialect
        self._price = price
        self._chance = random.Random(seed)
        self._longest_s = longest_s
        self._given = 0

    def __call__(self, request: ChatRequest, _count: int) -> Action:
        """What is done to a request."""
        if _is_asked_slowly(request):
            self.cut += 1
            return structs.replace(self._counted(WORDS * 3), faults={4: script.Stall(60.0)})
        chance = self._chance.random()
        if chance < GRAVE:
            return self._refusal(*self._chance.choice(GRAVE_REFUSALS))
        if chance > FAULTY:
            return self._whole(request)
        return self._chance.choice(self._faults)(request)

    @property
    def _faults(self) -> tuple[Callable[[ChatRequest], Action], ...]:
        return (
            self._resting,
            lambda _: self._refusal(*self._chance.choice(REFUSALS)),
            self._lost,
            self._late,
            self._held,
            self._cut_off,
            self._disturbed,
            self._in_pieces,
            self._empty,
            self._uncounted,
        )

    # --- refused, and so free ------------------------------------------------------------------------

    def _resting(self, _request: ChatRequest) -> Action:
        self.refused += 1
        return self._chance.choice([script.overloaded(), script.rate_limited(self._chance.choice(REST_S))])

    def _refusal(self, error_type: ErrorType, status: int) -> Action:
        self.refused += 1
        return script.Refuse(Failure(error_type, f"refused for once: {error_type}", status))

    def _late(self, _request: ChatRequest) -> Action:
        self.refused += 1
        late: list[Action] = [script.Hang(self._some_s()), script.Raw(status=502, body=PAGE), script.Raw(status=503)]
        return self._chance.choice(late)

    # --- not answered, or not to its end -------------------------------------------------------------

    def _lost(self, _request: ChatRequest) -> Action:
        self.cut += 1
        lost: list[Action] = [script.Reset(), script.HangUp(), script.Raw(body=PAGE), script.Raw(body=b"")]
        return self._chance.choice(lost)

    def _cut_off(self, _request: ChatRequest) -> Action:
        self.cut += 1
        failure = Failure("overloaded", "Overloaded", 529)
        after: list[Fault] = [script.Cut(), script.End(), script.Break(failure)]
        answer = self._counted(WORDS)
        return structs.replace(answer, faults={self._chance.randint(0, 5): self._chance.choice(after)})

    # --- answered ------------------------------------------------------------------------------------

    def _whole(self, _request: ChatRequest) -> Answer:
        return self._owed(self._counted(WORDS * self._chance.randint(1, 3)))

    def _held(self, request: ChatRequest) -> Action:
        gate = Gate()
        asyncio.get_running_loop().call_later(self._some_s(), gate.set)
        return script.Held(gate, self._whole(request))

    def _in_pieces(self, request: ChatRequest) -> Action:
        return structs.replace(self._whole(request), piece_bytes=self._chance.randint(1, 40))

    def _disturbed(self, request: ChatRequest) -> Action:
        """By silence, or by bytes that mean nothing: in an answer in one piece these spoil it."""
        place = self._chance.randint(0, 5)
        if not request.stream or self._chance.random() < 0.5:
            return structs.replace(self._whole(request), faults={place: script.Stall(self._some_s())})
        garbled = GARBLED.get(self._dialect, b"data: {not json\n\n")
        return structs.replace(self._whole(request), faults={place: script.Garble(garbled)})

    def _empty(self, _request: ChatRequest) -> Action:
        """Billed all the same."""
        return self._owed(self._counted(""))

    def _uncounted(self, _request: ChatRequest) -> Action:
        self.cut += 1
        return Answer(text=WORDS, usage=Usage())

    # --- the book ------------------------------------------------------------------------------------

    def _owed(self, answer: Answer) -> Answer:
        usage = answer.usage
        assert usage is not None
        assert usage.input_tokens is not None
        self.book[usage.input_tokens] = owed(usage, self._price)
        return answer

    def _counted(self, text: str) -> Answer:
        self._given += 1
        usage = Usage(input_tokens=2_000 + self._given, output_tokens=self._chance.randint(1, 3_000))
        if self._dialect in KNOWS_CACHE:
            usage = structs.replace(usage, cache_read_input_tokens=self._chance.randint(0, 1_000))
        if self._dialect in WRITES_CACHE:
            usage = structs.replace(usage, cache_creation_input_tokens=self._chance.randint(0, 1_000))
        # Anthropic counts the prompt before the first word; the others count everything at the end.
        early = structs.replace(usage, output_tokens=1) if self._dialect == "anthropic-messages" else None
        return Answer(text=text, usage=usage, early_usage=early)

    def _some_s(self) -> float:
        return self._chance.uniform(0.0, self._longest_s)


def owed(usage: Usage, price: Price | None) -> int:
    """Nano-USD by a reckoning of its own, in decimals; None = it is free."""
    if price is None:
        return 0
    rates = price.rates
    read, write = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    plain = (usage.input_tokens or 0) - read - write
    each = (
        (plain, rates.input_rate),
        (read, rates.cache_read_rate or rates.input_rate),
        (write, rates.cache_write_rate or rates.input_rate),
        (usage.output_tokens or 0, rates.output_rate),
    )
    total = sum(Decimal(tokens) * rate for tokens, rate in each) / 1_000_000
    return int(Decimal(total).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _is_asked_slowly(request: ChatRequest) -> bool:
    return any(SLOWLY in message.text for message in request.messages if message.role == "user")
