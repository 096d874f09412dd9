"""Marking, selecting and copying what was said."""

import pytest
from support.dashboard import Dashboard, dashboard
from support.scripted import GPT, SONNET, answers
from textual.geometry import Offset

from burn_tui.core.transcript import Answer, Asked
from burn_tui.tui.markdown_blocks import code_blocks
from burn_tui.tui.widgets.transcript_reader import TranscriptReader

CODE = """\
Two ways:

```python
for attempt in range(5):
    call()
```

or

```sh
retry 5 call
```
"""


def reader(running: Dashboard) -> TranscriptReader:
    return running.main.query_one(TranscriptReader)


async def talk(running: Dashboard, question: str, answer: str) -> None:
    running.runtime.router.scripts.append(answers(SONNET, answer))
    await running.send(question)
    await running.settled()


async def copied(running: Dashboard, *keys: str) -> str:
    """What is on the clipboard after these keys."""
    running.runtime.clipboard.text = ""
    await running.pilot.press(*keys)
    await running.until(lambda: running.runtime.clipboard.text)
    return running.runtime.clipboard.text


async def test_c_copies_the_last_answer_as_it_was_written_and_says_who_took_it() -> None:
    async with dashboard() as running:
        await talk(running, "why", "Because it is **re-read**.")
        assert await copied(running, "tab", "c") == "Because it is **re-read**."
        await running.until(lambda: "Copied the answer of anthropic, 26 characters, with xclip." in running.toasts)


async def test_a_marked_message_is_the_one_that_is_copied() -> None:
    async with dashboard() as running:
        await talk(running, "why", "Because.")
        await talk(running, "and then", "Then.")
        assert await copied(running, "tab", "k", "k", "c") == "and then"
        assert await copied(running, "k", "c") == "Because."
        assert await copied(running, "j", "j", "c") == "Then."


async def test_a_marked_message_has_a_bar_beside_it() -> None:
    async with dashboard() as running:
        await talk(running, "why", "Because.")
        await running.pilot.press("tab", "k", "k")
        await running.until(lambda: "▌▎ you" in running.text("#transcript"))
        assert "▌claude" not in running.text("#transcript")


async def test_a_marked_message_is_scrolled_to() -> None:
    async with dashboard(size=(80, 24)) as running:
        await talk(running, "the first question", "line\n\n" * 80)
        await running.until(lambda: reader(running).scroll_offset.y > 0)
        await running.pilot.press("tab", "k", "k")
        await running.until(lambda: "the first question" in running.text("#transcript"))


async def test_marking_ends_at_the_first_and_the_last_message() -> None:
    async with dashboard() as running:
        await talk(running, "why", "Because.")
        await running.pilot.press("tab", "k", "k", "k", "k")
        assert isinstance(reader(running).message, Asked)
        await running.pilot.press("j", "j", "j")
        assert isinstance(reader(running).message, Answer)


async def test_b_copies_one_code_block_after_the_other() -> None:
    async with dashboard() as running:
        await talk(running, "how", CODE)
        assert await copied(running, "tab", "b") == "for attempt in range(5):\n    call()"
        await running.until(lambda: "Copied code block 1 of 2, 2 lines, with xclip." in running.toasts)
        assert await copied(running, "b") == "retry 5 call"
        assert await copied(running, "b") == "for attempt in range(5):\n    call()"


async def test_an_answer_without_code_says_so() -> None:
    async with dashboard() as running:
        await talk(running, "why", "Because.")
        await running.pilot.press("tab", "b")
        await running.until(lambda: "There is no code in the answer of anthropic." in running.toasts)


async def test_lines_are_selected_by_key_and_copied_without_their_margins() -> None:
    async with dashboard() as running:
        await talk(running, "how", CODE)
        await running.pilot.press("tab", "k", *["shift+down"] * 5)
        text = await copied(running, "c")
        assert text.splitlines()[1:] == ["Two ways:", "", " for attempt in range(5):", "     call()"]
        await running.until(lambda: "Copied 5 lines selected, with xclip." in running.toasts)


async def test_escape_selects_nothing_any_more_and_then_dismisses() -> None:
    async with dashboard() as running:
        await talk(running, "why", "Because.")
        await running.pilot.press("tab", "shift+down")
        assert running.main.selections
        await running.pilot.press("escape")
        await running.until(lambda: not running.main.selections)
        assert await copied(running, "c") == "Because."


