"""Orders of worker processes: given ahead, and each once, whatever becomes of a worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from burn_tui.engine.audit.costs import Costs
from burn_tui.engine.audit.importing import _work
from burn_tui.engine.audit.prepared import Prepared
from burn_tui.engine.audit.worker import LENGTH, Order, message


class Worker:
    """Answers each order at once, or dies of the first."""

    def __init__(self, *, dies: bool) -> None:
        self.given: list[float] = []
        """The times by which the orders are told apart."""
        self.answers = asyncio.StreamReader()
        self._dies = dies

    def write(self, order: bytes) -> None:
        self.given.append(msgspec.msgpack.decode(order[LENGTH.size :], type=Order).now)
        if self._dies:
            self.answers.feed_eof()
        else:
            self.answers.feed_data(message(b""))


async def test_a_worker_that_dies_takes_no_order_with_it_but_the_one_it_died_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workers: list[Worker] = []

    @asynccontextmanager
    async def process() -> AsyncIterator[tuple[Worker, asyncio.StreamReader]]:
        workers.append(Worker(dies=not workers))
        yield workers[-1], workers[-1].answers

    monkeypatch.setattr("burn_tui.engine.audit.importing._process", process)
    queue = asyncio.Queue[Prepared | None]()
    await _work(iter([Order([], Costs({}), float(number)) for number in range(4)]), queue, 1)
    assert [worker.given for worker in workers] == [[0, 1], [1, 2, 3]]
    assert (queue.get_nowait(), queue.empty()) == (None, True)
