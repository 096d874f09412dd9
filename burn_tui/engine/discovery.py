"""A working set-up for somebody who has configured nothing: keys in the environment, servers on loopback."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec import structs

from burn_tui.core import narrowing
from burn_tui.core.catalog import Catalog, Provider
from burn_tui.engine.catalog_file import KnownProvider
from burn_tui.engine.network import Network
from burn_tui.engine.settings import Settings
from burn_tui.engine.settings_providers import found, known_provider

PROBE_TIMEOUT_S = 0.5
"""A server on loopback answers at once or is not there."""


def from_environment(environ: Mapping[str, str], *, wanted_file: Path) -> Settings:
    """Settings made of the keys found in `environ`. `wanted_file` is where a settings file would be read from."""
    providers = found(environ)
    keys = "keys found" if providers.keys else "no key"
    return Settings(
        origin=f"no settings file; {keys} in the environment ({wanted_file} would be read)",
        finds_providers=True,
        directory=wanted_file.parent,
        catalog=providers.catalog,
        keys=providers.keys,
    )


def beside(settings: Settings, servers: Iterable[Provider]) -> Settings:
    """`settings` with the servers that run on this machine, unless they say themselves who there is.

    Of a server that they speak of, the models that it tells come after theirs.
    """
    if not settings.finds_providers:
        return settings
    known = dict(settings.catalog.providers)
    running = {server.name: server for server in servers}
    allowed = narrowing.catalog(Catalog(running), settings.base).providers
    for name, server in allowed.items():
        models = [*(known[name].models if name in known else ()), *server.models]
        known[name] = structs.replace(server, models=tuple({model.name: model for model in models}.values()))
    return structs.replace(settings, catalog=Catalog(known))


async def local_servers(transport: Network, known_servers: Mapping[str, KnownProvider]) -> list[Provider]:
    """Those of the servers that run on this machine and have a model to offer."""
    probed = [(name, known) for name, known in known_servers.items() if known.probe]
    found = await asyncio.gather(*(_probe(name, known, transport) for name, known in probed))
    return [server for server in found if server is not None]


async def _probe(name: str, known: KnownProvider, transport: Network) -> Provider | None:
    body = await transport.get(known.probe or "", timeout_s=PROBE_TIMEOUT_S)
    models = _models(body) if body else ()
    return known_provider(name, known, models) if models else None


class _Listed(msgspec.Struct):
    id: str = ""
    name: str = ""


class _Listing(msgspec.Struct):
    data: list[_Listed] = []
    """As OpenAI's GET /v1/models lists them."""
    models: list[_Listed] = []
    """As Ollama's GET /api/tags does."""


def _models(body: bytes) -> tuple[str, ...]:
    try:
        listing = msgspec.json.decode(body, type=_Listing)
    except msgspec.DecodeError:
        return ()
    # llama.cpp answers with both shapes at once.
    return tuple(dict.fromkeys(model.id or model.name for model in listing.data or listing.models))
