"""Names of tools on the wire: taken by the API, told apart, and read back as they were offered."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.chat import ChatRequest, Message, NamedTool, Tool, ToolCall, said
from burn_tui.core.events import TextDelta, ToolCallDelta
from burn_tui.providers import DIALECTS
from burn_tui.providers.tool_names import Naming, ToolNames

TAKEN = {
    "anthropic-messages": r"[a-zA-Z0-9_-]{1,128}",
    "openai-chat": r"[a-zA-Z0-9_-]{1,64}",
    "openai-responses": r"[a-zA-Z0-9_-]{1,64}",
    "gemini-generate": r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}",
    "ollama-chat": r"(?s).*",
}
"""As the APIs' own refusals spell it."""

NAMES = st.lists(
    st.text(st.sampled_from("aB9_-.:/ü "), max_size=140) | st.sampled_from(["a.b", "a_b", "a:b", "a_b_2", "x" * 200]),
    max_size=6,
    unique=True,
)


def asking(names: list[str]) -> ChatRequest:
    """Offers these tools, has called each of them, and wants the first."""
    calls = tuple(ToolCall(f"id_{place}", name, "{}") for place, name in enumerate(names))
    return ChatRequest(
        messages=(said("user", "hi"), Message("assistant", calls)),
        tools=tuple(Tool(name, "", "{}") for name in names),
        tool_choice=NamedTool(names[0]) if names else None,
    )


@pytest.mark.parametrize("dialect", DIALECTS)
@given(NAMES)
def test_every_name_is_taken_and_comes_back_as_it_was_offered(dialect: str, names: list[str]) -> None:
    given_names = ToolNames(asking(names).tools, DIALECTS[dialect].naming)
    request = given_names.sent(asking(names))
    sent = [tool.name for tool in request.tools]
    assert all(re.fullmatch(TAKEN[dialect], name) for name in sent)
    assert len(set(sent)) == len(names)
    assert [given_names.given(ToolCallDelta(0, "id", name)) for name in sent] == [
        ToolCallDelta(0, "id", name) for name in names
    ]


@given(NAMES)
def test_calls_of_the_past_and_the_wanted_tool_go_by_the_same_names(names: list[str]) -> None:
    request = ToolNames(asking(names).tools, Naming()).sent(asking(names))
    sent = [tool.name for tool in request.tools]
    assert [part.name for part in request.messages[1].parts if isinstance(part, ToolCall)] == sent
    assert request.tool_choice == (NamedTool(sent[0]) if sent else None)


def test_a_name_that_is_taken_stays_though_another_would_become_it() -> None:
    names = ToolNames(asking(["a.b", "a_b"]).tools, Naming())
    assert [tool.name for tool in names.sent(asking(["a.b", "a_b"])).tools] == ["a_b_2", "a_b"]


def test_a_request_whose_names_are_all_taken_is_sent_as_it_is() -> None:
    request = asking(["read", "write-2"])
    names = ToolNames(request.tools, Naming())
    assert not names.are_changed
    assert names.sent(request) is request


def test_what_calls_no_tool_of_the_request_is_told_as_it_came() -> None:
    names = ToolNames(asking(["a.b"]).tools, Naming())
    for event in (ToolCallDelta(0, "id", "made_up"), ToolCallDelta(0, arguments="{}"), TextDelta("a_b")):
        assert names.given(event) == event
