"""Who names no providers keeps what is found, whatever else the settings file says."""

import pytest

from burn_tui.core.catalog import Target
from burn_tui.core.errors import SettingsError
from burn_tui.engine.keys import KeyReference
from burn_tui.engine.settings import Settings, read
from burn_tui.engine.yaml_source import parse

KEY = {"OPENAI_API_KEY": "key"}

SPEAKS_OF_ANTHROPIC = {
    "a route": "routes: [{name: default, use: [anthropic/claude-haiku-5-5]}]\n",
    "a price": "prices: {anthropic/claude-haiku-5-5: {input_usd_per_million: 1, output_usd_per_million: 5}}\n",
    "a tier": "auto: {tiers: {anthropic/claude-haiku-5-5: strong}}\n",
    "a rule": "rules: [{task: docs, use: anthropic/claude-haiku-5-5}]\n",
    "the gateway": 'gateway: {models: {"claude-*": anthropic/claude-haiku-5-5}}\n',
}


def _read(text: str, environ: dict[str, str]) -> Settings:
    return read(parse(text, file="config.yaml"), environ)


@pytest.mark.parametrize("text", ["", "theme: light\n", "providers:\n", "budgets: [{name: day, limit_usd: 5}]\n"])
def test_a_key_in_the_environment_counts_where_the_file_names_no_providers(text: str) -> None:
    settings = _read(text, KEY)
    assert list(settings.catalog.providers) == ["openai"]
    assert settings.keys == {"openai": (KeyReference("environment", "OPENAI_API_KEY"),)}
    assert settings.finds_providers


@pytest.mark.parametrize("text", ["providers: {}\n", "providers: {groq: {}}\n"])
def test_whoever_names_providers_gets_these_and_no_others(text: str) -> None:
    settings = _read(text, KEY)
    assert "openai" not in settings.catalog.providers
    assert not settings.finds_providers


@pytest.mark.parametrize("text", SPEAKS_OF_ANTHROPIC.values(), ids=SPEAKS_OF_ANTHROPIC)
@pytest.mark.parametrize("environ", [{}, KEY, {"ANTHROPIC_API_KEY": "key"}], ids=["no key", "another key", "its key"])
def test_a_file_that_speaks_of_a_known_provider_is_taken_in_every_shell(text: str, environ: dict[str, str]) -> None:
    settings = _read(text, environ)
    assert settings.catalog.resolve("anthropic/claude-haiku-5-5") == Target("anthropic", "claude-haiku-5-5")
    assert settings.keys["anthropic"] == (KeyReference("environment", "ANTHROPIC_API_KEY"),)


def test_a_misspelt_model_of_a_known_provider_is_still_refused_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match="Did you mean 'anthropic/claude-haiku-5-5'"):
        _read("routes: [{name: default, use: [anthropic/claude-haiku-55]}]\n", {})


def test_an_environment_may_allow_a_provider_that_is_not_there_now() -> None:
    settings = _read("environments: {local: {allow: [ollama]}}\n", {})
    assert settings.environments["local"].allow == ("ollama",)
    assert not settings.catalog.providers


@pytest.mark.parametrize(
    ("name", "key", "variable", "address"),
    [
        ("openai", "OPENAI_API_KEY", "OPENAI_BASE_URL", "https://proxy.example/v1"),
        ("anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "https://proxy.example"),
        ("gemini", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL", "https://proxy.example"),
    ],
)
def test_a_key_that_is_meant_for_another_address_is_sent_there(
    name: str, key: str, variable: str, address: str
) -> None:
    assert _read("", {key: "key", variable: f"{address}/"}).catalog.providers[name].base_url == address


def test_an_address_in_the_environment_that_is_none_is_refused_with_its_variable() -> None:
    with pytest.raises(SettingsError, match=r"OPENAI_BASE_URL must be .* unset OPENAI_BASE_URL"):
        _read("", {**KEY, "OPENAI_BASE_URL": "proxy.example"})


@pytest.mark.parametrize("text", ["", "gateway: {port: 5000}\n"], ids=["the usual port", "a port of one's own"])
def test_burn_tuis_own_gateway_is_no_provider_because_it_would_ask_itself_for_ever(text: str) -> None:
    port = 5000 if text else 4141
    for host in ("127.0.0.1", "localhost", "[::1]"):
        assert not _read(text, {**KEY, "OPENAI_BASE_URL": f"http://{host}:{port}/v1"}).catalog.providers
    assert _read(text, {**KEY, "OPENAI_BASE_URL": "http://127.0.0.1:9999/v1"}).catalog.providers
