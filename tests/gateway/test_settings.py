"""The section `gateway:` of the settings."""

import pytest

from burn_tui.core.errors import SettingsError
from burn_tui.engine.settings import Settings, read
from burn_tui.engine.yaml_source import parse

PROVIDERS = "providers:\n  openai: {models: [gpt-5-mini]}\nroutes:\n  - {name: quick, use: [openai/gpt-5-mini]}\n"


def settings(section: str) -> Settings:
    return read(parse(f"{PROVIDERS}gateway: {section}\n", file="config.yaml"))


def test_names_are_mapped_to_routes_targets_and_auto() -> None:
    given = settings('{models: {"claude-*": quick, gpt-4o: openai/gpt-5-mini, "*": auto}, port: 8088}')
    assert given.gateway.models == {"claude-*": "quick", "gpt-4o": "openai/gpt-5-mini", "*": "auto"}
    assert given.gateway.port == 8088


def test_a_name_that_is_mapped_to_nothing_is_an_error_that_says_where() -> None:
    with pytest.raises(SettingsError, match=r"line 5.*gateway\.models"):
        settings('{models: {"claude-*": quik-and-dirty}}')


@pytest.mark.parametrize("section", ["{port: 99999}", "{body_limit_mb: 0}", "{prot: 4141}"])
def test_what_means_nothing_is_refused(section: str) -> None:
    with pytest.raises(SettingsError):
        settings(section)
