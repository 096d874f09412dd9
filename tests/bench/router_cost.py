"""What the router adds to a bare httpx call, over one and the same loopback server, in one run.

    python tests/bench/router_cost.py [REQUESTS]

The server is a process of its own that answers every POST with the same stream of server-sent events. Each peer posts
the same body and reads to the end. Printed: CPU of the calling process a request and a chunk, and the time to the first
chunk, each as the difference to bare httpx; what `import burn_tui.engine.router` costs against `import httpx`; and the
resident memory of a process that has routed. litellm's Router is measured, too, where it is installed.
"""

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time

import httpx
from msgspec import Struct

from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.environment import DEVELOPMENT
from burn_tui.core.events import TextDelta
from burn_tui.core.money import Price, Rates, nanousd
from burn_tui.core.routing import Route
from burn_tui.engine.admission import Caller
from burn_tui.engine.clock import Clock
from burn_tui.engine.keys import Keys
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.prices import PriceBook
from burn_tui.engine.router import Router
from burn_tui.engine.setup import Setup
from burn_tui.engine.transport import Transport

SHORT, LONG = 1, 201
"""Text chunks of the two streams that are compared, to tell what a chunk costs from what a request costs."""

ROUNDS = 5
"""The peers take turns, and the median of their rounds counts: machines drift."""

SERVER = """
import asyncio, json


def event(choices, **more):
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": choices, **more}
    return b"data: " + json.dumps(chunk).encode() + b"\\n\\n"


def framed(data):
    return b"%x\\r\\n%s\\r\\n" % (len(data), data)


HEAD = b"HTTP/1.1 200 OK\\r\\ncontent-type: text/event-stream\\r\\ntransfer-encoding: chunked\\r\\n\\r\\n"
PIECE = framed(event([{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]))
END = framed(
    event([{"index": 0, "delta": {}, "finish_reason": "stop"}])
    + event([], usage={"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18})
    + b"data: [DONE]\\n\\n"
)


async def serve(reader, writer):
    while True:
        try:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return writer.close()
        lines = head.lower().split(b"\\r\\n")
        length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
        body = await reader.readexactly(length)
        writer.write(HEAD)
        for _ in range(int(body.split(b"pieces=")[1].split(b";")[0])):
            writer.write(PIECE)
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(END + b"0\\r\\n\\r\\n")
        await writer.drain()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
"""


class Cost(Struct):
    """Medians of one peer's rounds, in seconds."""

    cpu_short: float
    cpu_long: float
    first_chunk: float

    @property
    def cpu_chunk(self) -> float:
        """Of one more text chunk."""
        return (self.cpu_long - self.cpu_short) / (LONG - SHORT)


Call = Callable[[int], Awaitable[float]]
"""Reads one stream with that many chunks to its end; gives the seconds to its first chunk."""


def _prompt(pieces: int) -> str:
    return f"pieces={pieces}; How long is a piece of string?"


def httpx_call(client: httpx.AsyncClient, base_url: str) -> Call:
    """Nothing but the bytes."""

    async def call(pieces: int) -> float:
        body = {"model": "m", "messages": [{"role": "user", "content": _prompt(pieces)}], "stream": True}
        start, first = perf_counter(), 0.0
        async with client.stream("POST", f"{base_url}/chat/completions", content=json.dumps(body)) as response:
            async for _ in response.aiter_bytes():
                first = first or perf_counter() - start
        return first

    return call


def router_call(router: Router) -> Call:
    """The whole way: guard, budget, ledger, breaker, dialect, events."""

    async def call(pieces: int) -> float:
        request = ChatRequest(messages=(said("user", _prompt(pieces)),))
        start, first = perf_counter(), 0.0
        async with aclosing(router.send(request, Caller(environment=DEVELOPMENT))) as events:
            async for event in events:
                if not first and isinstance(event, TextDelta):
                    first = perf_counter() - start
        return first

    return call


