"""What a person waits for while a provider is called: the dashboard in tmux, and a provider on loopback.

    python tests/bench/lamp.py [ANSWERS]

Prints p50 and p95 of how long the red lamp outlives the call, from the last byte that the provider sent, and of how
long a key takes onto the screen while 50 KB stream in at a hundred pieces a second, beside the same while nothing does.
Wanted: at most 200 ms for the lamp, at most 50 ms for a key. A look at the screen takes tmux some milliseconds, which
are in every figure; those that one look takes are printed, too.
"""

import asyncio
import os
import statistics
import string
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.transcript_stream import PASSAGE

SIZE = (160, 45)
ANSWERS = 20
STREAMS = 2
KEYS = string.ascii_lowercase + string.digits
KEY_S = 0.1
"""Between two keys: as fast as a person types."""

SHORT, LONG = (5, 0.05), (500, 0.01)
"""Pieces of an answer, and the seconds between two of them."""

PIECE_BYTES = 100
MARKDOWN = "".join(PASSAGE.format(n=number) for number in range(2, 100))[: LONG[0] * PIECE_BYTES]
GIVE_UP_S = 60.0
WANTED_LAMP_S, WANTED_KEY_S = 0.2, 0.05

SETTINGS = """
providers:
  bench: {{dialect: openai-chat, base_url: "http://127.0.0.1:{port}/v1", models: [streamer], local: true}}
"""


class Provider:
    """Streams a short answer, or a long one to who asks for that, and knows when its last byte left."""

    def __init__(self) -> None:
        self.port = 0
        self.ended_at = 0.0
        """When the latest answer ended, by time.monotonic."""
        self._is_up = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        self._is_up.wait()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._is_up.set()
        await server.serve_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = next((int(line.split(b":")[1]) for line in head.splitlines() if line.startswith(b"content-length")), 0)
        body = await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        pieces, pause_s = LONG if b"at length" in body else SHORT
        begun = time.monotonic()
        for number in range(pieces):
            await asyncio.sleep(begun + number * pause_s - time.monotonic())
            text = MARKDOWN[number * PIECE_BYTES : (number + 1) * PIECE_BYTES]
            writer.write(_event({"delta": {"content": text}}))
            await writer.drain()
        writer.write(_event({"delta": {}, "finish_reason": "stop"}) + b"data: [DONE]\n\n")
        await writer.drain()
        self.ended_at = time.monotonic()
        writer.close()


def _event(choice: dict[str, object]) -> bytes:
    answer = {"id": "b", "object": "chat.completion.chunk", "model": "streamer", "choices": [{"index": 0, **choice}]}
    return b"data: " + msgspec.json.encode(answer) + b"\n\n"


class Screen:
    """The dashboard in a tmux of its own."""

    def __init__(self, home: Path, port: int) -> None:
        config = home / "config.yaml"
        config.write_text(SETTINGS.format(port=port))
        self._tmux = ["tmux", "-L", f"burn-tui-bench-{uuid4().hex[:12]}", "-f", "/dev/null"]
        environ = {**os.environ, "HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        environ.pop("BURN_TUI_TEST", None)
        burn_tui = str(Path(sysconfig.get_path("scripts")) / "burn-tui")
        command = [burn_tui, "--config", str(config), "--data-dir", str(home / "data")]
        columns, rows = map(str, SIZE)
        start = [*self._tmux, "-u", "new-session", "-d", "-x", columns, "-y", rows, *command]
        subprocess.run(start, check=True, env=environ, cwd=home)

    def look(self, *lines: str) -> str:
        capture = [*self._tmux, "capture-pane", "-p", *lines]
        return subprocess.run(capture, capture_output=True, text=True, check=False).stdout

    def type(self, text: str) -> None:
        subprocess.run([*self._tmux, "send-keys", "-l", text], check=True)

    def press(self, key: str) -> None:
        subprocess.run([*self._tmux, "send-keys", key], check=True)

    @property
    def lamp_is_lit(self) -> bool:
        """Behind the session's name, and before what it is said to do in the line below."""
        tabs, status = self.look("-S", "0", "-E", "1").split("\n")[:2]
        return "main ●" in tabs or "● calling" in status or "● answering" in status

    def shows(self, text: str) -> bool:
        return text in self.look()

    def until(self, holds: Callable[[], bool], what: str) -> float:
        """When it held, by time.monotonic."""
        deadline = time.monotonic() + GIVE_UP_S
        while not holds():
            if time.monotonic() > deadline:
                raise SystemExit(f"never saw {what}; the screen was:\n{self.look()}")
        return time.monotonic()

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)


def ask(screen: Screen, question: str) -> None:
    screen.until(lambda: "  ready" in screen.look("-S", "1", "-E", "1"), "a session that is ready")
    screen.type(question)
    screen.until(lambda: screen.shows(question), question)
    screen.press("Enter")
    screen.until(lambda: screen.lamp_is_lit, "the lamp")


def lamps(screen: Screen, provider: Provider, answers: int) -> list[float]:
    """How long the lamp outlived each of so many calls."""
    outlived = []
    for number in range(answers):
        ask(screen, f"question {number}")
        before = provider.ended_at
        dark_at = screen.until(lambda: not screen.lamp_is_lit, "the lamp dark")
        if provider.ended_at == before:
            raise SystemExit("the lamp was dark before the answer had ended")
        outlived.append(dark_at - provider.ended_at)
    return outlived


def keys(screen: Screen) -> list[float]:
    """How long each key took onto the screen."""
    typed, took = "", []
    for key in KEYS:
        typed += key
        pressed_at = time.monotonic()
        screen.type(key)
        took.append(screen.until(partial(screen.shows, f"❯ {typed}"), typed) - pressed_at)
        time.sleep(max(pressed_at + KEY_S - time.monotonic(), 0.0))
    screen.press("C-u")
    screen.until(lambda: not screen.shows(typed), "an empty prompt")
    return took


def one_look(screen: Screen) -> list[float]:
    times = [time.monotonic() for _ in range(40) if screen.look() is not None]
    return [after - before for before, after in pairwise(times)]


def told(name: str, seconds: list[float], wanted_s: float | None = None) -> None:
    p95 = statistics.quantiles(seconds, n=20)[-1]
    wanted = "" if wanted_s is None else f"   wanted at most {wanted_s * 1e3:.0f} ms"
    print(f"{name:<36} p50 {statistics.median(seconds) * 1e3:5.1f} ms   p95 {p95 * 1e3:5.1f} ms{wanted}", flush=True)


def main() -> None:
    provider = Provider()
    with tempfile.TemporaryDirectory() as directory:
        screen = Screen(Path(directory), provider.port)
        try:
            screen.until(lambda: screen.shows("F1 help"), "the dashboard")
            told("one look at the screen", one_look(screen))
            answers = int(sys.argv[1]) if len(sys.argv) > 1 else ANSWERS
            told("answer ended -> lamp dark", lamps(screen, provider, answers), WANTED_LAMP_S)
            told("key -> screen, nothing streams", keys(screen))
            streamed: list[float] = []
            for _ in range(STREAMS):
                ask(screen, "answer at length")
                streamed += keys(screen)
                screen.until(lambda: not screen.lamp_is_lit, "the end of the stream")
            told("key -> screen, 50 KB stream in", streamed, WANTED_KEY_S)
        finally:
            screen.close()


if __name__ == "__main__":
    main()
