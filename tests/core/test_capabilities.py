"""What a model is known not to be able to do."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.capabilities import Capabilities, unable, wanted_by
from burn_tui.core.chat import ChatRequest, Image, JsonFormat, Message, Tool, said

PLAIN = ChatRequest(messages=(said("user", "Hello"),))
WITH_TOOLS = ChatRequest(messages=PLAIN.messages, tools=(Tool("look", "Looks.", "{}"),))
WITH_IMAGE = ChatRequest(messages=(Message("user", (Image(url="https://example.com/a.png"),)), *PLAIN.messages))
AS_JSON = ChatRequest(messages=PLAIN.messages, response_format=JsonFormat())

known = st.builds(Capabilities, **dict.fromkeys(Capabilities.__struct_fields__, st.none() | st.booleans()))


def test_what_a_request_cannot_do_without_is_seen_in_all_of_it() -> None:
    found = [wanted_by(request) for request in (PLAIN, WITH_TOOLS, WITH_IMAGE, AS_JSON)]
    assert found == [(), ("tools",), ("images",), ("json",)]


def test_only_who_is_known_to_be_unable_is_turned_away_with_the_reason() -> None:
    blind = Capabilities(images=False)
    assert unable(blind, WITH_IMAGE) == "It takes no images, and this has one."
    assert (unable(blind, WITH_TOOLS), unable(Capabilities(), WITH_IMAGE)) == (None, None)


@given(known)
def test_a_plain_question_can_be_put_to_everybody(model: Capabilities) -> None:
    assert unable(model, PLAIN) is None