def litellm_call(base_url: str) -> Call:
    """The best-known router, as its documentation sets it up."""
    import litellm  # type: ignore[import-not-found, unused-ignore]

    parameters = {"model": "openai/m", "api_base": base_url, "api_key": "sk-none"}
    router = litellm.Router(model_list=[{"model_name": "m", "litellm_params": parameters}])

    async def call(pieces: int) -> float:
        messages = [{"role": "user", "content": _prompt(pieces)}]
        start, first = perf_counter(), 0.0
        async for _ in await router.acompletion(model="m", messages=messages, stream=True):
            first = first or perf_counter() - start
        return first

    return call


async def measured(calls: dict[str, Call], requests: int) -> dict[str, Cost]:
    """Every peer in turn, ROUNDS times."""
    rounds: dict[str, list[Cost]] = {name: [] for name in calls}
    for call in calls.values():
        await _cpu(call, LONG, 3)
    for _ in range(ROUNDS):
        for name, call in calls.items():
            short, firsts = await _cpu(call, SHORT, requests)
            long, _ = await _cpu(call, LONG, max(requests // 4, 1))
            rounds[name].append(Cost(short, long, statistics.median(firsts)))
    return {
        name: Cost(*(statistics.median(getattr(cost, field) for cost in costs) for field in Cost.__struct_fields__))
        for name, costs in rounds.items()
    }


async def _cpu(call: Call, pieces: int, requests: int) -> tuple[float, list[float]]:
    start = process_time()
    firsts = [await call(pieces) for _ in range(requests)]
    return (process_time() - start) / requests, firsts


def _router(ledger: Ledger, base_url: str) -> Router:
    target, clock = Target("p", "m"), Clock()
    provider = Provider(name="p", dialect="openai-chat", base_url=base_url, models=(Model("m"),))
    price = Price(rates=Rates(input_rate=nanousd(3), output_rate=nanousd(15)))
    catalog = Catalog({"p": provider})
    setup = Setup(
        catalog=catalog,
        keys=Keys({}, {}),
        prices=PriceBook({target: price}, catalog, today=lambda: datetime.now(UTC).date()),
        routes={"default": Route("default", (target,))},
    )
    return Router(setup, books=ledger, transport=Transport(), clock=clock)


async def run(base_url: str, requests: int) -> dict[str, Cost]:
    """All peers that there are."""
    with tempfile.TemporaryDirectory() as directory:
        ledger = await Ledger.open(Path(directory) / "ledger.sqlite3", now=Clock().now())
        calls: dict[str, Call] = {"router": router_call(_router(ledger, base_url))}
        async with httpx.AsyncClient() as client:
            calls["httpx"] = httpx_call(client, base_url)
            if find_spec("litellm"):
                calls["litellm"] = litellm_call(base_url)
            costs = await measured(calls, requests)
        await ledger.close()
    return costs


def _import_s(statement: str) -> float:
    code = f"from time import process_time as t; a = t(); {statement}; print(t() - a)"
    command = [sys.executable, "-c", code]
    # Without compiled files it would be the compiler that is measured.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    runs = [subprocess.run(command, capture_output=True, text=True, check=True, env=environ) for _ in range(8)]
    return statistics.median(float(run.stdout) for run in runs[1:])


def main() -> None:
    """Start the server, measure, print."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        costs = asyncio.run(run(f"http://127.0.0.1:{port}", requests))
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(5)
    bare = costs.pop("httpx")
    print(
        f"bare httpx   {bare.cpu_short * 1e3:7.2f} ms CPU a request  {bare.cpu_chunk * 1e3:7.3f} ms a chunk  "
        f"{bare.first_chunk * 1e3:6.2f} ms to the first chunk"
    )
    for name, cost in costs.items():
        print(
            f"{name:<12} {(cost.cpu_short - bare.cpu_short) * 1e3:+7.2f} ms CPU a request  "
            f"{(cost.cpu_chunk - bare.cpu_chunk) * 1e3:+7.3f} ms a chunk  "
            f"{(cost.first_chunk - bare.first_chunk) * 1e3:+6.2f} ms to the first chunk"
        )
    print("wanted          +0.80 ms                 +0.050 ms             +1.00 ms")
    ratio = _import_s("import burn_tui.engine.router") / _import_s("import httpx")
    print(f"import burn_tui.engine.router: {ratio:.2f}x import httpx (wanted 1.3x)")
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"resident memory of this process at its highest: {resident:.0f} MB (wanted under 60 MB)")


if __name__ == "__main__":
    main()
