"""A working set-up for somebody who has configured nothing: keys in the environment, servers on loopback."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec

from burn_tui.core.catalog import Catalog, Model, Provider
from burn_tui.engine.catalog_file import KnownProvider, known_providers
from burn_tui.engine.keys import KeyReference
from burn_tui.engine.settings import Settings
from burn_tui.engine.transport import Transport

PROBE_TIMEOUT_S = 0.5
"""A server on loopback answers at once or is not there."""


def from_environment(environ: Mapping[str, str], *, wanted_file: Path) -> Settings:
    """Settings made of the keys found in `environ`. `wanted_file` is where a settings file would be read from."""
    found: dict[str, Provider] = {}
    references: dict[str, tuple[KeyReference, ...]] = {}
    for name, known in known_providers().items():
        variable = next((variable for variable in known.key if environ.get(variable)), None)
        if variable is not None and known.base_url is not None:
            found[name] = provider(name, known, known.models)
            references[name] = (KeyReference("environment", variable),)
    keys = "keys found" if found else "no key"
    return Settings(
        origin=f"no settings file; {keys} in the environment ({wanted_file} would be read)",
        is_written=False,
        directory=wanted_file.parent,
        catalog=Catalog(found),
        keys=references,
    )


def provider(name: str, known: KnownProvider, models: tuple[str, ...]) -> Provider:
    """A provider that has one address for everybody, with the models that it really has."""
    assert known.base_url is not None
    return Provider(
        name=name,
        dialect=known.dialect,
        base_url=known.base_url,
        models=tuple(Model(model, capabilities=known.capabilities(model)) for model in models),
        is_local=known.local,
        options=known.options,
    )


async def local_servers(transport: Transport, known_servers: Mapping[str, KnownProvider]) -> list[Provider]:
    """Those of the servers that run on this machine and have a model to offer."""
    probed = [(name, known) for name, known in known_servers.items() if known.probe]
    found = await asyncio.gather(*(_probe(name, known, transport) for name, known in probed))
    return [server for server in found if server is not None]


async def _probe(name: str, known: KnownProvider, transport: Transport) -> Provider | None:
    body = await transport.get(known.probe or "", timeout_s=PROBE_TIMEOUT_S)
    models = _models(body) if body else ()
    return provider(name, known, models) if models else None


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
