"""The user's rules for auto."""

import pytest

from burn_tui.core.routing_rules import Facts, Rule, first_match, marked, paths_in


def _facts(prompt: str = "", **given: str) -> Facts:
    return Facts(prompt=prompt, task="other", **given)


def test_the_first_rule_that_fits_holds() -> None:
    rules = (Rule(path="**/*.tf", profile="deterministic"), Rule(path="docs/**", profile="creative"), Rule(tier="mid"))
    assert first_match(rules, _facts("change infra/prod/main.tf")) == rules[0]
    assert first_match(rules, _facts("improve docs/guide/start.md")) == rules[1]
    assert first_match(rules, _facts("hello")) == rules[2]
    assert first_match(rules[:2], _facts("hello")) is None


def test_every_condition_of_a_rule_has_to_hold() -> None:
    rule = Rule(project="infra-*", regex="(?i)drop table", tier="strong")
    assert first_match((rule,), _facts("DROP TABLE users", project="infra-eu")) == rule
    assert first_match((rule,), _facts("DROP TABLE users", project="shop")) is None
    assert first_match((rule,), _facts("select", project="infra-eu")) is None


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("**/*.tf", "main.tf", True),
        ("**/*.tf", "a/b/main.tf", True),
        ("*.tf", "a/main.tf", False),
        ("docs/**", "docs/a/b.md", True),
        ("docs/**", "src/docs.md", False),
        ("src/?.py", "src/a.py", True),
        ("src/?.py", "src/ab.py", False),
    ],
)
def test_stars_stand_for_what_they_stand_for_elsewhere(pattern: str, path: str, *, fits: bool) -> None:
    assert (first_match((Rule(path=pattern, tier="mid"),), _facts(f"look at {path} now")) is not None) is fits


def test_paths_are_found_between_other_words() -> None:
    assert paths_in("In ./src/app.py, see `docs/a.md` and infra/prod.") == ("src/app.py", "docs/a.md", "infra/prod.")


def test_a_tier_that_stands_before_a_prompt_is_taken_from_it() -> None:
    assert marked("@strong why?") == ("strong", "why?")
    assert marked("@cheap\nwhy?") == ("cheap", "why?")
    assert marked("@stronger why?") == (None, "@stronger why?")
    assert marked("why @strong?") == (None, "why @strong?")
