"""The built-in catalog is complete, and a provider that it does not know needs one entry in the settings."""

from pathlib import Path

import pytest
from support.answered import folded

from burn_tui.core.capabilities import Capabilities
from burn_tui.core.catalog import Provider
from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.errors import SettingsError
from burn_tui.engine.catalog_file import KnownProvider, known_providers
from burn_tui.engine.discovery import from_environment
from burn_tui.engine.settings import Settings, read
from burn_tui.engine.transport import Transport
from burn_tui.engine.yaml_source import parse
from burn_tui.providers import DIALECTS
from burn_tui.simulator.host import Host
from burn_tui.simulator.script import Answer, always
from burn_tui.simulator.server import SimulatedProvider

EVERYBODY_EXPECTS = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "groq": "GROQ_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "mistral": "MISTRAL_API_KEY",
    "xai": "XAI_API_KEY",
    "together": "TOGETHER_API_KEY",
    "fireworks": "FIREWORKS_API_KEY",
    "cerebras": "CEREBRAS_API_KEY",
    "perplexity": "PERPLEXITY_API_KEY",
}
LOCAL = {"ollama", "lmstudio", "llamacpp", "vllm"}
WITH_AN_ADDRESS_OF_ONES_OWN = {"azure": "AZURE_OPENAI_API_KEY", "litellm": "LITELLM_API_KEY"}

NEWCOMER = (
    'providers:\n  newcomer: {{dialect: openai-chat, base_url: "{}", api_key: "${{NEWCOMER_KEY}}", models: [big]}}\n'
)


def _found(*variables: str) -> Settings:
    return from_environment(dict.fromkeys(variables, "test-key"), wanted_file=Path("config.yaml"))


def _read(text: str) -> Settings:
    return read(parse(text, file="config.yaml"))


@pytest.mark.parametrize("known", known_providers().values(), ids=known_providers())
def test_every_entry_can_be_called_as_it_stands_or_by_giving_an_address(known: KnownProvider) -> None:
    assert known.dialect in DIALECTS
    assert known.local == (known.probe is not None)
    if known.base_url is None:
        assert known.key
        assert not known.models
    elif not known.local:
        assert known.base_url.startswith("https://")
        assert known.key
        assert known.models


@pytest.mark.parametrize(("name", "variable"), EVERYBODY_EXPECTS.items())
def test_a_key_in_the_environment_is_enough_for_a_provider_with_one_address(name: str, variable: str) -> None:
    settings = _found(variable)
    assert list(settings.catalog.providers) == [name]
    assert settings.catalog.providers[name].models


def test_geminis_second_variable_is_found_as_well() -> None:
    assert list(_found("GOOGLE_API_KEY").catalog.providers) == ["gemini"]


@pytest.mark.parametrize(("name", "variable"), WITH_AN_ADDRESS_OF_ONES_OWN.items())
def test_a_key_alone_is_not_enough_where_everybody_has_an_address_of_their_own(name: str, variable: str) -> None:
    assert not _found(variable).catalog.providers
    with pytest.raises(SettingsError, match="base_url"):
        _read(f"providers:\n  {name}: {{models: [big]}}\n")
    given = _read(f'providers:\n  {name}: {{base_url: "https://example.org/v1", models: [big]}}\n')
    assert given.catalog.providers[name].dialect == "openai-chat"


def test_servers_on_this_machine_are_looked_for_and_free() -> None:
    assert {name for name, known in known_providers().items() if known.local} == LOCAL


async def test_a_new_compatible_provider_is_one_entry_in_the_settings() -> None:
    server = SimulatedProvider("newcomer", "openai-chat", always(Answer(text="Hello from nobody you know.")))
    with Host([server]) as host:
        settings = _read(NEWCOMER.format(host.base_url("newcomer")))
        answer = await _answer(settings.catalog.providers["newcomer"])
    assert answer == "Hello from nobody you know."
    assert server.seen[0].path == "/v1/chat/completions"
    assert server.seen[0].headers["authorization"] == "Bearer newcomers-key"


def test_the_peculiarities_of_a_new_provider_are_told_in_its_entry() -> None:
    text = NEWCOMER.format("https://example.org/v1").replace("models:", "options: {seed: random_seed}, models:")
    assert _read(text).catalog.providers["newcomer"].options == {"seed": "random_seed"}


async def _answer(provider: Provider) -> str:
    dialect = DIALECTS[provider.dialect]
    request = ChatRequest(messages=(said("user", "hi"),))
    outgoing = dialect.encode_request(request, model="big", provider=provider, api_key="newcomers-key")
    decoder = dialect.decoder(streamed=True, provider=provider)
    transport = Transport()
    response = await transport.send(outgoing, connect_s=5.0)
    events = decoder.feed(await response.read()) + decoder.finish()
    await transport.aclose()
    return folded(events).text


def test_what_a_model_cannot_do_is_known_of_some_and_the_settings_word_beats_it() -> None:
    settings = _read(
        "providers:\n  groq:\n    models:\n      - openai/gpt-oss-20b\n"
        "      - {name: openai/gpt-oss-120b, images: true, tools: false}\n      - other\n"
    )
    known, said, unknown = (model.capabilities for model in settings.catalog.providers["groq"].models)
    assert (known.images, known.tools) == (False, None)
    assert (said.images, said.tools) == (True, False)
    assert unknown == Capabilities()
    assert _found("GROQ_API_KEY").catalog.providers["groq"].models[0].capabilities == known
