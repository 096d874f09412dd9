"""Who has configured nothing finds what is there: keys in the environment, and servers on this machine."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from msgspec import structs
from support.dashboard import dashboard
from support.scripted import ScriptedRuntime, quiet_day
from textual._context import active_app

from burn_tui.core.catalog import Catalog, Provider
from burn_tui.core.environment import DEVELOPMENT
from burn_tui.engine.catalog_file import KnownProvider, known_providers
from burn_tui.engine.discovery import from_environment
from burn_tui.engine.doctor_setup import keys, with_servers
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.settings import Settings, read
from burn_tui.engine.yaml_source import parse
from burn_tui.tui.screens.main import MainScreen

OLLAMA_LISTS = b'{"models": [{"name": "qwen3:8b"}, {"name": "llama3.2"}]}'
OPENAI_LISTS = b'{"object": "list", "data": [{"id": "qwen3-8b", "object": "model"}]}'
LLAMACPP_LISTS = b'{"models": [{"name": "gemma"}], "object": "list", "data": [{"id": "gemma"}]}'

ROUTE_TO_OLLAMA = "routes: [{name: default, use: [ollama/gemma]}]\n"

OF_A_KEY = {
    "ANTHROPIC_API_KEY": "anthropic",
    "OPENAI_API_KEY": "openai",
    "GEMINI_API_KEY": "gemini",
    "GOOGLE_API_KEY": "gemini",
    "OPENROUTER_API_KEY": "openrouter",
    "GROQ_API_KEY": "groq",
    "DEEPSEEK_API_KEY": "deepseek",
    "MISTRAL_API_KEY": "mistral",
    "XAI_API_KEY": "xai",
}


class Listing:
    """A server of this machine that tells its models, and remembers who asked."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[str] = []

    def known_as(self, name: str) -> KnownProvider:
        """The catalog's entry of that name, if the server ran here."""
        known = known_providers()[name]
        path = (known.probe or "").split("/", 3)[3]
        return structs.replace(known, base_url=self.address, probe=f"{self.address}/{path}")


