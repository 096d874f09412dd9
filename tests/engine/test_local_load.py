"""How busy this machine is."""

import pytest
from support.world import nobody_home

from burn_tui.core.catalog import Catalog, Provider
from burn_tui.engine.clock import Clock
from burn_tui.engine.local_load import LoadGauge, _loaded
from burn_tui.engine.transport import Transport
from burn_tui.simulator.host import Host
from burn_tui.simulator.script import Answer, always
from burn_tui.simulator.server import SimulatedProvider


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


@pytest.mark.parametrize(("dialect", "loaded"), [("ollama-chat", ("qwen3:8b",)), ("openai-chat", None)])
async def test_a_simulated_server_answers_as_the_real_one_does(dialect: str, loaded: tuple[str, ...] | None) -> None:
    simulated = SimulatedProvider("near", dialect, always(Answer(text="Hello.")), models=("qwen3:8b",))
    transport = Transport()
    try:
        with Host([simulated]) as host:
            near = Provider(name="near", dialect=dialect, base_url=host.base_url("near"), models=(), is_local=True)
            load = await LoadGauge(transport, Clock(now=lambda: 1.0)).look(Catalog({"near": near}))
    finally:
        await transport.aclose()
    (server,) = load.servers
    assert server.answered_s is not None
    assert server.loaded == loaded
    assert simulated.seen == []


def test_models_in_memory_are_those_that_ollama_lists() -> None:
    assert _loaded(b'{"models":[{"name":"qwen3:8b","size_vram":1}]}') == ("qwen3:8b",)
    assert _loaded(b'{"models":[]}') == ()
    assert _loaded(b"not json") is None
