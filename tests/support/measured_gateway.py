"""A gateway as the installed command before a loopback provider, each a process, and a bare client: for benchmarks."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter

from msgspec import Struct

PROVIDER = """
import asyncio, json
SAME = {"id": "c", "created": 0, "model": "m"}
USAGE = {"prompt_tokens": 9, "completion_tokens": 30, "total_tokens": 39}
def event(choices, **more):
    value = {**SAME, "object": "chat.completion.chunk", "choices": choices, **more}
    return b"data: " + json.dumps(value).encode() + b"\\n\\n"
def chunk(delta, reason=None):
    return event([{"index": 0, "delta": delta, "finish_reason": reason}])
WORDS = [chunk({"content": "word "})] * 30
PIECES = [chunk({"role": "assistant"}), *WORDS, chunk({}, "stop"), event([], usage=USAGE), b"data: [DONE]\\n\\n"]
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "word " * 30}, "finish_reason": "stop"}
WHOLE = json.dumps({**SAME, "object": "chat.completion", "choices": [CHOICE], "usage": USAGE}).encode()
OK = b"HTTP/1.1 200 OK\\r\\ncontent-type: "
STREAM = OK + b"text/event-stream\\r\\ntransfer-encoding: chunked\\r\\n\\r\\n"
AT_ONCE = OK + b"application/json\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(WHOLE) + WHOLE
def length_in(head):
    return next(int(line.split(b":")[1]) for line in head.split(b"\\r\\n") if line.startswith(b"content-length"))
async def serve(reader, writer):
    while True:
        try: head = await reader.readuntil(b"\\r\\n\\r\\n")
        except (asyncio.IncompleteReadError, ConnectionError): return writer.close()
        body = await reader.readexactly(length_in(head.lower()))
        if b'"stream":true' in body.replace(b" ", b""):
            writer.write(STREAM)
            for piece in PIECES:
                writer.write(b"%x\\r\\n%s\\r\\n" % (len(piece), piece))
                await writer.drain()
                await asyncio.sleep(0)
            writer.write(b"0\\r\\n\\r\\n")
        else:
            writer.write(AT_ONCE)
        await writer.drain()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""

SETTINGS = """\
providers:
  p: {{dialect: openai-chat, base_url: "http://127.0.0.1:{port}/v1", models: [m], local: false}}
prices:
  p/m: {{input_usd_per_million: 3, output_usd_per_million: 15}}
routes:
  - {{name: default, use: [p/m]}}
"""


class Peer(Struct):
    """Somebody who can be asked, over one connection that stays open."""

    port: int
    token: str
    path: str = "/v1/chat/completions"
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def ask(self, *, stream: bool, to_its_end: bool = True) -> tuple[float, float]:
        """Seconds to the first byte of the body's first chunk, and to the end."""
        asked = {"model": "p/m", "max_tokens": 99, "messages": [{"role": "user", "content": "Well?"}], "stream": stream}
        if stream and "chat" in self.path:
            asked["stream_options"] = {"include_usage": True}
        body = json.dumps(asked).encode()
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert self.reader is not None
        head = (
            f"POST {self.path} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\nauthorization: Bearer {self.token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        start = perf_counter()
        self.writer.write(head.encode() + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200"), answer + await self.reader.read(1000)
        lengths = [line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if lengths:
            await self.reader.readexactly(int(lengths[0].split(b":")[1]))
            return perf_counter() - start, perf_counter() - start
        first = 0.0
        while size := int(await self.reader.readline(), 16):
            await self.reader.readexactly(size + 2)
            first = first or perf_counter() - start
            if not to_its_end:
                return first, first
        await self.reader.readline()
        return first, perf_counter() - start

    def close(self) -> None:
        """Hang up."""
        if self.writer is not None:
            self.writer.close()


def cpu_s(pid: int) -> float:
    """CPU time of a process, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(port: int) -> None:
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return


@contextmanager
def gateway() -> Iterator[tuple[int, int, str, int]]:
    """The port of a provider, the port of a gateway before it, a token for it and its process."""
    command = str(Path(sysconfig.get_path("scripts")) / "burn-tui")
    provider = subprocess.Popen([sys.executable, "-c", PROVIDER], stdout=subprocess.PIPE, text=True)
    assert provider.stdout is not None
    port, own_port = int(provider.stdout.readline()), _free_port()
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "config.yaml"
        config.write_text(SETTINGS.format(port=port))
        places = ["--config", str(config), "--data-dir", directory]
        making = [command, "gateway", "token", *places]
        token = subprocess.run(making, capture_output=True, text=True, check=True).stdout.strip()
        process = subprocess.Popen([command, "gateway", "--port", str(own_port), *places], stderr=subprocess.DEVNULL)
        try:
            _wait_for(own_port)
            yield port, own_port, token, process.pid
        finally:
            for one in (process, provider):
                one.terminate()
                one.wait(20)
