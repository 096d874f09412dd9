"""A conversation as lines: whatever is drawn beforehand or dropped, what is in sight is right."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.scripted import NOW, SONNET
from textual.strip import Strip

from burn_tui.core.transcript import Answer, Asked, Entry, Notice
from burn_tui.tui.theme import DEFAULT
from burn_tui.tui.widgets.entry_rendering import Brush
from burn_tui.tui.widgets.transcript_drawing import Place, TranscriptDrawing

ROWS = 10
WIDE, NARROW = (Brush(width, DEFAULT, None) for width in (90, 40))

MARKDOWN = """\
## Why

Because `attempt` is **re-read**:

```python
for attempt in range(5):
    call()
```

- one
- two
"""

entries = st.lists(
    st.one_of(
        st.builds(Asked, st.sampled_from(["why?", "a longer question " * 20, "two\nlines"]), st.just(NOW)),
        st.builds(
            Answer,
            st.just(SONNET),
            st.just(NOW),
            st.integers(0, 6).map(lambda times: MARKDOWN * times),
            st.sampled_from(["", "let me think"]),
            st.sampled_from(["done", "failed", "truncated"]),
        ),
        st.builds(Notice, st.just("fallback"), st.just("anthropic refused: rate limited."), st.just(NOW)),
    ),
    max_size=30,
)


def looked_at(
    drawing: TranscriptDrawing, shown: list[Entry], brush: Brush, place: Place | None, rows: int = ROWS
) -> int:
    """Update until nothing waits any more; the line on top."""
    while True:
        top = drawing.update(shown, brush, now=NOW, place=place, rows=rows)
        if drawing.is_complete:
            return top


def everything(shown: list[Entry], brush: Brush) -> list[str]:
    """All lines, drawn at once."""
    drawing = TranscriptDrawing()
    looked_at(drawing, shown, brush, None, rows=10_000)
    return texts(drawing, range(drawing.height))


def texts(drawing: TranscriptDrawing, lines: range) -> list[str]:
    return [strip.text for strip in strips(drawing, lines)]


def strips(drawing: TranscriptDrawing, lines: range) -> list[Strip]:
    drawn = [drawing.strip(line) for line in lines]
    assert None not in drawn
    return [strip for strip in drawn if strip is not None]


@given(entries)
def test_at_the_end_the_last_lines_are_in_sight(shown: list[Entry]) -> None:
    drawing = TranscriptDrawing()
    top = looked_at(drawing, shown, WIDE, None)
    assert texts(drawing, range(top, drawing.height)) == everything(shown, WIDE)[-ROWS:]


@settings(deadline=None)
@given(entries.filter(bool), st.data())
def test_what_is_in_sight_is_right_wherever_one_jumps(shown: list[Entry], data: st.DataObject) -> None:
    drawing, whole = TranscriptDrawing(), everything(shown, WIDE)
    looked_at(drawing, shown, WIDE, None)
    for _ in range(3):
        entry = data.draw(st.integers(0, len(shown) - 1))
        top = looked_at(drawing, shown, WIDE, Place(entry, 1, 0.0))
        seen = texts(drawing, range(top, min(top + ROWS, drawing.height)))
        below = len(shown) - entry
        assert any(whole[at : at + len(seen)] == seen for at in range(len(whole)))
        assert below == 0 or seen


@settings(deadline=None)
@given(entries)
def test_scrolled_through_page_by_page_it_is_the_whole(shown: list[Entry]) -> None:
    drawing, seen = TranscriptDrawing(), list[str]()
    place: Place | None = Place(0, 0, 0.0)
    while place is not None and len(seen) < drawing.height + 1:
        top = looked_at(drawing, shown, WIDE, place)
        first = drawing.line(place)
        after = min(top + ROWS, drawing.height)
        seen += texts(drawing, range(first, after))
        place = drawing.place(after) if after < drawing.height else None
    assert seen == everything(shown, WIDE)


def conversation(questions: int) -> list[Entry]:
    shown: list[Entry] = []
    for number in range(questions):
        shown += [Asked(f"question {number}", NOW), Answer(SONNET, NOW, MARKDOWN, state="done")]
    return shown


def drawn_lines(drawing: TranscriptDrawing) -> int:
    """Without the gaps, which are all the same blank line."""
    drawn = [drawing.strip(line) for line in range(drawing.height)]
    return sum(strip is not None and strip is not WIDE.blank for strip in drawn)


def test_of_a_long_conversation_only_what_is_near_the_screen_is_drawn() -> None:
    drawing = TranscriptDrawing()
    looked_at(drawing, conversation(500), WIDE, None)
    assert drawing.height > 4_000
    assert ROWS <= drawn_lines(drawing) < 6 * ROWS


def test_what_has_gone_far_away_is_dropped() -> None:
    drawing, shown = TranscriptDrawing(), conversation(100)
    for entry in range(0, 200, 2):
        looked_at(drawing, shown, WIDE, Place(entry, 1, 0.0))
    assert drawn_lines(drawing) < 15 * ROWS


def test_a_place_holds_when_the_width_changes() -> None:
    drawing, shown = TranscriptDrawing(), conversation(50)
    top = looked_at(drawing, shown, WIDE, Place(60, 1, 0.0))
    assert "you" in texts(drawing, range(top, top + 1))[0]
    assert "question 30" in texts(drawing, range(top + 1, top + 2))[0]
    place = drawing.place(top)
    top = looked_at(drawing, shown, NARROW, place)
    assert "question 30" in texts(drawing, range(top + 1, top + 2))[0]


def test_a_place_is_found_again_by_another_drawing_of_the_same_conversation() -> None:
    shown, one = conversation(50), TranscriptDrawing()
    top = looked_at(one, shown, WIDE, Place(61, 4, 0.5))
    another = TranscriptDrawing()
    there = looked_at(another, shown, WIDE, one.place(top))
    assert texts(another, range(there, there + ROWS)) == texts(one, range(top, top + ROWS))


def test_an_answer_grows_below_the_line_that_is_read() -> None:
    drawing, shown = TranscriptDrawing(), conversation(5)
    answer = Answer(SONNET, NOW, "first", state="streaming")
    shown.append(answer)
    top = looked_at(drawing, shown, WIDE, Place(0, 1, 0.0))
    before = texts(drawing, range(top, top + ROWS))
    answer.text += " and second\n\n" * 50
    top = looked_at(drawing, shown, WIDE, drawing.place(top))
    assert texts(drawing, range(top, top + ROWS)) == before


def test_an_answer_that_is_being_written_is_followed_at_the_end() -> None:
    drawing, answer = TranscriptDrawing(), Answer(SONNET, NOW, state="streaming")
    for word in ("The ", "counter", " is\n\n", "re-read"):
        answer.text += word
        top = looked_at(drawing, [answer], WIDE, None)
    shown = "\n".join(texts(drawing, range(top, drawing.height)))
    assert "The counter is" in shown
    assert "re-read" in shown


@pytest.mark.parametrize("position", [0, 1, 4])
def test_the_lines_of_an_entry_are_its_own(position: int) -> None:
    shown: list[Entry] = [*conversation(2), Asked("last", NOW)]
    drawing = TranscriptDrawing()
    looked_at(drawing, shown, WIDE, None, rows=500)
    lines = texts(drawing, drawing.lines_of(position))
    assert ("you" if isinstance(shown[position], Asked) else "claude-sonnet-4-5") in lines[0]
    assert lines[-1].strip()


def test_a_withdrawn_question_leaves_nothing_behind() -> None:
    drawing, shown = TranscriptDrawing(), conversation(1)
    looked_at(drawing, shown, WIDE, None)
    before = drawing.height
    shown.append(Asked("never sent", NOW))
    looked_at(drawing, shown, WIDE, None)
    shown.pop()
    looked_at(drawing, shown, WIDE, None)
    assert drawing.height == before
