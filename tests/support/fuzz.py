"""How much is tried by chance, and how whatever is right is made wrong.

Everything that hypothesis draws, and the gateway's malformed requests, is multiplied by the variable BURN_TUI_FUZZ:
1 by default, which is what every test run spends; 100 finds in an hour or two what a run a day would find in a season:

    BURN_TUI_FUZZ=100 pytest tests/core tests/providers tests/engine tests/gateway/test_fuzz.py

A long run should not repeat itself: HYPOTHESIS_MAX_EXAMPLES has no say here, but --hypothesis-seed has.
"""

import os
from collections.abc import Sequence

from hypothesis import strategies as st

FACTOR = int(os.environ.get("BURN_TUI_FUZZ", "1"))

ODD_VALUES = (
    *(
        "",
        "~",
        "no",
        "12:30",
        "0123",
        "0x1f",
        "1e999",
        "-1",
        ".inf",
        ".nan",
        "99999999999999999999",
        "2026-02-30",
        "on",
    ),
    *("[]", "{}", "[[[[[[]]]]]]", "{a: {b: [c, {d: e}]}}", "*alias", "&anchor x", "!!python/object:os.system x", "? x"),
    *("'", '"', "|", ">-", "#", "---", "...", "<<: {a: 1}", "${HOME}", "env:", "keyring:", "sha256:", "\x00", "\ud7ff"),
    *("🔥", "\u202e", "é" * 40, "a" * 3_000, "{{ x }}", "{{", "\t", "1_000", "1.5", "true", "on"),
)
"""What stands for a value, a key or a line where something else is expected."""


def examples(usual: int) -> int:
    """So many tries in this run."""
    return usual * FACTOR


@st.composite
def spoilt(draw: st.DrawFn, texts: Sequence[str]) -> str:
    """One of the texts, after some accidents: of somebody who writes YAML, and of a disk."""
    lines = draw(st.sampled_from(list(texts))).split("\n")
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(lines) - 1))
        lines[place : place + 1] = draw(_accidents(lines, place))
        lines = lines or [""]
    text = "\n".join(lines)
    if draw(st.integers(0, 9)) == 0:
        return text[: draw(st.integers(0, len(text)))]
    return text


def _accidents(lines: Sequence[str], place: int) -> st.SearchStrategy[list[str]]:
    """What may become of a line."""
    line = lines[place]
    key, colon, _ = line.partition(":")
    odd, letters = st.sampled_from(ODD_VALUES), st.text(max_size=12)
    cuts = st.integers(0, len(line))
    return st.one_of(
        st.just([]),
        st.just([line, line]),
        st.builds(lambda other: [other], st.sampled_from(list(lines))),
        st.builds(lambda value: [f"{key}{colon or ':'} {value}"], odd | letters),
        st.builds(lambda value: [f"{line[: len(line) - len(line.lstrip())]}{value}: {line.lstrip()}"], odd | letters),
        st.builds(lambda spaces: [" " * spaces + line.lstrip()], st.integers(0, 6)),
        st.builds(lambda cut, value: [line[:cut] + value + line[cut:]], cuts, odd | letters),
        st.builds(lambda cut, other: [line[:cut] + line[max(cut, other) :]], cuts, cuts),
        st.builds(lambda value: [line, value], odd),
    )


@st.composite
def damaged(draw: st.DrawFn, body: bytes) -> bytes:
    """Bytes after some accidents on their way."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 12)))
        again = body[start : min(len(body), start + 80)]
        body = body[:start] + draw(st.binary(max_size=6) | st.just(b"") | st.just(again)) + body[end:]
    return body
