"""Conversations and answers as hypothesis draws them, within what the dialects have in common."""

import msgspec
from hypothesis import strategies as st

from burn_tui.core.chat import (
    ChatRequest,
    FinishReason,
    Image,
    JsonFormat,
    Message,
    NamedTool,
    Part,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    said,
)
from burn_tui.core.events import (
    FinishSeen,
    ModelSeen,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
    WireEvent,
)
from burn_tui.core.usage import Usage

words = st.text(min_size=1, max_size=20)
names = st.text("abcXYZ_", min_size=1, max_size=12)
json_objects = st.dictionaries(st.text("ab", min_size=1, max_size=3), st.integers(), max_size=3).map(
    lambda value: msgspec.json.encode(value).decode()
)
_schemas = json_objects.filter(lambda schema: schema != "{}")
inline_images = st.builds(Image, st.sampled_from(["image/png", "image/jpeg"]), st.just("aGk="))


@st.composite
def rounds(draw: st.DrawFn, number: int) -> list[Message]:
    """A question and what came of it: perhaps calls with all their results, and words at the end."""
    asked: list[Part] = [Text(draw(words)), *draw(st.lists(inline_images, max_size=1))]
    messages = [Message("user", tuple(asked))]
    calls = [
        ToolCall(f"call_{number}_{index}", draw(names), draw(json_objects)) for index in range(draw(st.integers(0, 2)))
    ]
    if calls:
        before: list[Part] = [Text(text) for text in draw(st.lists(words, max_size=1))]
        messages.append(Message("assistant", (*before, *calls)))
        messages.append(Message("tool", tuple(ToolResult(call.id, draw(words)) for call in calls)))
    return [*messages, said("assistant", draw(words))]


@st.composite
def requests(draw: st.DrawFn, /, **fields: st.SearchStrategy[object]) -> ChatRequest:
    """A request; `fields` adds to it what only some dialects can express."""
    system = [said("system", text) for text in draw(st.lists(words, max_size=1))]
    turns = [message for number in range(draw(st.integers(0, 2))) for message in draw(rounds(number))]
    tools = tuple(draw(st.lists(st.builds(Tool, names, words, _schemas), max_size=2)))
    words_for_it: st.SearchStrategy[ToolChoice | None] = st.sampled_from([None, "auto", "none", "required"])
    choices = words_for_it | st.builds(NamedTool, names)
    drawn = {name: draw(strategy) for name, strategy in fields.items()}
    return msgspec.structs.replace(
        ChatRequest(
            messages=(*system, *turns, said("user", draw(words))),
            model="big",
            tools=tools,
            tool_choice=draw(choices) if tools else None,
            max_output_tokens=draw(st.none() | st.integers(1, 10**6)),
            temperature=draw(st.none() | st.floats(0, 2)),
            top_p=draw(st.none() | st.floats(0, 1)),
            response_format=draw(st.none() | st.builds(JsonFormat, st.none() | _schemas)),
            stream=draw(st.booleans()),
        ),
        **drawn,
    )


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """Usage that can be true: parts are no greater than their wholes, and caches do not overlap."""
    prompt, completion = draw(st.integers(0, 10**9)), draw(st.integers(0, 10**9))
    read = draw(st.integers(0, prompt))
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        cache_read_input_tokens=read,
        cache_creation_input_tokens=draw(st.integers(0, prompt - read)),
        reasoning_output_tokens=draw(st.integers(0, completion)),
    )


@st.composite
def answers(draw: st.DrawFn, *, finishes: tuple[FinishReason, ...]) -> list[WireEvent]:
    """The events of a complete answer. Pieces of calls may come in turns, the finish before or after the counts."""
    events: list[WireEvent] = [ModelSeen("served")]
    events += [ReasoningDelta(text) for text in draw(st.lists(words, max_size=3))]
    events += [TextDelta(text) for text in draw(st.lists(words, max_size=3))]
    calls = range(draw(st.integers(0, 2)))
    arguments = [draw(json_objects) for _ in calls]
    events += [ToolCallDelta(index, f"call-{index}", draw(names)) for index in calls]
    events += [ToolCallDelta(index, arguments=arguments[index][:3]) for index in calls]
    events += [ToolCallDelta(index, arguments=arguments[index][3:]) for index in calls]
    last: list[WireEvent] = [FinishSeen(draw(st.sampled_from(finishes)), "")]
    last += [UsageSeen(usage) for usage in draw(st.lists(usages(), max_size=1))]
    return [*events, *draw(st.permutations(last))]
