"""Decoding of recorded streams: our dialects beside bare json.loads and beside the openai client's own decoding.

    python tests/bench/decode.py [repeats]

Prints megabytes a second of each dialect over its recorded streams, the same of `json.loads` for every event (cut out
beforehand: a floor that no decoder reaches with it), and for the two OpenAI dialects of the official client: its SSE
decoder and its models, built as the client builds them, without its HTTP. Streams that the client does not read to
their end (errors in mid-stream, broken JSON) are left out for everybody.
"""

import gc
import json
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Any

from msgspec import Struct

from burn_tui.core.catalog import Provider
from burn_tui.core.sse import SseParser
from burn_tui.providers import DIALECTS

WIRE = Path(__file__).parents[2].parent / "shared" / "wire"
CHUNK_BYTES = 4096
"""About what one read from a connection gives."""

MEGABYTES_AT_LEAST = 4
"""Of each run: the recordings are read again and again until it is that much."""


class Stream(Struct, frozen=True):
    """One recorded body."""

    chunks: list[bytes]
    documents: list[bytes]
    """The JSON of each event."""
    size: int


Contestant = Callable[[Stream], None]


def main() -> None:
    if not (WIRE / "INDEX.json").exists():
        print(f"skipped: no recorded traffic in {WIRE}")
        return
    clients = official_clients()
    if not clients:
        print("the openai client is not installed: nothing to compare with but json.loads")
    for dialect in DIALECTS:
        streams = list(recorded(dialect))
        contestants = {"ours": ours(dialect), "json.loads": load_each}
        if dialect in clients:
            contestants["openai client"] = clients[dialect]
        print(f"{dialect:<18} {len(streams):>3} streams  {line(best_of(contestants, streams))}")


def best_of(contestants: dict[str, Contestant], streams: list[Stream]) -> dict[str, float]:
    """Megabytes a second of each: the best of several runs, which take turns so that a busy moment hits all."""
    best = dict.fromkeys(contestants, 0.0)
    for _ in range(_repeats()):
        for name, contestant in contestants.items():
            best[name] = max(best[name], megabytes_per_s(contestant, streams))
    return best


def megabytes_per_s(contestant: Contestant, streams: list[Stream]) -> float:
    megabytes = sum(stream.size for stream in streams) / 1e6
    rounds = max(1, round(MEGABYTES_AT_LEAST / megabytes))
    gc.collect()
    began = perf_counter()
    for _ in range(rounds):
        for stream in streams:
            contestant(stream)
    return rounds * megabytes / (perf_counter() - began)


def line(speeds: dict[str, float]) -> str:
    told = "   ".join(f"{name} {speed:6.1f} MB/s" for name, speed in speeds.items())
    ratios = (f"{speeds['ours'] / speed:.2f} x {name}" for name, speed in speeds.items() if name != "ours")
    return f"{told}   ours is {', '.join(ratios)}"


# --- the contestants -----------------------------------------------------------------------------


def ours(dialect: str) -> Contestant:
    provider = Provider(name="bench", dialect=dialect, base_url="https://provider.example")

    def decode(stream: Stream) -> None:
        decoder = DIALECTS[dialect].decoder(streamed=True, provider=provider)
        for chunk in stream.chunks:
            decoder.feed(chunk)
        decoder.finish()

    return decode


def load_each(stream: Stream) -> None:
    for document in stream.documents:
        json.loads(document)


def official_clients() -> dict[str, Contestant]:
    """What the official client does with the body of a streamed response, by dialect; {} if it is not installed."""
    try:
        import openai
        from openai.types.chat import ChatCompletionChunk
        from openai.types.responses import ResponseStreamEvent
    except ImportError:
        return {}
    client = openai.OpenAI(api_key="none")

    def reader(event_type: Any) -> Contestant:
        def decode(stream: Stream) -> None:
            response: Any = _Body(stream.chunks)
            for _ in openai.Stream(cast_to=event_type, response=response, client=client):
                pass

        return decode

    return {"openai-chat": reader(ChatCompletionChunk), "openai-responses": reader(ResponseStreamEvent)}


class _Body:
    """As much of an HTTP response as the client's Stream touches."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    def iter_bytes(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        """Nothing is open."""


# --- the recordings ------------------------------------------------------------------------------


def recorded(dialect: str) -> Iterator[Stream]:
    """Every recorded stream that consists of events, or of lines of JSON, to its end."""
    for path in sorted((WIRE / dialect).glob("*.json")):
        response = json.loads(path.read_bytes())["response"]
        if not response["stream"] or response["status"] != 200:
            continue
        body = response["body"].encode()
        documents = [document for document in _documents(body) if document.strip() != b"[DONE]"]
        if documents and all(map(_is_plain, documents)):
            chunks = [body[start : start + CHUNK_BYTES] for start in range(0, len(body), CHUNK_BYTES)]
            yield Stream(chunks, documents, len(body))


def _documents(body: bytes) -> list[bytes]:
    parser = SseParser()
    events = list(chain(parser.feed(body), parser.finish()))
    return [event.data for event in events] or [line for line in body.split(b"\n") if line.strip()]


def _is_plain(document: bytes) -> bool:
    try:
        value = json.loads(document)
    except ValueError:
        return False
    return isinstance(value, dict) and not value.get("error") and value.get("type") != "error"


def _repeats() -> int:
    return int(sys.argv[1]) if len(sys.argv) > 1 else 3


if __name__ == "__main__":
    main()