async def test_text_is_selected_with_the_mouse_and_copied_with_ctrl_c_from_the_prompt() -> None:
    async with dashboard() as running:
        await talk(running, "why", "Because it is re-read.")
        region = reader(running).content_region
        row = next(y for y in range(region.y, region.bottom) if "Because" in running.text().splitlines()[y])
        column = running.text().splitlines()[row].index("it is")
        await running.pilot.mouse_down(offset=(column, row))
        await running.pilot.hover(offset=(column + 5, row))
        await running.pilot.mouse_up(offset=(column + 5, row))
        await running.until(lambda: running.main.selections)
        running.main.query_one("#prompt").focus()
        assert await copied(running, "ctrl+c") == "it is"


async def test_a_selection_stays_on_its_words_when_more_comes_above_and_below() -> None:
    async with dashboard() as running:
        for number in range(30):
            await talk(running, f"question {number}", "line\n\n" * 3)
        view = reader(running)
        await running.pilot.press("tab", "k", "k", "shift+down", "shift+down", "shift+down")
        before = running.main.get_selected_text()
        assert before is not None
        assert "question 29" in before
        await running.pilot.press("pageup", "pageup")
        await talk(running, "one more", "Yes.")
        await running.pilot.press("tab")
        assert running.main.get_selected_text() == before
        assert view.text_selection is not None


async def test_another_session_has_nothing_selected_or_marked() -> None:
    async with dashboard() as running:
        await talk(running, "why", "Because.")
        await running.pilot.press("tab", "k", "shift+down", "alt+2")
        assert not running.main.selections
        await running.pilot.press("alt+1")
        assert not reader(running).is_marked


async def test_where_no_tool_takes_it_the_toast_does_not_claim_that_it_was_copied() -> None:
    async with dashboard() as running:
        running.runtime.clipboard.tool = None
        await talk(running, "why", "Because.")
        await running.pilot.press("tab", "c")
        await running.until(lambda: any("which never says whether it took it" in toast for toast in running.toasts))
        assert not any("Copied" in toast for toast in running.toasts)
        assert running.app.clipboard == "Because."


async def test_an_empty_session_has_nothing_to_copy() -> None:
    async with dashboard() as running:
        await running.main.run_action("copy")
        await running.until(lambda: "Nothing has been said here yet." in running.text())


async def test_the_footer_shows_what_can_be_done_with_the_conversation_while_it_has_the_focus() -> None:
    async with dashboard() as running:
        assert "Tab answers" not in running.text("#keys")
        await talk(running, "why", "Because.")
        await running.until(lambda: "Tab answers" in running.text("#keys"))
        await running.pilot.press("tab")
        await running.until(lambda: "side by side" in running.text("#keys"))
        await running.pilot.press("tab")
        await running.until(lambda: "F1 help" in running.text("#keys"))


async def test_an_answer_is_headed_by_who_served_it_its_tokens_its_cost_and_its_time() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append(answers(GPT, "Because."))
        await running.send("why")
        await running.settled()
        await running.until(lambda: "gpt-5-mini · openai" in running.text("#transcript"))
        assert "840 → 212 tok · $0.0121 · 1.9 s" in running.text("#transcript")
        await running.pilot.resize_terminal(58, 20)
        await running.until(lambda: "1.05k tok · $0.0121 · 1.9 s" in running.text("#transcript"))


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("text", []),
        ("```\na\n\nb\n```", ["a\n\nb"]),
        ("~~~py\nx\n~~~\n\n    indented\n", ["x", "indented"]),
        ("```\nnever closed", ["never closed"]),
    ],
)
def test_code_is_found_however_it_is_fenced(markdown: str, blocks: list[str]) -> None:
    assert code_blocks(markdown) == blocks


async def test_a_wide_character_before_the_selection_does_not_move_it() -> None:
    async with dashboard() as running:
        await talk(running, "why", "語語 it is.")
        view = reader(running)
        line = next(y for y in range(view.virtual_size.height) if "it is" in (view._strip(y) or view._strip(0)).text)  # type: ignore[union-attr]
        text = view._strip(line).text  # type: ignore[union-attr]
        start = text.index("it is")
        from textual.selection import Selection

        running.main.selections = {view: Selection(Offset(start, line), Offset(start + 5, line))}
        assert running.main.get_selected_text() == "it is"
        await running.pilot.pause()
        assert "語語 it is." in running.text("#transcript")
