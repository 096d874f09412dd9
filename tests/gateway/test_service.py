"""The installed commands as a person's shell runs them: the gateway as a service, its tokens, and `run`."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct
from support.checkout import console_script
from support.command import FINE, Ended, World, as_a_shell_has_it, burn_tui, two_providers

from burn_tui.core.failure import Failure
from burn_tui.simulator.script import Answer, Refuse

ASKED = {"model": "auto", "messages": [{"role": "user", "content": "why?"}]}
SLOW = Answer(text="word " * 60, chunk_s=0.02)

CLIENT = """
import json, os, urllib.request
asked = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "why?"}]}).encode()
request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", asked, {
    "authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "content-type": "application/json"})
print(json.load(urllib.request.urlopen(request))["choices"][0]["message"]["content"])
"""
"""A program that knows nothing of burn-tui."""


class Service(Struct):
    """A gateway in a process of its own."""

    process: subprocess.Popen[str]
    url: str
    secret: str

    def chat(self, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.secret}"}
        return httpx.post(f"{self.url}/v1/chat/completions", json={**ASKED, **more}, headers=headers, timeout=60)

    @contextmanager
    def stream(self) -> Iterator[Iterator[str]]:
        headers = {"authorization": f"Bearer {self.secret}"}
        body = {**ASKED, "stream": True}
        with httpx.stream(
            "POST", f"{self.url}/v1/chat/completions", json=body, headers=headers, timeout=60
        ) as response:
            yield response.iter_lines()


@contextmanager
def service(world: World, *options: str, environ: Mapping[str, str] | None = None) -> Iterator[Service]:
    """Started, and ended at the latest when the test is over."""
    secret = token(world)
    command = [console_script("burn-tui"), "gateway", "--port", "0", *options, *world.places]
    surroundings = as_a_shell_has_it({**world.environ, **(environ or {})})
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=surroundings)
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if "gateway on http" in line:
            break
    else:
        pytest.fail("".join(said))
    try:
        yield Service(process, said[-1].split("gateway on ")[1].split()[0], secret)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def token(world: World, *options: str) -> str:
    made = burn_tui("gateway", "token", *options, *world.places, environ=world.environ)
    assert made.code == 0, made.narration
    return made.out.strip()


def run(world: World, *arguments: str) -> Ended:
    return burn_tui("run", *world.places, *arguments, environ=world.environ)


def test_it_serves_without_a_terminal_until_it_is_told_to_stop(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world, service(world) as running:
        answer = running.chat()
        running.process.send_signal(signal.SIGTERM)
        code = running.process.wait(30)
        rows = world.rows
    assert answer.json()["choices"][0]["message"]["content"] == FINE.text
    assert code == 0
    assert [(row["source"], row["session_id"], row["error_type"]) for row in rows] == [("gateway", "unnamed", None)]
    assert not (world.data_dir / "gateway.json").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_is_finished_before_it_ends(tmp_path: Path, number: signal.Signals) -> None:
    with two_providers(tmp_path, SLOW) as world, service(world) as running:
        with running.stream() as lines:
            first = next(lines)
            running.process.send_signal(number)
            rest = list(lines)
        code = running.process.wait(30)
        (row,) = world.rows
    assert first.startswith("data: ")
    assert "data: [DONE]" in rest
    assert code == 0
    assert row["error_type"] is None


def test_it_takes_nobody_new_while_it_ends(tmp_path: Path) -> None:
    with two_providers(tmp_path, SLOW) as world, service(world) as running:
        with running.stream() as lines:
            next(lines)
            running.process.send_signal(signal.SIGTERM)
            list(lines)
        running.process.wait(30)
        with pytest.raises(httpx.ConnectError):
            running.chat()


async def test_killed_in_mid_stream_it_leaves_a_row_that_the_next_start_settles(tmp_path: Path) -> None:
    endless = Answer(text="word " * 50_000, chunk_s=0.02)
    with two_providers(tmp_path, endless) as world:
        with service(world) as running, running.stream() as lines:
            next(lines)
            running.process.kill()
            running.process.wait(30)
            (left_open,) = world.rows
        with service(world) as again:
            (settled,) = world.rows
            assert again.chat(model="cheap").status_code == 200
    assert (left_open["duration_us"], left_open["source"]) == (None, "gateway")
    assert left_open["cost_estimate_nanousd"] > 0
    assert settled["error_type"] == "interrupted"
    assert settled["cost_nanousd"] == left_open["cost_estimate_nanousd"]


def test_restarted_it_has_lost_no_row(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        for _ in range(2):
            with service(world) as running:
                assert {running.chat().status_code for _ in range(3)} == {200}
                running.process.terminate()
                running.process.wait(30)
        assert [row["error_type"] for row in world.rows] == [None] * 6


def test_a_reader_that_does_not_read_fills_no_memory(tmp_path: Path) -> None:
    endless = Answer(text="word " * 400_000)
    with two_providers(tmp_path, endless) as world, service(world) as running:
        statm = Path(f"/proc/{running.process.pid}/statm")
        if not statm.exists():
            pytest.skip("how much memory a process has is read from /proc")
        with socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2]))) as lazy:
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            body = json.dumps({**ASKED, "stream": True}).encode()
            head = (
                f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {running.secret}\r\n"
            )
            lazy.sendall(head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)
            assert lazy.recv(1000).startswith(b"HTTP/1.1 200")
            before = int(statm.read_text().split()[1])
            # Others are served meanwhile, each of them giving the lazy one's answer time to pile up.
            assert {running.chat(model="cheap").status_code for _ in range(20)} == {200}
            grown_mb = (int(statm.read_text().split()[1]) - before) * os.sysconf("SC_PAGE_SIZE") / 1e6
    assert grown_mb < 20


def test_tokens_are_made_listed_and_revoked(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world, service(world) as running:
        secret = token(world, "--env", "local", "--label", "ci")
        listed = burn_tui("gateway", "token", "list", *world.places).out
        headers = {"authorization": f"Bearer {secret}"}
        before = httpx.post(f"{running.url}/v1/chat/completions", json=ASKED, headers=headers)
        revoked = burn_tui("gateway", "token", "revoke", "ci", *world.places)
        after = httpx.post(f"{running.url}/v1/chat/completions", json=ASKED, headers=headers)
        unknown = burn_tui("gateway", "token", "revoke", "ci", *world.places)
    assert secret.startswith("sk-burn-")
    assert secret not in listed
    assert any("local" in line and line.endswith("ci") for line in listed.splitlines())
    assert before.headers["x-burn-served-by"] == "spare/small"  # the environment allows nobody else
    assert (revoked.code, after.status_code, unknown.code) == (0, 401, 2)


def test_a_token_for_an_environment_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        made = burn_tui("gateway", "token", "--env", "lokal", *world.places, environ=world.environ)
    assert made.code == 2
    assert "local" in made.narration


@pytest.mark.parametrize(
    "options", [("--host", "0.0.0.0"), ("--tls-cert", "x.pem"), ("--tls-cert", "x", "--tls-key", "y")]
)
def test_it_is_not_opened_to_others_by_mistake(tmp_path: Path, options: tuple[str, ...]) -> None:
    with two_providers(tmp_path) as world:
        ended = burn_tui("gateway", *options, *world.places, environ=world.environ)
    assert ended.code == 2
    assert "--tls" in ended.narration


def test_others_reach_it_by_tls_and_with_a_token(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("a certificate is made with openssl, which is not installed")
    certificate, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    making = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=gateway"]
    subprocess.run([*making, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    other_address = ("--host", "127.0.0.2", "--tls-cert", certificate, "--tls-key", key)
    with two_providers(tmp_path) as world, service(world, *other_address) as running:
        headers = {"authorization": f"Bearer {running.secret}"}
        with httpx.Client(verify=False) as others:
            served = others.post(f"{running.url}/v1/chat/completions", json=ASKED, headers=headers)
            anonymous = others.post(f"{running.url}/v1/chat/completions", json=ASKED)
    assert running.url.startswith("https://127.0.0.2:")
    assert (served.status_code, anonymous.status_code) == (200, 401)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world, service(world) as running:
        port = running.url.rpartition(":")[2]
        ended = burn_tui("gateway", "--port", port, *world.places, environ=world.environ)
    assert ended.code == 2
    assert f"Port {port}" in ended.narration


def test_run_points_a_program_at_the_gateway_and_says_what_it_burnt(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        ended = run(world, "--session", "nightly", "--", sys.executable, "-c", CLIENT)
        (row,) = world.rows
    assert (ended.code, ended.out.strip()) == (0, FINE.text)
    assert (row["session_id"], row["source"]) == ("nightly", "gateway")
    last = ended.narration.splitlines()[-1]
    assert last.startswith("burn-tui: nightly (development): 1 request, ")
    assert "$0.0" in last
    assert list((world.data_dir / "tokens").glob("*.json")) == []


def test_run_uses_the_gateway_that_runs_already(tmp_path: Path) -> None:
    show = "import os; print(os.environ['ANTHROPIC_BASE_URL'])"
    with two_providers(tmp_path) as world, service(world) as running:
        ended = run(world, "--", sys.executable, "-c", show)
        answered = run(world, "--", sys.executable, "-c", CLIENT)
    assert ended.out.strip() == running.url
    assert answered.out.strip() == FINE.text
    assert "1 request" in answered.narration.splitlines()[-1]


def test_run_counts_what_failed_and_what_fell_back(tmp_path: Path) -> None:
    in_order = CLIENT.replace('"auto"', '"default"')  # auto begins with whom it thinks best
    with two_providers(tmp_path, Refuse(Failure("rate_limited", "slow", 429, 60.0))) as world:
        ended = run(world, "--", sys.executable, "-c", in_order)
    assert "1 request (1 fell back, 1 failed)" in ended.narration.splitlines()[-1]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("sh", "-c", "exit 7"), 7),
        (("sh", "-c", "kill -KILL $$"), 137),
        (("no-such-command-anywhere",), 127),
        ((".",), 126),
    ],
)
def test_run_ends_as_the_command_ended(tmp_path: Path, command: tuple[str, ...], code: int) -> None:
    with two_providers(tmp_path) as world:
        assert run(world, "--", *command).code == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_run_passes_signals_on(tmp_path: Path, number: signal.Signals) -> None:
    told = f"""
import signal, sys
signal.signal({int(number)}, lambda *_: sys.exit(42))
print("ready", flush=True)
signal.pause()
"""
    with two_providers(tmp_path) as world:
        command = [console_script("burn-tui"), "run", *world.places, "--", sys.executable, "-c", told]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=as_a_shell_has_it(world.environ),
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(30) == 42
        process.stdout.close()


def test_run_wants_a_command(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        ended = run(world)
    assert ended.code == 2
    assert "burn-tui run -- COMMAND" in ended.narration
