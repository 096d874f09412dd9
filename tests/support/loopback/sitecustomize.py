"""Refuses every address but loopback, in this process and (by PYTHONPATH) in every Python that a test starts."""

import sys

_PORTS_OF_LOCAL_SERVERS = {11434, 1234, 8080, 8000}
"""Where burn-tui looks for model servers; what runs there on a developer's machine is no business of a test."""

_LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1", "", None, b"localhost", b"127.0.0.1"}


class LeftLoopbackError(Exception):
    """A test tried to reach the world."""


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not _is_loopback(address[0]):
            raise LeftLoopbackError(f"a test tried to connect to {address}")
        if isinstance(address, tuple) and address[1] in _PORTS_OF_LOCAL_SERVERS:
            raise ConnectionRefusedError(f"nothing runs on port {address[1]} as far as a test is concerned")
    if event == "socket.getaddrinfo" and not _is_loopback(arguments[0]):
        raise LeftLoopbackError(f"a test tried to look up {arguments[0]!r}")


def _is_loopback(host: object) -> bool:
    return host in _LOOPBACK_HOSTS or str(host).startswith("127.")


sys.addaudithook(_hook)