@contextmanager
def listing(body: bytes, status: int = 200) -> Iterator[Listing]:
    """A server that answers everything with `body`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Listing(f"http://127.0.0.1:{server.server_port}")
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield found
        server.shutdown()


@asynccontextmanager
async def runtime_of(settings: Settings, directory: Path) -> AsyncIterator[Runtime]:
    runtime = await Runtime.open(settings, data_dir=directory / "data", environ={})
    try:
        yield runtime
    finally:
        await runtime.close()


def _written(text: str, environ: Mapping[str, str] | None = None) -> Settings:
    return read(parse(text, file="config.yaml"), environ or {})


def _nothing_configured(environ: Mapping[str, str] | None = None) -> Settings:
    return from_environment(environ or {}, wanted_file=Path("config.yaml"))


@pytest.mark.parametrize(("variable", "name"), OF_A_KEY.items())
def test_a_key_in_the_environment_makes_its_provider_usable(variable: str, name: str) -> None:
    settings = _nothing_configured({variable: "key"})
    assert list(settings.catalog.providers) == [name]
    assert [reference.name for reference in settings.keys[name]] == [variable]
    assert settings.catalog.targets


def test_all_keys_together_give_all_providers_once() -> None:
    settings = _nothing_configured(dict.fromkeys(OF_A_KEY, "key"))
    assert list(settings.catalog.providers) == list(dict.fromkeys(OF_A_KEY.values()))


def test_an_empty_key_is_none() -> None:
    assert not _nothing_configured({"OPENAI_API_KEY": ""}).catalog.providers


def test_what_was_found_is_said_to_be_so() -> None:
    settings = _nothing_configured({"OPENAI_API_KEY": "key"})
    assert settings.finds_providers
    assert "no settings file" in settings.origin
    assert "config.yaml" in settings.origin


async def test_there_is_one_environment_and_it_is_development(tmp_path: Path) -> None:
    async with runtime_of(_nothing_configured(), tmp_path) as runtime:
        assert runtime.environment(None) == DEVELOPMENT
        assert [session.environment for session in runtime.opening_sessions()] == [DEVELOPMENT]
    assert DEVELOPMENT.hue == "violet"


@pytest.mark.parametrize(
    ("name", "path", "body", "models"),
    [
        ("ollama", "/api/tags", OLLAMA_LISTS, ["qwen3:8b", "llama3.2"]),
        ("lmstudio", "/v1/models", OPENAI_LISTS, ["qwen3-8b"]),
        ("llamacpp", "/v1/models", LLAMACPP_LISTS, ["gemma"]),
        ("vllm", "/v1/models", OPENAI_LISTS, ["qwen3-8b"]),
    ],
)
async def test_a_server_on_this_machine_is_found_with_its_models_and_costs_nothing(
    name: str, path: str, body: bytes, models: list[str], tmp_path: Path
) -> None:
    with listing(body) as server:
        async with runtime_of(_nothing_configured(), tmp_path) as runtime:
            assert await runtime.discover({name: server.known_as(name)}) == [name]
            found = runtime.router.catalog.providers[name]
            prices = [runtime.router.setup.prices.price(target) for target in runtime.router.catalog.targets]
    assert server.asked == [path]
    assert [model.name for model in found.models] == models
    assert found.is_local
    assert all(price is not None and price.rates.input_rate == 0 for price in prices)


async def test_a_server_that_was_found_is_found_once(tmp_path: Path) -> None:
    with listing(OLLAMA_LISTS) as server:
        async with runtime_of(_nothing_configured(), tmp_path) as runtime:
            wanted = {"ollama": server.known_as("ollama")}
            assert await runtime.discover(wanted) == ["ollama"]
            assert await runtime.discover(wanted) == []


async def test_what_keys_had_given_stays_beside_what_is_found(tmp_path: Path) -> None:
    with listing(OLLAMA_LISTS) as server:
        async with runtime_of(_nothing_configured({"OPENAI_API_KEY": "key"}), tmp_path) as runtime:
            await runtime.discover({"ollama": server.known_as("ollama")})
            assert list(runtime.router.catalog.providers) == ["openai", "ollama"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 200), (b"<html>", 200), (b'{"models": []}', 200), (b'{"models": 3}', 200), (OLLAMA_LISTS, 404)],
)
async def test_a_port_where_something_else_answers_is_no_server(body: bytes, status: int, tmp_path: Path) -> None:
    with listing(body, status) as server:
        async with runtime_of(_nothing_configured(), tmp_path) as runtime:
            assert await runtime.discover({"ollama": server.known_as("ollama")}) == []
    assert server.asked


async def test_where_nothing_runs_nothing_is_found(tmp_path: Path) -> None:
    async with runtime_of(_nothing_configured(), tmp_path) as runtime:
        assert await runtime.discover() == []


async def test_who_has_named_providers_is_not_second_guessed(tmp_path: Path) -> None:
    with listing(OLLAMA_LISTS) as server:
        async with runtime_of(_written("providers: {}\n"), tmp_path) as runtime:
            assert await runtime.discover({"ollama": server.known_as("ollama")}) == []
    assert server.asked == []


async def test_who_has_written_settings_about_other_things_still_gets_what_is_there(tmp_path: Path) -> None:
    settings = _written("theme: light\n", {"OPENAI_API_KEY": "key"})
    with listing(OLLAMA_LISTS) as server:
        async with runtime_of(settings, tmp_path) as runtime:
            assert await runtime.discover({"ollama": server.known_as("ollama")}) == ["ollama"]
            assert list(runtime.router.catalog.providers) == ["openai", "ollama"]


async def test_a_server_that_a_route_names_offers_its_other_models_once_it_runs(tmp_path: Path) -> None:
    with listing(OLLAMA_LISTS) as server:
        async with runtime_of(_written(ROUTE_TO_OLLAMA), tmp_path) as runtime:
            await runtime.discover({"ollama": server.known_as("ollama")})
            models = [model.name for model in runtime.router.catalog.providers["ollama"].models]
    assert models == ["gemma", "qwen3:8b", "llama3.2"]


async def test_the_doctor_finds_the_servers_that_the_dashboard_finds() -> None:
    with listing(OLLAMA_LISTS) as server:
        wanted = {"ollama": server.known_as("ollama")}
        found = await with_servers(_nothing_configured(), wanted)
        named = await with_servers(_written("providers: {groq: {}}\n"), wanted)
    assert [finding.words for finding in keys(found, {})] == ["ollama needs none"]
    assert list(named.catalog.providers) == ["groq"]


async def test_what_was_found_stays_when_the_settings_file_is_edited(tmp_path: Path) -> None:
    with listing(OLLAMA_LISTS) as server:
        async with runtime_of(_nothing_configured(), tmp_path) as runtime:
            await runtime.discover({"ollama": server.known_as("ollama")})
            runtime.use(_written("theme: light\n"))
            assert list(runtime.router.catalog.providers) == ["ollama"]
            runtime.use(_written("providers: {}\n"))
            assert not runtime.router.catalog.providers


async def test_nothing_is_looked_for_when_a_runtime_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    monkeypatch.setattr("burn_tui.engine.runtime.local_servers", lambda *arguments: looked.append(arguments))
    async with runtime_of(_nothing_configured(), tmp_path):
        assert looked == []


class Watched(ScriptedRuntime):
    """Remembers whether the dashboard stood on the screen whenever it was told to look around."""

    looks_around: tuple[bool, ...] = ()

    async def discover(self) -> list[str]:
        """Nothing."""
        screen = active_app.get().screen
        self.looks_around += (isinstance(screen, MainScreen) and screen.is_mounted,)
        return []


async def test_the_dashboard_looks_around_once_and_only_after_it_is_painted() -> None:
    runtime = Watched(burn=quiet_day())
    async with dashboard(runtime) as running:
        await running.until(lambda: runtime.looks_around)
    assert runtime.looks_around == (True,)


class StartedLater(ScriptedRuntime):
    """Has nobody to ask, until a server is found at the third look."""

    looks_around = 0

    async def discover(self) -> list[str]:
        """Somebody, sooner or later."""
        self.looks_around += 1
        if self.looks_around < 3:
            return []
        self.router.catalog = Catalog({"ollama": Provider(name="ollama", dialect="ollama-chat", base_url="http://x")})
        return ["ollama"]


async def test_a_server_that_is_started_later_is_found_while_nobody_else_can_be_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("burn_tui.tui.app.LOOK_AGAIN_S", 0.001)
    runtime = StartedLater(targets=(), environments={}, burn=quiet_day())
    async with dashboard(runtime) as running:
        await running.until(lambda: "ollama runs on this machine" in running.text())
        await running.pilot.pause()
    assert runtime.looks_around == 3
