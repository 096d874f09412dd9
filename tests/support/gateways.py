"""A gateway on loopback in front of a world of simulated providers, in the test's own event loop."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct
from support.world import World, world

from burn_tui.gateway.app import Gateway
from burn_tui.gateway.server import LOOPBACK, Server, listening, port_of
from burn_tui.gateway.tokens import TokenBook
from burn_tui.simulator.script import Action, Script


class Doorway(Struct):
    """A running gateway and what is behind it."""

    world: World
    tokens: TokenBook
    server: Server
    url: str
    """Without a version."""
    secret: str
    """A token that is bound to no environment."""
    http: httpx.AsyncClient
    """A plain client that sends this token."""

    def token(self, environment: str | None, *, has_agreed: bool = False, label: str = "a test") -> str:
        """A further token."""
        return self.tokens.make(label, environment, now=0.0, has_agreed=has_agreed)[1]

    async def chat(self, model: str = "auto", **more: Any) -> httpx.Response:
        """One question in OpenAI's dialect."""
        headers = more.pop("headers", {})
        asked = {"model": model, "messages": [{"role": "user", "content": "Is all well?"}], **more}
        return await self.http.post("/v1/chat/completions", json=asked, headers=headers)


@asynccontextmanager
async def gateway(data_dir: Path, scripts: Mapping[str, Script | Action], **more: Any) -> AsyncIterator[Doorway]:
    """Arguments as of `world`."""
    async with world(data_dir, scripts, **more) as behind, served(behind, data_dir) as doorway:
        yield doorway


@asynccontextmanager
async def served(behind: World, data_dir: Path) -> AsyncIterator[Doorway]:
    """A gateway in front of a world that runs already."""
    tokens = TokenBook(data_dir / "tokens")
    _, secret = tokens.make("tester", None, now=0.0)
    sock = listening(LOOPBACK, 0)
    url = f"http://{LOOPBACK}:{port_of(sock)}"
    server = Server(Gateway(behind.runtime, tokens), sock, takes_signals=False)
    serving = asyncio.create_task(server.run_until_told())
    await server.has_started.wait()
    async with httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {secret}"}, timeout=30) as http:
        try:
            yield Doorway(behind, tokens, server, url, secret, http)
        finally:
            server.should_exit = server.force_exit = True
            await serving
