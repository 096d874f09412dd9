"""Who may use the gateway, from where, for what, and in which words the others are refused."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from support.gateways import Doorway, gateway
from support.world import FINE

from burn_tui.core.budget import Budget
from burn_tui.core.catalog import Model, Target
from burn_tui.core.environment import Environment
from burn_tui.engine.clock import local_timezone
from burn_tui.engine.foreign_sessions import foreign_sessions
from burn_tui.engine.settings_schema import GatewaySettings
from burn_tui.gateway.tokens import TokenBook

PRODUCTION = Environment(name="production", hue="blue", confirm=True, lock=True, is_production=True, allow=("primary",))
TEST = Environment(name="test", hue="green")
STAGING = Environment(name="staging", hue="green")
PLACES = {place.name: place for place in (STAGING, TEST, PRODUCTION)}

GEMINI = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
MESSAGES = {"model": "auto", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer sk-burn-made-up", "Basic Zm9vOmJhcg=="])
async def test_nobody_is_served_without_a_token_of_ours(tmp_path: Path, given: str) -> None:
    async with gateway(tmp_path, {"primary": FINE}) as door:
        answer = await door.chat(headers={"authorization": given})
        listed = await door.http.get("/v1/models", headers={"authorization": given})
    assert (answer.status_code, listed.status_code) == (401, 401)
    assert answer.json()["error"]["code"] == "invalid_api_key"
    assert "burn-tui gateway token" in answer.json()["error"]["message"]
    assert door.world.calls() == 0


@pytest.mark.parametrize("name", ["authorization", "x-api-key", "x-goog-api-key"])
async def test_a_token_is_taken_wherever_a_client_puts_its_key(tmp_path: Path, name: str) -> None:
    async with gateway(tmp_path, {"primary": FINE}) as door:
        del door.http.headers["authorization"]
        secret = f"Bearer {door.secret}" if name == "authorization" else door.secret
        assert (await door.chat(headers={name: secret})).status_code == 200


async def test_a_revoked_token_is_refused_by_the_gateway_that_runs(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE}) as door:
        secret = door.token(None, label="short-lived")
        assert (await door.chat(headers=bearer(secret))).status_code == 200
        TokenBook(tmp_path / "tokens").revoke("short-lived")
        assert (await door.chat(headers=bearer(secret))).status_code == 401


def test_what_is_kept_of_a_token_is_a_digest_in_a_file_for_its_owner_only(tmp_path: Path) -> None:
    token, secret = TokenBook(tmp_path / "tokens").make("ci", "test", now=0.0)
    (file,) = (tmp_path / "tokens").iterdir()
    assert secret not in file.read_text()
    assert secret.removeprefix("sk-burn-") not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert TokenBook(tmp_path / "tokens").owner(secret) == token


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"host": "evil.example"}, "Host"),
        ({"host": "127.0.0.1.evil.example:4141"}, "Host"),
        ({"host": ""}, "Host"),
        ({"origin": "http://localhost:3000"}, "web pages"),
        ({"origin": "null"}, "web pages"),
        ({"sec-fetch-site": "cross-site"}, "web pages"),
    ],
)
async def test_web_pages_and_foreign_names_are_refused_even_with_a_token(
    tmp_path: Path, headers: dict[str, str], words: str
) -> None:
    async with gateway(tmp_path, {"primary": FINE}) as door:
        answer = await door.chat(headers=headers)
    assert answer.status_code == 403
    assert words in answer.json()["error"]["message"]
    assert door.world.calls() == 0


async def test_a_body_over_the_limit_is_refused_whether_or_not_its_length_was_told(tmp_path: Path) -> None:
    async def long() -> Any:
        for _ in range(100):
            yield b" " * 4096

    small = GatewaySettings(body_limit_mb=0.01)
    async with gateway(tmp_path, {"primary": FINE}, gateway=small) as door:
        told = await door.chat(user="x" * 20_000)
        untold = await door.http.post("/v1/chat/completions", content=long())
    assert (told.status_code, untold.status_code) == (413, 413)
    assert "body_limit_mb" in told.json()["error"]["message"]


async def test_a_token_for_one_environment_is_for_no_other(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE, "backup": FINE}, environments=PLACES) as door:
        staging, unbound = door.token("staging"), door.secret
        answers = [
            await door.chat(headers={**bearer(secret), "x-burn-environment": name})
            for secret, name in ((staging, "production"), (staging, "test"), (unbound, "production"), (unbound, "nil"))
        ]
        own = await door.chat(headers={**bearer(staging), "x-burn-environment": "staging"})
        chosen = await door.chat(headers={"x-burn-environment": "staging"})
        rows = await door.world.rows()
    assert [answer.status_code for answer in answers] == [403] * 4
    assert (own.status_code, chosen.status_code) == (200, 200)
    assert {row.opened.environment for row in rows} == {"staging"}


async def test_a_test_token_never_reaches_a_key_that_production_pays_with(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE, "backup": FINE}, environments=PLACES) as door:
        test = bearer(door.token("test"))
        pinned = await door.chat("primary/big", headers=test)
        routed = await door.chat("auto", headers=test)
        embedded = await door.http.post("/v1/embeddings", json={"model": "primary/e", "input": "words"}, headers=test)
    assert (pinned.status_code, embedded.status_code) == (403, 403)
    assert "Give test a provider with a key of its own" in pinned.json()["error"]["message"]
    assert routed.headers["x-burn-served-by"] == "backup/big"
    assert door.world.calls("primary") == 0


async def test_production_wants_a_token_that_has_agreed_beforehand(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE}, environments=PLACES) as door:
        hesitant = await door.chat(headers=bearer(door.token("production")))
        agreed = await door.chat(headers=bearer(door.token("production", has_agreed=True)))
    assert hesitant.status_code == 403
    assert "--yes" in hesitant.json()["error"]["message"]
    assert agreed.status_code == 200


async def test_an_environment_that_is_gone_from_the_settings_is_the_most_dangerous_one(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE}) as door:
        answer = await door.chat(headers=bearer(door.token("removed")))
    assert answer.status_code == 403
    assert door.world.calls() == 0


async def test_a_full_budget_is_402_in_every_dialect(tmp_path: Path) -> None:
    nothing = Budget(name="daily", limit_nanousd=0, timezone=local_timezone())
    async with gateway(tmp_path, {"primary": FINE}, budgets=(nothing,)) as door:
        chat = await door.chat()
        messages = await door.http.post("/v1/messages", json=MESSAGES)
        gemini = await door.http.post("/v1beta/models/auto:generateContent", json=GEMINI)
        responses = await door.http.post("/v1/responses", json={"model": "auto", "input": "hi"})
    assert {answer.status_code for answer in (chat, messages, gemini, responses)} == {402}
    assert "budgets.daily.limit_usd" in chat.json()["error"]["message"]
    assert messages.json()["error"]["type"] == "billing_error"
    assert gemini.json()["error"]["status"] == "RESOURCE_EXHAUSTED"


async def test_a_client_may_demand_that_nothing_leaves_the_machine(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE}) as door:
        kept = await door.chat(headers={"x-burn-privacy": "local"})
        odd = await door.chat(headers={"x-burn-privacy": "secret"})
    assert kept.status_code == 403
    assert "privacy" in kept.json()["error"]["message"]
    assert odd.status_code == 400
    assert door.world.calls() == 0


async def test_headers_label_the_attempt(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE}) as door:
        labels = {"x-burn-session": "nightly", "x-burn-project": "site", "x-burn-operation": "summarise"}
        await door.chat(headers=labels)
        (row,) = await door.world.rows()
    assert (row.opened.session_id, row.opened.project, row.opened.operation_name, row.opened.source) == (
        "nightly",
        "site",
        "summarise",
        "gateway",
    )


async def test_a_clients_own_session_header_and_name_are_understood(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE}) as door:
        await door.chat(headers={"x-claude-code-session-id": "abc", "user-agent": "claude-cli/2.1.0 (external, cli)"})
        (row,) = await door.world.rows()
    assert (row.opened.session_id, row.opened.operation_name) == ("abc", "claude-cli")


async def test_every_client_is_a_session_that_a_dashboard_finds_in_the_ledger(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE}, environments=PLACES) as door:
        for label, environment in (("one", None), ("two", "staging"), ("one", None)):
            await door.chat(headers=bearer(door.token(environment, label=label)))
        runtime = door.world.runtime
        sessions = await foreign_sessions(runtime.ledger, now=runtime.clock.now())
        later = await foreign_sessions(runtime.ledger, now=runtime.clock.now() + 3_600)
    assert [(one.name, one.requests, one.errors, one.in_flight) for one in sessions] == [
        ("one", 2, 0, 0),
        ("two", 1, 0, 0),
    ]
    assert sessions[0].last_route == Target("primary", "big")
    assert sessions[0].cost_nanousd == 2 * sessions[1].cost_nanousd > 0
    assert sessions[0].nanousd_per_minute == sessions[0].cost_nanousd
    assert sessions[1].environment == "staging"
    assert later == []


async def _status(door: Doorway, method: str, path: str) -> int:
    return (await door.http.request(method, path)).status_code


async def test_paths_count_and_not_whole_addresses(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE}) as door:
        beginnings = ("", "/v1", "/openai/v1", "/v1/v1")
        chats = [(await door.http.post(f"{one}/chat/completions", json={**MESSAGES})).status_code for one in beginnings]
        lists = [await _status(door, "GET", f"{one}/models") for one in ("", "/v1", "/v1beta", "/openai/v1")]
        open_doors = [
            await _status(door, "HEAD", "/"),
            await _status(door, "GET", "/"),
            await _status(door, "GET", "/healthz"),
        ]
        closed = [await _status(door, "GET", "/v1/chat/completions"), await _status(door, "POST", "/v1/nothing")]
        gemini = [
            (await door.http.post(f"{one}/models/{name}:generateContent", json=GEMINI)).status_code
            for one in ("", "/v1", "/v1beta")
            for name in ("auto", "primary/big")
        ]
    assert chats == [200] * 4
    assert lists == [200] * 4
    assert open_doors == [200] * 3
    assert closed == [405, 404]
    assert gemini == [200] * 6


async def test_health_is_told_to_whoever_asks(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE}) as door:
        del door.http.headers["authorization"]
        answer = await door.http.get("/healthz")
    assert answer.json()["status"] == "ok"


@pytest.mark.parametrize(
    ("models", "asked", "served"),
    [
        (None, "claude-opus-4-6", "primary/big"),
        (None, "gpt-5.3-codex", "primary/big"),
        (None, "backup/big", "backup/big"),
        (None, "big", "primary/big"),
        ({"claude-*": "backup/big"}, "claude-opus-4-6", "backup/big"),
        ({"big": "backup/big", "*": "auto"}, "big", "backup/big"),
        ({"*": "auto"}, "anything", "primary/big"),
        ({"claude-*": "auto"}, "gpt-5", None),
        (None, "llama-9", None),
    ],
)
async def test_names_mean_what_the_settings_say(
    tmp_path: Path, models: dict[str, str] | None, asked: str, served: str | None
) -> None:
    settings = GatewaySettings(models=models)
    async with gateway(tmp_path, {"primary": FINE, "backup": FINE}, gateway=settings) as door:
        answer = await door.chat(asked)
    assert answer.headers.get("x-burn-served-by") == served
    assert answer.status_code == (404 if served is None else 200)


async def test_the_keys_of_providers_do_not_travel_to_a_client(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE}) as door:
        streamed = await door.chat(stream=True)
        whole = await door.chat()
        listed = await door.http.get("/v1/models")
        key = door.world.environ["PRIMARY_KEY"]
        sent = door.world.providers["primary"].seen[0].headers
    for answer in (streamed, whole, listed):
        assert key not in answer.text + str(answer.headers)
    assert sent["authorization"] == f"Bearer {key}"
    assert door.secret not in str(sent)


async def test_new_settings_hold_from_the_next_request_on(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE}) as door:
        assert (await door.chat("fast")).status_code == 404
        runtime = door.world.runtime
        runtime.use(structs.replace(runtime.settings, gateway=GatewaySettings(models={"fast": "auto"})))
        assert (await door.chat("fast")).status_code == 200


async def test_embeddings_go_to_the_provider_that_is_named_and_are_billed(tmp_path: Path) -> None:
    seen: list[bytes] = []
    answer = b'{"object":"list","data":[{"embedding":[0.5],"index":0}],"usage":{"prompt_tokens":4,"total_tokens":4}}'

    async def embedding(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
        seen.append(head + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
        writer.write(b"content-length: %d\r\nconnection: close\r\n\r\n" % len(answer) + answer)
        writer.close()

    server = await asyncio.start_server(embedding, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    shapes = {"primary": {"base_url": address, "models": (Model("small"),)}}
    async with server, gateway(tmp_path, {"primary": FINE}, shapes=shapes) as door:
        asked = {"model": "primary/small", "input": ["some words"], "dimensions": 1}
        embedded = await door.http.post("/v1/embeddings", json=asked)
        (row,) = await door.world.rows()
    assert embedded.content == answer
    assert embedded.headers["x-burn-served-by"] == "primary/small"
    assert embedded.headers["x-burn-reason"] == "embeddings go to one provider"
    assert embedded.headers["x-burn-attempts"] == "1"
    assert seen[0].startswith(b"POST /v1/embeddings ")
    assert b"Bearer key-of-PRIMARY_KEY" in seen[0]
    assert seen[0].endswith(b'{"model":"small","input":["some words"],"dimensions":1}')
    assert (row.usage.input_tokens, row.cost_nanousd, row.cost_source) == (4, 4_000, "price")


async def test_two_hundred_streams_run_at_once(tmp_path: Path) -> None:
    async with gateway(tmp_path, {"primary": FINE}) as door:
        answers = await asyncio.gather(*(door.chat(stream=True) for _ in range(200)))
        rows = await door.world.rows()
    assert {answer.status_code for answer in answers} == {200}
    assert all("x-burn-cost-usd" in answer.text for answer in answers)
    assert [row.error_type for row in rows] == [None] * 200
