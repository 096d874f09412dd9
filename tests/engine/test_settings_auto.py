"""The sections `auto:` and `rules:`."""

import pytest

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.catalog import Target
from burn_tui.core.errors import SettingsError
from burn_tui.engine.settings import read
from burn_tui.engine.yaml_source import parse

PROVIDERS = "providers: {openai: {models: [gpt-5, gpt-5-mini]}}\n"


def _policy(text: str) -> AutoPolicy:
    return read(parse(PROVIDERS + text, file="s.yaml")).auto


def test_without_the_sections_the_usual_holds() -> None:
    assert _policy("") == AutoPolicy()


def test_what_is_written_holds() -> None:
    policy = _policy(
        "auto: {strong_share: 0.5, p95_s: 4, tiers: {openai/gpt-5: strong}, task_classes: {docs: ['\\.rst']}}\n"
        "rules:\n  - {path: '**/*.tf', profile: deterministic}\n  - {tier: cheap}\n"
    )
    assert (policy.strong_share, policy.p95_s) == (0.5, 4)
    assert policy.tiers == {Target("openai", "gpt-5"): "strong"}
    assert policy.patterns == (("docs", r"\.rst"),)
    assert [rule.in_words for rule in policy.rules] == ["path **/*.tf", "always"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("auto: {strong_share: 0.6, mid_share: 0.6}", "the shares are 1.4 together"),
        ("auto: {tiers: {openai/gpt-6: strong}}", "gpt-6"),
        ("auto: {task_classes: {docs: ['(']}}", "'(' is no regular expression"),
        ("rules: [{regex: '(', tier: mid}]", "'(' is no regular expression"),
        ("rules: [{path: 'docs/**'}]", "it decides nothing"),
        ("rules: [{tier: mid}, {path: 'docs/**', tier: cheap}]", "it always holds"),
        ("rules: [{path: x, use: openai/gpt-6}]", "gpt-6"),
        ("rules: [{path: x, tier: huge}]", "tier"),
    ],
)
def test_what_can_never_hold_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _policy(text)
    assert said in str(caught.value)
    assert "s.yaml, line 2" in str(caught.value)
