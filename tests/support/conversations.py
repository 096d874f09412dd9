"""Conversations as no provider would have them: for what every dialect must make of them."""

from hypothesis import strategies as st

from burn_tui.core.chat import (
    ChatRequest,
    Extras,
    Image,
    JsonFormat,
    Message,
    NamedTool,
    Part,
    Reasoning,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from burn_tui.simulator.signing import signature

PNG = "iVBORw0KGgo="
"""Base64, as far as anybody checks."""

IDS = st.sampled_from(["", "call_0", "call_1", "toolu/ü 1", "functions.look:0", "x" * 80])
_NAMES = st.sampled_from(["look", "functions.look", "", "9lives", "naïve", "n" * 200])
_WORDS = st.sampled_from(["", " ", "\n\t", "Hello.", "and then ", "half \ud83d", "🔥", "json"]) | st.text(max_size=12)
_ARGUMENTS = st.sampled_from(["{}", '{"at":"1"}', "", "[1]", "{broken", '{"half":"\\ud83d"}'])
_IMAGES = st.builds(
    Image, media_type=st.sampled_from(["image/png", "image/gif", "image/heic", "image/bmp"]), data=st.just(PNG)
) | st.builds(
    Image, url=st.sampled_from(["https://example.org/a.png", "http://example.org/a.png", "file:///a.png", "data:,x"])
)
_CACHE_FOR = st.sampled_from([None, None, "5m", "1h"])


def own_reasoning(provider_name: str, dialect: str, words: str) -> Reasoning:
    """As the simulated provider signs it, and its decoder reads it."""
    proof = signature(provider_name, words)
    if dialect == "openai-responses":
        proof = '{"id":"rs_1","encrypted_content":"' + proof + '"}'
    return Reasoning(words, proof, provider_name)


def _reasonings(provider_name: str, dialect: str) -> st.SearchStrategy[Reasoning]:
    """The provider's own, somebody else's, nobody's, and without a proof."""
    return (
        _WORDS.map(lambda words: own_reasoning(provider_name, dialect, words.encode("utf-8", "replace").decode()))
        | st.builds(Reasoning, _WORDS, st.sampled_from([None, "sig", "{}"]), st.sampled_from([None, "elsewhere"]))
        | st.builds(Reasoning, _WORDS, st.none(), st.just(provider_name))
    )


def _calls(provider_name: str) -> st.SearchStrategy[ToolCall]:
    signers = st.sampled_from(
        [(None, None), ("sig", "elsewhere"), ("sig", None), (signature(provider_name, "call"), provider_name)]
    )
    return st.builds(
        lambda call_id, name, arguments, signer, cache_for: ToolCall(
            call_id, name, arguments, signer[0], signer[1], cache_for
        ),
        IDS,
        _NAMES,
        _ARGUMENTS,
        signers,
        _CACHE_FOR,
    )


@st.composite
def _rounds(draw: st.DrawFn, provider_name: str, dialect: str) -> list[Message]:
    """Calls and all their results, as an agent makes them, with whatever else was said between."""
    calls = draw(st.lists(_calls(provider_name), min_size=1, max_size=3, unique_by=lambda call: call.id))
    thoughts = draw(st.lists(_reasonings(provider_name, dialect), max_size=2))
    spoken = [Text(words) for words in draw(st.lists(_WORDS, max_size=2))]
    results = [ToolResult(call.id, draw(_WORDS), draw(st.booleans())) for call in draw(st.permutations(calls))]
    pictures = draw(st.lists(_IMAGES, max_size=1))
    if draw(st.booleans()):
        answered = [Message("tool", (*results, *pictures))]
    elif draw(st.booleans()):
        answered = [Message("tool", (result,)) for result in results]
    else:
        answered = [Message("user", (*spoken, *results, *pictures))]
    return [Message("assistant", (*thoughts, *spoken, *calls)), *answered]


def messages(provider_name: str, dialect: str) -> st.SearchStrategy[tuple[Message, ...]]:
    """Rounds of calls, and any parts in messages of any role, in any order."""
    part: st.SearchStrategy[Part] = st.one_of(
        st.builds(Text, _WORDS, _CACHE_FOR),
        _IMAGES,
        _reasonings(provider_name, dialect),
        _calls(provider_name),
        st.builds(ToolResult, IDS, _WORDS, st.booleans(), _CACHE_FOR),
    )
    roles: st.SearchStrategy[Role] = st.sampled_from(["system", "user", "assistant", "assistant", "tool", "tool"])
    anything = st.builds(Message, roles, st.lists(part, max_size=4).map(tuple)).map(lambda message: [message])
    pieces = st.lists(anything | _rounds(provider_name, dialect), max_size=6)
    return pieces.map(lambda runs: tuple(message for run in runs for message in run))


_TOOL = Tool("look", "Looks at something.", '{"type":"object","properties":{"at":{"type":"string"}}}')
_EXTRAS = st.sampled_from(
    [
        None,
        Extras("anthropic-messages", {"metadata": '{"user_id":"u"}', "top_k": "5"}, {"anthropic-beta": "context-1m"}),
        Extras("openai-chat", {"user": '"u"', "logit_bias": '{"1":2}'}),
        Extras("openai-responses", {"truncation": '"auto"', "metadata": '{"a":"b"}'}),
    ]
)


@st.composite
def requests(draw: st.DrawFn, provider_name: str, dialect: str) -> ChatRequest:
    """One of these conversations, and wishes that other dialects can express."""
    has_tools = draw(st.booleans())
    return ChatRequest(
        messages=draw(messages(provider_name, dialect)),
        tools=(_TOOL,) if has_tools else (),
        tool_choice=draw(st.sampled_from([None, "auto", "none", "required", NamedTool("look")])),
        parallel_tool_calls=draw(st.sampled_from([None, True, False])),
        max_output_tokens=draw(st.sampled_from([None, 1, 2000, 40_000])),
        temperature=draw(st.sampled_from([None, 0.0, 1.0, 2.0])),
        top_p=draw(st.sampled_from([None, 0.5, 1.0])),
        stop_sequences=tuple(draw(st.lists(st.sampled_from(["END", " ", "\n", "STOP"]), max_size=6))),
        response_format=draw(st.sampled_from([None, JsonFormat(), JsonFormat('{"type":"object"}')])),
        reasoning_effort=draw(st.sampled_from([None, "none", "low", "high", "xhigh"])),
        stream=draw(st.booleans()),
        extras=draw(_EXTRAS),
    )
