"""Copying inside a tmux that nobody has configured: where all others fail in silence."""

from pathlib import Path

from support.checkout import console_script
from support.command import as_a_shell_has_it, two_providers
from support.tmux import terminal

from burn_tui.simulator.script import Answer

ANSWER = "Because it is re-read:\n\n```python\nfor attempt in range(5):\n    call()\n```\n"


def test_an_answer_and_its_code_are_in_the_buffer_and_the_toast_says_so(tmp_path: Path) -> None:
    with two_providers(tmp_path, primary=Answer(text=ANSWER)) as world:
        command = [console_script("burn-tui"), *world.places]
        environ = as_a_shell_has_it(world.environ)
        with terminal(command, size=(100, 30), cwd=tmp_path, environ=environ) as running:
            running.until_seen("primary/big")
            running.type("why?")
            running.press("Enter")
            running.until_seen("call()")
            running.until_seen("ready")

            running.press("Tab", "c")
            running.until(
                lambda: "Copied the answer of primary" in running.words and "tmux" in running.words, "the toast"
            )
            assert running.tmux("show-buffer") == ANSWER

            running.press("b")
            running.until_seen("Copied code block")
            running.until(lambda: running.tmux("show-buffer") == "for attempt in range(5):\n    call()", "the code")
