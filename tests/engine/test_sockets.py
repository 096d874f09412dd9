"""Our way to the sockets is the one that is gone, and keeps what httpcore relies on, encrypted as well."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpcore
import pytest
from support.waiting import until

from burn_tui.engine import sockets
from burn_tui.engine.sockets import Sockets, Stream
from burn_tui.engine.transport import Transport
from burn_tui.providers.dialect import HttpRequest


class Server:
    """Takes one connection and has it written and read by the test."""

    def __init__(self) -> None:
        self.address = ("127.0.0.1", 0)
        self.accepted: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted.put_nowait((reader, writer))


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[httpcore.AsyncNetworkStream, asyncio.StreamReader, asyncio.StreamWriter]]:
    """Both ends of a connection."""
    server = Server()
    async with await asyncio.start_server(server.accept, "127.0.0.1", 0) as listening:
        host, port = listening.sockets[0].getsockname()
        stream = await Sockets().connect_tcp(host, port, timeout=20)
        reader, writer = await server.accepted.get()
        try:
            yield stream, reader, writer
        finally:
            await stream.aclose()
            writer.transport.abort()


async def test_a_request_goes_by_our_own_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Stream] = []

    class Watched(Stream):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n{}")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        writer.close()

    monkeypatch.setattr(sockets, "Stream", Watched)
    transport = Transport()
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for _ in range(2):
            response = await transport.send(HttpRequest(f"http://127.0.0.1:{port}", {}, b"{}"), connect_s=20)
            assert await response.read() == b"ok"
            await response.aclose()
        await transport.aclose()
    assert len(made) == 1, "the second request takes up the connection of the first"


async def test_an_idle_connection_is_readable_once_the_server_says_something_unasked_or_goes() -> None:
    async with pair() as (stream, _, writer):
        assert not stream.get_extra_info("is_readable")
        writer.write(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        await until(lambda: stream.get_extra_info("is_readable"))
        assert await stream.read(1024) == b"HTTP/1.1 408 Request Timeout\r\n\r\n"
        assert not stream.get_extra_info("is_readable")
        writer.close()
        assert await stream.read(1024) == b""
        assert stream.get_extra_info("is_readable")


async def test_a_server_waits_for_whoever_does_not_read_and_every_byte_comes_in_the_end() -> None:
    sent = bytes(range(256)) * 40_000  # far more than all buffers on the way hold
    async with pair() as (stream, _, writer):
        writer.write(sent)
        assert isinstance(stream, Stream)
        await until(lambda: not stream._transport.is_reading())
        got = bytearray()
        while len(got) < len(sent):
            got += await stream.read(70_000)
        assert got == sent


async def test_writing_waits_for_a_server_that_does_not_read_and_no_longer_than_it_may() -> None:
    more_than_fits = b"x" * 40_000_000
    async with pair() as (stream, _, _):
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(more_than_fits, timeout=0.05)


async def test_reading_waits_no_longer_than_it_may() -> None:
    async with pair() as (stream, _, _):
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(1024, timeout=0.01)


async def test_what_is_written_after_the_end_is_an_error_of_writing() -> None:
    async with pair() as (stream, _, _):
        await stream.aclose()
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"x")


async def test_a_connection_for_which_nobody_waits_any_more_is_closed_as_soon_as_it_stands() -> None:
    open_ends = 0

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_ends
        open_ends += 1
        await reader.read()
        open_ends -= 1
        writer.close()

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        for turns in range(60):
            connecting = asyncio.create_task(Sockets().connect_tcp(host, port, timeout=20))
            for _ in range(turns % 12):
                await asyncio.sleep(0)
            connecting.cancel()
            for stream in await asyncio.gather(connecting, return_exceptions=True):
                if isinstance(stream, Stream):  # it stood before it was called off
                    await stream.aclose()
        last = await Sockets().connect_tcp(host, port, timeout=20)
        await until(lambda: open_ends == 1)
        await last.aclose()
        await until(lambda: open_ends == 0)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Of a server called "provider", and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("a certificate is made with openssl, which is not installed")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    naming = ("-subj", "/CN=provider", "-addext", "subjectAltName=DNS:provider")
    making = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *naming)
    subprocess.run([*making, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


@asynccontextmanager
async def encrypted(certificate: tuple[Path, Path]) -> AsyncIterator[httpcore.AsyncNetworkStream]:
    """A connection to a server that says back once what it is told and is about to speak TLS."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(100))
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    async with await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context) as server:
        host, port = server.sockets[0].getsockname()
        stream = await Sockets().connect_tcp(host, port, timeout=20)
        try:
            yield stream
        finally:
            await stream.aclose()


async def test_what_is_encrypted_is_read_and_written_like_anything_else(certificate: tuple[Path, Path]) -> None:
    trusting = ssl.create_default_context(cafile=certificate[0])
    async with encrypted(certificate) as stream:
        safe = await stream.start_tls(trusting, server_hostname="provider", timeout=20)
        assert isinstance(safe.get_extra_info("ssl_object"), ssl.SSLObject)
        await safe.write(b"hello")
        assert await safe.read(100) == b"hello"
        assert await safe.read(100) == b""


@pytest.mark.parametrize("is_trusted", [True, False])
async def test_nothing_is_said_to_a_server_that_is_not_who_it_should_be(
    certificate: tuple[Path, Path], is_trusted: bool
) -> None:
    context = ssl.create_default_context(cafile=certificate[0] if is_trusted else None)
    async with encrypted(certificate) as stream:
        with pytest.raises(httpcore.ConnectError, match=r"(?i)certificate"):
            await stream.start_tls(context, server_hostname="somebody-else" if is_trusted else "provider", timeout=20)
