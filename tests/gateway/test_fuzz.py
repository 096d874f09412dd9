"""Ten thousand malformed requests, on real sockets: each is refused with a 4xx in good form or hung up on, nobody is
asked, no connection sticks, and the gateway goes on serving. There are fewer by default; support/fuzz.py says how to
try for longer.
"""

import asyncio
import json
import random
from collections.abc import Callable
from pathlib import Path

from support.fuzz import examples
from support.gateways import Doorway, gateway
from support.world import FINE

REQUESTS = examples(3_000)
AT_ONCE = 20
STUCK_S = 60.0

PATHS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1beta/models/auto:generateContent",
    "/v1beta/models/auto:streamGenerateContent",
    "/v1beta/models/auto:countTokens",
    "/v1/embeddings",
)
KEYS = (
    "model",
    "messages",
    "input",
    "contents",
    "max_tokens",
    "stream",
    "tools",
    "role",
    "content",
    "parts",
    "type",
    "n",
)
ODD = ("", "\x00", "é\ud800", "9" * 400, "../../etc/passwd", "${jndi:ldap://x}", "auto", "text", "user")

Make = Callable[[random.Random, str, str], bytes]


def head(path: str, secret: str, length: int | None, *more: str, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"authorization: Bearer {secret}"]
    lines += [] if length is None else [f"content-length: {length}"]
    return "\r\n".join([*lines, "content-type: application/json", *more, "", ""]).encode("utf-8", "surrogatepass")


def value(chance: random.Random, depth: int = 0) -> object:
    kind = chance.randrange(9 if depth < 4 else 6)
    match kind:
        case 0:
            return chance.choice(ODD)
        case 1:
            return chance.choice([None, True, False, -1, 0, 2**70, 1e308, float("nan")])
        case 2 | 3:
            return chance.randrange(-5, 5)
        case 4 | 5:
            return chance.choice(KEYS)
        case 6:
            return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
        case _:
            return {chance.choice(KEYS): value(chance, depth + 1) for _ in range(chance.randrange(5))}


def wrong_types(chance: random.Random, path: str, secret: str) -> bytes:
    """JSON whose parts are anything but what they should be; what is asked for means nothing in any case."""
    asked = {chance.choice(KEYS): value(chance) for _ in range(chance.randrange(8))} | {"model": "no such model"}
    path = path.replace("auto", "no-such-model")
    body = json.dumps(asked if chance.random() < 0.8 else value(chance)).encode()
    return head(path, secret, len(body)) + body


def broken_json(chance: random.Random, path: str, secret: str) -> bytes:
    whole = json.dumps({"model": "auto", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}).encode()
    cut = whole[: chance.randrange(len(whole))]
    body = chance.choice([cut, cut + bytes(chance.randrange(256) for _ in range(9)), b"[" * 5_000, b"\xff\xfe", b""])
    return head(path, secret, len(body)) + body


def huge_headers(chance: random.Random, path: str, secret: str) -> bytes:
    return head(path, secret, 2, f"x-{'y' * chance.choice([10, 100_000])}: {'z' * 200_000}") + b"{}"


def smuggled(chance: random.Random, path: str, secret: str) -> bytes:
    """Two readers could take it for different requests."""
    trick = chance.choice(
        [
            ("content-length: 2", "transfer-encoding: chunked"),
            ("content-length: 5",),
            ("transfer-encoding: chunked", "transfer-encoding: identity"),
            ("transfer-encoding: xchunked",),
            ("content-length: -1",),
            ("content-length: 2, 7",),
            (" folded: line",),
            ("host: evil.example",),
            ("bad header",),
            ("x: a\x00b",),
            ("content-length : 2",),
        ]
    )
    rest = b"{}0\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: evil.example\r\n\r\n"
    return head(path, secret, 2, *trick) + rest


def nonsense(chance: random.Random, path: str, secret: str) -> bytes:
    return bytes(chance.randrange(256) for _ in range(chance.randrange(1, 300))) + b"\r\n\r\n"


def odd_places(chance: random.Random, path: str, secret: str) -> bytes:
    place = chance.choice(
        ["/v1/../v1/models/..", "/v1/chat/completions/%00", "/v1/models/" + "a" * 9_000, "/%ff", "*", "http://x/"]
    )
    method = chance.choice(["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
    return head(chance.choice([place, path]), secret, 0, method=method)


def half_a_body(chance: random.Random, path: str, secret: str) -> bytes:
    return head(path, secret, chance.randrange(100, 10**12)) + b'{"model": "auto"'


KINDS: tuple[Make, ...] = (wrong_types, broken_json, huge_headers, smuggled, nonsense, odd_places, half_a_body)


async def exchanged(door: Doorway, request: bytes) -> bytes:
    """Everything that comes back until the server hangs up, once we have said all that we have to say."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(door.url.rpartition(":")[2]))
    try:
        writer.write(request)
        writer.write_eof()
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def statuses(answer: bytes) -> list[int]:
    """Of every response in what came back."""
    pieces = answer.split(b"HTTP/1.1 ")
    assert pieces[0] == b""
    return [int(piece[:3]) for piece in pieces[1:]]


async def test_whatever_is_malformed_is_refused_in_good_form(tmp_path: Path) -> None:
    chance = random.Random(7)
    async with gateway(tmp_path, {"primary": FINE}) as door:

        async def one(number: int) -> None:
            make = KINDS[number % len(KINDS)]
            path = chance.choice(PATHS)
            request = make(chance, path, door.secret)
            async with asyncio.timeout(STUCK_S):
                answer = await exchanged(door, request)
            for status in statuses(answer):
                # Counting the tokens of nonsense asks nobody anything, and may succeed.
                assert (200 if "ount" in path else 400) <= status < 500, (make.__name__, request[:500], answer[:500])
            assert b"Traceback" not in answer
            assert b"Internal Server Error" not in answer

        for start in range(0, REQUESTS, AT_ONCE):
            await asyncio.gather(*(one(start + place) for place in range(AT_ONCE)))
        assert door.world.calls() == 0
        assert len(door.server.server_state.connections) <= 1
        assert (await door.chat()).status_code == 200
