"""Who a tool means by the name of a model."""

import pytest

from burn_tui.engine.audit.served_by import provider, provider_and_model


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("claude-sonnet-4-5", ("anthropic", "claude-sonnet-4-5")),
        ("anthropic/claude-sonnet-4-5", ("anthropic", "claude-sonnet-4-5")),
        ("openrouter/qwen/qwen3-coder", ("openrouter", "qwen/qwen3-coder")),
        ("vertex_ai/gemini-2.5-pro", ("gemini", "gemini-2.5-pro")),
        ("gpt-5-mini", ("openai", "gpt-5-mini")),
        ("meta-llama/llama-3", ("", "meta-llama/llama-3")),
        ("qwen3:8b", ("", "qwen3:8b")),
        ("", ("", "")),
    ],
)
def test_a_provider_is_told_by_what_stands_first_or_by_the_model(name: str, expected: tuple[str, str]) -> None:
    assert provider_and_model(name) == expected


def test_a_provider_that_is_called_otherwise_elsewhere_has_our_name() -> None:
    assert (provider("google"), provider("anthropic")) == ("gemini", "anthropic")
