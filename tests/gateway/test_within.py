"""The demo's gateway: in the dashboard's own process, over the demo's simulated providers."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from support.waiting import until

from burn_tui.gateway.within import GatewayWithin
from burn_tui.simulator.demo import Demo, DemoRuntime

ASKED = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@asynccontextmanager
async def demo() -> AsyncIterator[tuple[DemoRuntime, GatewayWithin]]:
    with Demo() as invented:
        runtime = await invented.boot()
        runtime.gateway = gateway = GatewayWithin(runtime, invented.data_dir)
        try:
            yield runtime, gateway
        finally:
            await runtime.close()


async def test_it_answers_with_its_token_alone_and_its_client_is_a_session_of_the_dashboard() -> None:
    async with demo() as (runtime, gateway):
        running = await gateway.start()
        assert gateway.running() == running
        assert gateway.is_own(running)
        async with httpx.AsyncClient(base_url=running.url, timeout=30) as http:
            refused = await http.post("/v1/chat/completions", json=ASKED)
            bearer = {"authorization": f"Bearer {gateway.secret}"}
            answer = await http.post("/v1/chat/completions", json=ASKED, headers=bearer)
        await runtime.foreign.look(runtime.clock.now())
        clients = [seen.name for seen in runtime.foreign.latest if seen.source == "gateway"]
    assert refused.status_code == 401
    assert answer.headers["x-burn-served-by"] == "ollama/qwen3:8b"
    assert clients == ["demo"]


async def test_it_is_started_once_and_ended_and_started_again_with_the_same_token() -> None:
    async with demo() as (_, gateway):
        assert gateway.running() is None
        await gateway.stop()
        first = await gateway.start()
        secret = gateway.secret
        assert await gateway.start() == first
        await gateway.stop()
        await until(lambda: gateway.running() is None)
        await gateway.start()
        assert gateway.secret == secret
        assert gateway.tokens() == 1


async def test_it_ends_with_the_demo() -> None:
    async with demo() as (_, gateway):
        url = (await gateway.start()).url
    assert gateway.running() is None
    async with httpx.AsyncClient(base_url=url) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get("/healthz")
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
