"""What 50,000 requests leave in the memory of the gateway's process, and 200 streams at once.

    python tests/bench/gateway_memory.py [REQUESTS]

Provider, gateway and clients as in gateway_cost.py. Twenty clients ask in turn for whole answers and streams, in the
provider's dialect and in another; every hundredth hangs up in the middle. Printed: resident memory after the warm-up,
after every tenth of the requests and at the end, and how many of 200 streams that ran at once came to their end.
"""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.measured_gateway import Peer, gateway, resident_mb

AT_ONCE = 20
STREAMS_AT_ONCE = 200
WANTED_MB = 10.0
"""Growth after the warm-up that counts as flat."""

PATHS = ("/v1/chat/completions", "/v1/messages")


async def leave(port: int, token: str) -> None:
    """Ask for a stream, and hang up as soon as it has begun."""
    peer = Peer(port, token)
    await peer.ask(stream=True, to_its_end=False)
    peer.close()


async def many(port: int, token: str, requests: int) -> None:
    """One client's share; every hundredth request is left in the middle."""
    peers = [Peer(port, token, path) for path in PATHS]
    for number in range(requests):
        if number % 100 == 99:
            await leave(port, token)
        else:
            await peers[number % 2].ask(stream=number % 4 < 2)
    for peer in peers:
        peer.close()


async def at_once(port: int, token: str) -> int:
    """How many of the streams that ran at once came whole."""
    peers = [Peer(port, token, PATHS[number % 2]) for number in range(STREAMS_AT_ONCE)]
    whole = 0
    for answer in await asyncio.gather(*(peer.ask(stream=True) for peer in peers), return_exceptions=True):
        whole += not isinstance(answer, BaseException)
    for peer in peers:
        peer.close()
    return whole


async def measure(port: int, token: str, pid: int, requests: int) -> None:
    """Everything, one after the other."""
    start = perf_counter()
    whole = await at_once(port, token)
    print(f"{whole} of {STREAMS_AT_ONCE} streams at once came whole in {perf_counter() - start:.1f} s")
    await asyncio.gather(*(many(port, token, requests // 10 // AT_ONCE) for _ in range(AT_ONCE)))
    resident = [resident_mb(pid)]
    start = perf_counter()
    for _ in range(10):
        await asyncio.gather(*(many(port, token, requests // 10 // AT_ONCE) for _ in range(AT_ONCE)))
        resident.append(resident_mb(pid))
    print(f"{requests} requests in {perf_counter() - start:.0f} s, {AT_ONCE} at once")
    print("resident after the warm-up and every tenth: " + ", ".join(f"{one:.1f}" for one in resident) + " MB")
    print(f"growth after the warm-up: {resident[-1] - resident[0]:+.1f} MB (wanted under {WANTED_MB:.0f} MB)")


def main() -> None:
    """Start both, measure, print."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with gateway() as (_, port, token, pid), suppress(KeyboardInterrupt):
        asyncio.run(measure(port, token, pid, requests))


if __name__ == "__main__":
    main()
