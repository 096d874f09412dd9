"""What hypothesis draws to prove the dialects: words, arguments, answers, broken bytes."""

import json
from collections.abc import Sequence

from hypothesis import strategies as st

from burn_tui.core.events import (
    FinishSeen,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
    WireEvent,
)
from burn_tui.core.usage import Usage

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(lambda words: bool(words.strip()))
"""Never blank: some APIs refuse blank text."""

NAMES = st.from_regex(r"[a-zA-Z0-9_-]{1,16}", fullmatch=True)

_VALUES: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(-1e9, 1e9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)

OBJECTS = st.dictionaries(st.text(max_size=6), _VALUES, max_size=3).map(
    lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
)
"""JSON objects as compact text."""

SCHEMAS = st.dictionaries(NAMES, st.just({"type": "string"}), max_size=3).map(
    lambda properties: json.dumps({"type": "object", "properties": properties}, separators=(",", ":"))
)


def same_json(text: str) -> object:
    """The value of a JSON text: two spellings of one value are equal."""
    value: object = json.loads(text)
    return value


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """Counts that fit together, some of them unknown."""
    tokens = st.none() | st.integers(0, 10**6)
    read, created, for_1h, reasoning = draw(tokens), draw(tokens), draw(tokens), draw(tokens)
    return Usage(
        input_tokens=draw(st.integers(0, 10**6)) + (read or 0) + (created or 0) + (for_1h or 0),
        output_tokens=draw(st.integers(0, 10**6)) + (reasoning or 0),
        cache_read_input_tokens=read,
        cache_creation_input_tokens=created if for_1h is None else (created or 0) + for_1h,
        cache_creation_1h_input_tokens=for_1h,
        reasoning_output_tokens=reasoning,
    )


def pieces(text: str) -> st.SearchStrategy[list[str]]:
    """`text` in up to four pieces, blank ones among them."""
    cuts = st.lists(st.integers(0, len(text)), max_size=3).map(sorted)
    return cuts.map(lambda at: [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)])


@st.composite
def answers(
    draw: st.DrawFn, finishes: Sequence[FinishSeen], usage: st.SearchStrategy[Usage], *, signed: bool
) -> list[WireEvent]:
    """Text, reasoning and tool calls in any order, in pieces; then why it ended and what it came to."""
    events: list[WireEvent] = []
    calls = 0
    for kind in draw(st.lists(st.sampled_from(["text", "reasoning", "call"]), max_size=5)):
        if kind == "text":
            events += [TextDelta(piece) for piece in draw(WORDS.flatmap(pieces))]
        elif kind == "reasoning":
            events += [ReasoningDelta(piece) for piece in draw(WORDS.flatmap(pieces))]
            events += [ReasoningDelta("", draw(NAMES))] if signed and draw(st.booleans()) else []
        else:
            events.append(ToolCallDelta(calls, f"call_{calls}", draw(NAMES)))
            events += [ToolCallDelta(calls, arguments=piece) for piece in draw(OBJECTS.flatmap(pieces))]
            calls += 1
    finish = draw(st.sampled_from(finishes))
    counted = draw(st.none() | usage)
    return [*events, finish, *([] if counted is None else [UsageSeen(counted)])]


def broken(complete: bytes) -> st.SearchStrategy[bytes]:
    """Any bytes, or a good body with other bytes in place of some of its own."""
    place = st.integers(0, len(complete))
    spliced = st.builds(_spliced, st.just(complete), place, st.integers(0, 9), st.binary(max_size=9))
    return st.binary(max_size=80) | spliced


def _spliced(complete: bytes, start: int, length: int, others: bytes) -> bytes:
    return complete[:start] + others + complete[start + length :]


def json_like(keys: Sequence[str], words: Sequence[str]) -> st.SearchStrategy[object]:
    """JSON values made of a dialect's own keys and words, in places where they need not belong."""
    leaves = st.sampled_from(words) | _VALUES
    return st.recursive(
        leaves,
        lambda inner: st.dictionaries(st.sampled_from(keys), inner, max_size=5) | st.lists(inner, max_size=2),
        max_leaves=12,
    )


CHUNKS = st.sampled_from([1, 2, 3, 7, 64, 1 << 20])
"""Bytes per piece."""
