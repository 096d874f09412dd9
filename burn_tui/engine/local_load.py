"""How busy this machine is: its processor, and the model servers on it. Asked anew every few seconds at most."""

import asyncio
import os
from time import perf_counter
from urllib.parse import urlsplit

import msgspec

from burn_tui.core.catalog import Catalog, Provider
from burn_tui.core.inspection import LocalLoad, LocalServer
from burn_tui.engine.clock import Clock
from burn_tui.engine.network import Network

PATIENCE_S = 0.5
"""A server on loopback answers at once, unless it is too busy even for that."""

_FRESH_S = 3.0


class LoadGauge:
    """One for a process."""

    def __init__(self, transport: Network, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._seen: tuple[float, Catalog, LocalLoad] | None = None

    async def look(self, catalog: Catalog) -> LocalLoad:
        """The load now, or a moment ago. No error is raised: a server that does not answer is part of the load."""
        now = self._clock.now()
        if self._seen is None or self._seen[1] is not catalog or not 0 <= now - self._seen[0] < _FRESH_S:
            local = [provider for provider in catalog.providers.values() if provider.is_local]
            servers = await asyncio.gather(*(self._server(provider) for provider in local))
            self._seen = now, catalog, LocalLoad(os.cpu_count() or 1, _processor_load(), tuple(servers))
        return self._seen[2]

    async def _server(self, provider: Provider) -> LocalServer:
        is_ollama = provider.dialect == "ollama-chat"
        began = perf_counter()
        body = await self._transport.get(_at(provider, is_ollama=is_ollama), timeout_s=PATIENCE_S)
        took_s = perf_counter() - began
        if body is None:
            return LocalServer(provider.name, None, None)
        return LocalServer(provider.name, took_s, _loaded(body) if is_ollama else None)


def _at(provider: Provider, *, is_ollama: bool) -> str:
    if not is_ollama:
        return f"{provider.base_url.rstrip('/')}/models"
    place = urlsplit(provider.base_url)
    return f"{place.scheme}://{place.netloc}/api/ps"


def _processor_load() -> float | None:
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):  # Windows has none
        return None


class _Loaded(msgspec.Struct):
    name: str = ""


class _Processes(msgspec.Struct):
    models: list[_Loaded] = []
    """As Ollama's GET /api/ps lists them (github.com/ollama/ollama, docs/api.md)."""


def _loaded(body: bytes) -> tuple[str, ...] | None:
    try:
        return tuple(model.name for model in msgspec.json.decode(body, type=_Processes).models)
    except msgspec.DecodeError:
        return None
