"""What another provider cannot take is said in words, and a conversation is shortened from its beginning."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import (
    ChatRequest,
    Extras,
    Image,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    estimate_input_tokens,
    said,
)
from burn_tui.core.context import Sight, fitting, left_out, shortened

HERE = Provider(name="here", dialect="openai-chat", base_url="http://127.0.0.1:1")
BYTES_ONLY = Sight(media_types=frozenset({"image/png"}))
ANYTHING = Sight(address_starts=("https://",), roles=frozenset({"system", "user", "assistant", "tool"}))


def left(*messages: Message, sight: Sight = ANYTHING, extras: Extras | None = None) -> tuple[str, ...]:
    return left_out(ChatRequest(messages=messages, extras=extras), HERE, sight)


def turn(*parts: Part) -> Message:
    return Message("assistant", parts)


def test_everything_that_can_be_sent_is_not_mentioned() -> None:
    call, result = ToolCall("a", "add", "{}", "sig", "here"), Message("tool", (ToolResult("a", "3"),))
    own = Reasoning("hm", "sig", "here")
    picture = Message("user", (Text("see"), Image(data="aGk="), Image(url="https://example.org/a.png")))
    assert left(said("system", "x"), picture, turn(own, call), result, said("user", "")) == ()
    assert left(turn(Reasoning("", None, "elsewhere"))) == ()


def test_thinking_is_counted_by_its_writer() -> None:
    thoughts = (Reasoning("a", None, "there"), Reasoning("b", "s", "there"), Reasoning("c"), Reasoning("d", "s", "x"))
    assert left(turn(*thoughts)) == (
        "2 thinking blocks of there",
        "1 thinking block of another provider",
        "1 thinking block of x",
    )


def test_signatures_of_calls_are_counted_by_their_signer() -> None:
    calls = (ToolCall("a", "add", "{}", "sig", "there"), ToolCall("b", "add", "{}", "sig", "there"))
    results = Message("tool", (ToolResult("a", "3"), ToolResult("b", "3")))
    assert left(turn(*calls), results) == ("2 tool call signatures of there",)


def test_calls_and_results_that_stand_alone_are_counted() -> None:
    assert left(turn(ToolCall("a", "add", "{}"), ToolCall("b", "add", "{}", "sig", "there"))) == (
        "2 tool calls without a result",
    )
    assert left(said("user", "hi"), Message("tool", (ToolResult("a", "3"),))) == ("1 tool result without a call",)


def test_pictures_that_are_not_taken_are_counted_and_told_in_words() -> None:
    pictures = (Image(data="aGk="), Image(url="https://example.org/a.png"), Image("image/gif", "aGk="), Image())
    messages = (Message("user", pictures), turn(Image(data="aGk=")))
    assert left(*messages, sight=BYTES_ONLY) == ("4 images, told in words",)
    shown, _ = fitting(messages, BYTES_ONLY)
    assert shown.parts == (
        Image(data="aGk="),
        Text("[image: https://example.org/a.png]"),
        Text("[image: image/gif]"),
        Text("[image: image/png]"),
    )


def test_fields_of_another_dialect_are_named() -> None:
    extras = Extras("anthropic-messages", {"top_k": "5", "metadata": "{}"})
    assert left(said("user", "hi"), extras=extras) == ("what only anthropic-messages has words for: top_k, metadata",)
    assert left(said("user", "hi"), extras=Extras("openai-chat", {"user": '"u"'})) == ()


# --- shorter -------------------------------------------------------------------------------------

texts = st.text(max_size=30)
rounds = st.builds(
    lambda asked, called, answered: [
        said("user", asked),
        *([turn(ToolCall("a", "add", "{}")), Message("tool", (ToolResult("a", asked),))] if called else []),
        said("assistant", answered),
    ],
    texts,
    st.booleans(),
    texts,
)


@given(
    st.lists(rounds, max_size=5),
    st.lists(texts.map(lambda words: said("system", words)), max_size=1),
    st.integers(0, 200),
)
def test_what_is_left_is_the_system_text_and_the_newest_turns_as_many_as_fit(
    turns: list[list[Message]], system: list[Message], tokens: int
) -> None:
    said_before = [message for one in turns for message in one]
    question = said("user", "And now?")
    kept = shortened((*system, *said_before, question), tokens)
    assert list(kept[: len(system)]) == system
    newest = [*said_before, question]
    rest = list(kept[len(system) :])
    assert rest == newest[len(newest) - len(rest) :]
    assert rest[0].role == "user"
    assert estimate_input_tokens(kept) <= tokens or rest == [question]
    # One turn more would not have fitted.
    longer = next((at for at in range(len(newest) - len(rest) - 1, -1, -1) if newest[at].role == "user"), None)
    assert longer is None or estimate_input_tokens((*system, *newest[longer:])) > tokens


def test_nothing_is_shortened_to_nothing() -> None:
    assert shortened((), 0) == ()
    assert shortened((said("system", "x"),), 0) == (said("system", "x"),)
