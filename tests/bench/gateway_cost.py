"""What the gateway adds to asking the provider directly, over one and the same loopback provider, in one run.

    python tests/bench/gateway_cost.py [REQUESTS]

Provider, gateway and client are a process each; the gateway is the installed command with a ledger on disk. A bare
client asks both in turn. Printed: the median time of a whole answer and of a stream's first chunk, as the difference to
asking directly; how many streams of 34 events one core carries (requests over the CPU time of the gateway's process,
all its threads), while STREAMS of them run at once, in the client's own dialect and translated; and how its memory
grows.
"""

import asyncio
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.measured_gateway import Peer, cpu_s, gateway, resident_mb

EVENTS = 34
STREAMS = 20
ROUNDS = 5


async def latencies(direct: Peer, through: Peer, requests: int) -> None:
    """The two take turns."""
    for stream, place, name, wanted in ((False, 1, "full answer", 4.0), (True, 0, "first chunk", 3.0)):
        added = []
        for _ in range(ROUNDS):
            times: dict[int, list[float]] = {direct.port: [], through.port: []}
            for _ in range(requests // ROUNDS):
                for peer in (direct, through):
                    times[peer.port].append((await peer.ask(stream=stream))[place])
            added.append(statistics.median(times[through.port]) - statistics.median(times[direct.port]))
        print(f"{name:<12} {statistics.median(added) * 1e3:+6.2f} ms p50 added (wanted {wanted:+.2f} ms)")


async def streams(through: Peer, path: str, pid: int, requests: int) -> float:
    """Streams a second that one core carries."""
    peers = [Peer(through.port, through.token, path) for _ in range(STREAMS)]
    await asyncio.gather(*(peer.ask(stream=True) for peer in peers))

    async def many(peer: Peer) -> None:
        for _ in range(requests // STREAMS):
            await peer.ask(stream=True)

    before = cpu_s(pid)
    await asyncio.gather(*(many(peer) for peer in peers))
    spent = cpu_s(pid) - before
    for peer in peers:
        peer.close()
    return (requests // STREAMS) * STREAMS / spent


async def measure(direct: Peer, through: Peer, pid: int, requests: int) -> None:
    """Everything, one after the other."""
    for peer in (direct, through):
        await peer.ask(stream=True)
    await latencies(direct, through, requests)
    resident = [resident_mb(pid)]
    for path, name in (("/v1/chat/completions", "same dialect"), ("/v1/messages", "translated")):
        carried = await streams(through, path, pid, requests)
        print(f"{name:<12} {carried:6.0f} streams/s of {EVENTS} events on one core (wanted 100)")
        resident.append(resident_mb(pid))
    for _ in range(4):
        await asyncio.gather(streams(through, "/v1/chat/completions", pid, requests))
        resident.append(resident_mb(pid))
    path_of_memory = ", ".join(f"{one:.0f}" for one in resident)
    print(f"memory       {path_of_memory} MB after every {requests} streams of {STREAMS} at once")


def main() -> None:
    """Start both, measure, print."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with gateway() as (port, own_port, token, pid):
        asyncio.run(measure(Peer(port, ""), Peer(own_port, token), pid, requests))


if __name__ == "__main__":
    main()
