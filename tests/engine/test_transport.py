"""What the network does is a Failure that the router understands, and what certainly was not sent is said to be so."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from burn_tui.engine.network import TransportError
from burn_tui.engine.transport import Transport
from burn_tui.providers.dialect import HttpRequest

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nX-Request-Id: 7\r\n\r\n"


def _post(url: str, *, key: str = "") -> HttpRequest:
    return HttpRequest(url, {"content-type": "application/json", "x-api-key": key}, b"{}")


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """Where a server does what `handler` does with each connection and then closes it. As "127.0.0.1:PORT"."""
    handled: list[asyncio.Task[None]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handled.append(asyncio.create_task(handle(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*handled)


def asked(handler: Handler) -> Handler:
    """`handler`, once a whole POST of ours has come."""

    async def after_the_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        await handler(reader, writer)

    return after_the_request


@asynccontextmanager
async def transport() -> AsyncIterator[Transport]:
    one = Transport()
    try:
        yield one
    finally:
        await one.aclose()


async def _failure(request: HttpRequest) -> TransportError:
    with pytest.raises(TransportError) as caught:
        await _sent(request)
    return caught.value


async def _sent(request: HttpRequest) -> bytes:
    async with transport() as one:
        response = await one.send(request, connect_s=0.5)
        return await response.read()


async def test_the_body_is_given_as_it_comes_and_headers_have_lower_case_names() -> None:
    goes_on = asyncio.Event()

    async def two_pieces(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"3\r\none\r\n")
        await goes_on.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    async with serving(asked(two_pieces)) as address, transport() as one:
        response = await one.send(_post(f"http://{address}"), connect_s=5)
        assert (response.status, response.is_success, response.headers["x-request-id"]) == (200, True, "7")
        chunks = response.chunks()
        assert await anext(chunks) == b"one"
        goes_on.set()
        assert [chunk async for chunk in chunks] == [b"two"]


async def test_what_is_closed_early_is_noticed_by_the_provider() -> None:
    noticed = asyncio.Event()

    async def until_nobody_listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"3\r\none\r\n")
        await reader.read()
        noticed.set()

    async with serving(asked(until_nobody_listens)) as address, transport() as one:
        response = await one.send(_post(f"http://{address}"), connect_s=5)
        await response.aclose()
        async with asyncio.timeout(20):
            await noticed.wait()


async def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = await _failure(_post(f"http://127.0.0.1:{port}"))
    assert error.failure.error_type == "transient"
    assert error.failure.http_status is None
    assert not error.was_sent


async def test_a_server_that_is_too_busy_to_accept_is_a_timeout_and_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        address = server.getsockname()
        # Its queue is filled, so that the next one has to wait.
        waiting = [socket.socket() for _ in range(8)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        error = await _failure(_post(f"http://127.0.0.1:{address[1]}"))
        for one in waiting:
            one.close()
    assert error.failure.error_type == "timeout"
    assert not error.was_sent


@pytest.mark.parametrize("url", ["127.0.0.1:9/v1", "ftp://127.0.0.1/", "http://[::1"])
async def test_an_address_that_is_none_is_the_callers_fault(url: str) -> None:
    error = await _failure(_post(url))
    assert error.failure.error_type == "caller_fault"
    assert not error.was_sent


async def _hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say nothing at all."""


async def _break_off(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"5\r\nonl")


async def _babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.7\r\n")


@pytest.mark.parametrize("handler", [_hang_up, _break_off, _babble])
async def test_a_connection_that_breaks_after_sending_may_have_been_billed(handler: Handler) -> None:
    async with serving(asked(handler)) as address:
        error = await _failure(_post(f"http://{address}"))
    assert error.failure.error_type == "transient"
    assert error.was_sent


async def test_a_provider_that_speaks_no_tls_is_a_failure_and_nothing_was_sent() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serving(plain) as address:
        error = await _failure(_post(f"https://{address}"))
    assert error.failure.error_type == "transient"
    assert not error.was_sent


async def test_a_redirect_is_not_followed_with_the_key() -> None:
    async def elsewhere(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n")

    async with serving(asked(elsewhere)) as address, transport() as one:
        response = await one.send(_post(f"http://{address}", key="secret"), connect_s=5)
        assert response.status == 307
        assert not response.is_success
        await response.aclose()


async def test_a_proxy_for_the_outside_is_not_asked_about_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    async def fine(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    async with serving(asked(fine)) as address, transport() as one:
        response = await one.send(_post(f"http://{address}"), connect_s=5)
        assert await response.read() == b"ok"


async def test_a_proxy_for_the_outside_is_asked_about_the_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked_for.append(await reader.readline())
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    async with serving(proxy) as address:
        monkeypatch.setenv("HTTP_PROXY", f"http://{address}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert await _sent(_post("http://provider.test/v1")) == b"ok"
    assert asked_for == [b"POST http://provider.test/v1 HTTP/1.1\r\n"]


async def test_a_name_and_password_in_an_address_are_sent_as_such() -> None:
    heads: list[bytes] = []

    async def fine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n{}"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    async with serving(fine) as address:
        assert await _sent(_post(f"http://me:secret@{address}/v1")) == b"ok"
    assert b"basic bWU6c2VjcmV0\r\n" in heads[0].replace(b"Basic", b"basic")


async def test_a_compressed_body_is_given_as_it_was_before() -> None:
    async def squeezed(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = gzip.compress(b"one two three")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    async with serving(asked(squeezed)) as address, transport() as one:
        response = await one.send(_post(f"http://{address}"), connect_s=5)
        assert b"".join([chunk async for chunk in response.chunks()]) == b"one two three"


async def test_an_idle_connection_that_has_gone_is_no_failure_of_the_provider() -> None:
    served = 0

    async def one_answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()

    async with serving(asked(one_answer)) as address, transport() as one:
        for _ in range(3):
            response = await one.send(_post(f"http://{address}"), connect_s=5)
            assert await response.read() == b"ok"
            await response.aclose()
    assert served == 3


@pytest.mark.parametrize(("status", "body"), [(200, b"[]"), (404, None), (500, None)])
async def test_get_gives_the_body_of_a_200_and_nothing_else(status: int, body: bytes | None) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\n[]".encode())

    async with serving(answer) as address, transport() as one:
        assert await one.get(f"http://{address}/", timeout_s=5) == body


async def test_get_is_patient_for_so_long_and_no_longer() -> None:
    async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(say_nothing) as address, transport() as one:
        assert await one.get(f"http://{address}/", timeout_s=0.05) is None
