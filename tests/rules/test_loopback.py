"""No test reaches the world."""

import socket
import subprocess
import sys

import pytest

ADDRESS_FOR_DOCUMENTATION = "192.0.2.1"  # RFC 5737: belongs to nobody


def test_a_connection_to_another_machine_is_refused_before_it_leaves() -> None:
    with socket.socket() as sock, pytest.raises(Exception, match="tried to connect"):
        sock.connect((ADDRESS_FOR_DOCUMENTATION, 80))


def test_a_name_of_another_machine_is_not_looked_up() -> None:
    with pytest.raises(Exception, match="tried to look up"):
        socket.getaddrinfo("api.example.com", 443)


def test_a_process_that_a_test_starts_is_kept_on_loopback_too() -> None:
    code = f"import socket; socket.socket().connect(('{ADDRESS_FOR_DOCUMENTATION}', 80))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "tried to connect" in result.stderr


def test_loopback_itself_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
