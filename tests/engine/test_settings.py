"""Settings are taken whole, or refused with file, line, key and mend."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.catalog import Target
from burn_tui.core.errors import SettingsError
from burn_tui.core.money import nanousd
from burn_tui.engine.keys import KeyReference
from burn_tui.engine.settings import Settings, load, read
from burn_tui.engine.yaml_source import parse

EXAMPLE = """\
providers:
  primary: {dialect: openai-chat, base_url: "http://127.0.0.1:9100/v1", api_key: "${PRIMARY_KEY}", models: [big]}
  spare:   {dialect: anthropic-messages, base_url: "http://127.0.0.1:9200", api_key: "keyring:spare", models: [small]}
prices:
  primary/big: {input_usd_per_million: 3, output_usd_per_million: 15}
environments:
  production: {hue: blue, allow: [primary, spare], confirm: true}
  local:      {hue: yellow, allow: [spare]}
routes:
  - {name: default, use: [primary/big, spare/small]}
budgets:
  - {name: daily, scope: all, limit_usd: 20, period: day, timezone: Europe/Berlin}
"""


def _read(text: str) -> Settings:
    return read(parse(text, file="config.yaml"))


def _refusal(old: str, new: str) -> str:
    assert old in EXAMPLE
    with pytest.raises(SettingsError) as caught:
        _read(EXAMPLE.replace(old, new))
    return str(caught.value)


def test_the_example_says_what_it_says() -> None:
    settings = _read(EXAMPLE)
    assert list(settings.catalog.providers) == ["primary", "spare"]
    assert settings.keys["primary"] == (KeyReference("environment", "PRIMARY_KEY"),)
    assert settings.keys["spare"] == (KeyReference("keyring", "spare"),)
    assert settings.prices[Target("primary", "big")].rates.input_rate == nanousd(3)
    assert settings.environments["production"].confirm
    assert settings.routes["default"].targets == (Target("primary", "big"), Target("spare", "small"))
    assert settings.budgets[0].limit_nanousd == nanousd(20)


def test_a_provider_that_is_known_by_name_needs_only_what_differs() -> None:
    settings = _read("providers:\n  anthropic: {models: [claude-haiku-4-5]}\n")
    provider = settings.catalog.providers["anthropic"]
    assert provider.base_url == "https://api.anthropic.com"
    assert [key.name for key in settings.keys["anthropic"]] == ["ANTHROPIC_API_KEY"]


def test_production_asks_first_unless_it_is_told_not_to() -> None:
    assert _read("environments:\n  production: {}\n").environments["production"].confirm
    assert not _read("environments:\n  production: {confirm: false}\n").environments["production"].confirm


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("confirm: true", "confirm: no", "line 7: environments.production.confirm: no is ambiguous"),
        ("limit_usd: 20", "limit_usd: 0123", "line 12: budgets[0].limit_usd: 0123 is ambiguous"),
        ("timezone: Europe/Berlin", "timezone: 12:30", "base-60"),
        ("name: daily", "name: 2026-01-01", "a date"),
        ("hue: blue", "huw: blue", "environments.production.huw: unknown key. Did you mean 'hue'?"),
        ("providers:", "provders:", "line 1: provders: unknown key. Did you mean 'providers'?"),
        ("limit_usd: 20", "limit_usd: twelve", "expected a number, got text"),
        ("limit_usd: 20", "limit_usd: -1", ">= 0"),
        ("limit_usd: 20", "limit_usd: .inf", "<= 1000000000"),
        ("models: [big]", "models: big", "line 2: providers.primary.models: expected a list, got text"),
        ("period: day", "period: daily", "Did you mean 'day'?"),
        ("dialect: openai-chat", "dialect: openai-chta", "Did you mean 'openai-chat'?"),
        ("primary/big, spare/small", "primary/bog", "Did you mean 'primary/big'?"),
        ("[primary, spare]", "[primry]", "line 7: environments.production.allow[0]"),
        ("input_usd_per_million: 3, ", "", "'input_usd_per_million' is missing"),
        ("hue: blue", "hue: blurple", "there is no hue 'blurple'"),
        ("scope: all", "scope: everything", "is no scope"),
        ("timezone: Europe/Berlin", "timezone: Europe/Berlinn", "there is no time zone"),
        ("http://127.0.0.1:9200", "127.0.0.1:9200", "http or https address"),
        ("  local:", "\tlocal:", "line 8"),
        ("  local:      {", "  production: {", "stands here twice"),
        ("routes:\n", "routes: 3\n#", "expected a list"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_mend(old: str, new: str, words: str) -> None:
    refusal = _refusal(old, new)
    assert words in refusal
    assert refusal.startswith("config.yaml")


def test_a_key_in_the_file_is_refused_and_not_repeated_in_the_message() -> None:
    refusal = _refusal('"${PRIMARY_KEY}"', "sk-live-0123456789abcdef")
    assert "${PRIMARY_API_KEY}" in refusal
    assert "sk-live" not in refusal


def test_the_mend_for_a_literal_key_is_accepted() -> None:
    assert _read(EXAMPLE.replace('"${PRIMARY_KEY}"', '"${PRIMARY_API_KEY}"'))


def test_aliases_are_refused_because_they_can_grow_without_bound() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    with pytest.raises(SettingsError, match="aliases"):
        parse(bomb, file="bomb.yaml")


def test_deeply_nested_yaml_is_an_error_with_a_file_name() -> None:
    with pytest.raises(SettingsError, match=r"deep\.yaml"):
        parse("[" * 100_000, file="deep.yaml")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_is_a_valid_one(text: str) -> None:
    assert _read(text).catalog.providers == {}


@given(st.text(max_size=300))
def test_any_text_is_settings_or_a_settings_error(text: str) -> None:
    with suppress(SettingsError):
        _read(text)


def test_a_file_that_is_not_there_and_one_that_is_not_text_are_settings_errors(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "absent.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        load(binary)
