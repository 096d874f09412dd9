"""What a response of a coding tool was for."""

import pytest

from burn_tui.core.audit_operations import operation_of


@pytest.mark.parametrize(
    ("tools", "operation"),
    [
        ("", "chat"),
        ("Read", "read"),
        ("Bash,Read", "shell"),
        ("Bash,Edit,Read", "edit"),
        ("apply_patch", "edit"),
        ("WebFetch", "web"),
        ("mcp__github__search", "mcp github"),
        ("mcp__", "mcp"),
        ("SomethingNew", "other tool"),
        ("Read,SomethingNew", "read"),
    ],
)
def test_the_tool_that_changes_most_says_what_a_response_was_for(tools: str, operation: str) -> None:
    assert operation_of(command="", agent="", tools=tools) == operation


def test_a_slash_command_says_it_before_all_tools() -> None:
    assert operation_of(command="/review", agent="", tools="Edit") == "/review"


@pytest.mark.parametrize(("agent", "operation"), [("subagent", "subagent"), ("explore", "subagent explore")])
def test_a_subagent_says_it_before_its_tools(agent: str, operation: str) -> None:
    assert operation_of(command="", agent=agent, tools="Edit") == operation
