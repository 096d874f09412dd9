"""The sections `auto:` and `rules:`."""

import pytest

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.catalog import Target
from burn_tui.core.checks import CommandCheck
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


def test_a_check_may_stand_in_a_rule_or_hold_for_a_class() -> None:
    policy = _policy(
        "checks: {tests: {run: [pytest, -q], file: it.py, copy: [tests], timeout_s: 5, tasks: [code_edit]}}\n"
        "rules: [{path: 'x/**', check: tests}]\n"
    )
    (check,) = policy.checks
    assert check == CommandCheck(
        name="tests", run=("pytest", "-q"), file="it.py", copies=("tests",), timeout_s=5, tasks=("code_edit",)
    )
    assert policy.rules[0].check == "tests"


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
        ("rules: [{path: x, check: tests}]", "there is no check 'tests'"),
        ("checks: {tests: {file: a.py}}", "'run' is missing"),
        ("checks: {tests: {run: [pytest], copy: [../x]}}", "'../x' leads out of the directory"),
        ("checks: {tests: {run: [pytest], file: /etc/x}}", "'/etc/x' leads out of the directory"),
    ],
)
def test_what_can_never_hold_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _policy(text)
    assert said in str(caught.value)
    assert "s.yaml, line 2" in str(caught.value)
