"""How busy this machine is."""

from support.world import nobody_home

from burn_tui.core.catalog import Catalog, Provider
from burn_tui.engine.clock import Clock
from burn_tui.engine.local_load import LoadGauge, _loaded
from burn_tui.engine.transport import Transport


def provider(name: str, *, is_local: bool) -> Provider:
    return Provider(name=name, dialect="ollama-chat", base_url=nobody_home(), models=(), is_local=is_local)


async def test_a_local_server_that_is_not_there_is_seen_and_a_distant_one_is_not_asked() -> None:
    catalog = Catalog({name: provider(name, is_local=name == "near") for name in ("near", "far")})
    transport = Transport()
    gauge = LoadGauge(transport, Clock(now=lambda: 1.0))
    try:
        load = await gauge.look(catalog)
        assert [(server.name, server.answered_s) for server in load.servers] == [("near", None)]
        assert load.cores >= 1
        assert await gauge.look(catalog) is load
    finally:
        await transport.aclose()


def test_models_in_memory_are_those_that_ollama_lists() -> None:
    assert _loaded(b'{"models":[{"name":"qwen3:8b","size_vram":1}]}') == ("qwen3:8b",)
    assert _loaded(b'{"models":[]}') == ()
    assert _loaded(b"not json") is None
