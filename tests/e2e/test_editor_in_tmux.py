"""The person's own editor takes the terminal over and gives it back; what was pasted arrives whole."""

from pathlib import Path

from support.checkout import console_script
from support.command import as_a_shell_has_it, two_providers
from support.tmux import terminal


def test_the_prompt_is_written_in_the_editor_and_sent(tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nclear; echo "this is the editor"; read line; echo "and $line" >> "$1"\n')
    editor.chmod(0o755)
    with two_providers(tmp_path) as world:
        command = [console_script("burn-tui"), *world.places]
        environ = as_a_shell_has_it(world.environ | {"EDITOR": str(editor)})
        with terminal(command, size=(100, 30), cwd=tmp_path, environ=environ) as running:
            running.until_seen("primary/big")
            running.type("why")
            running.press("C-g")
            running.until_seen("this is the editor")
            running.type("indeed")
            running.press("Enter")
            running.until_seen("❯ why")
            running.until_seen("and indeed")
            running.press("Enter")
            running.until(lambda: world.primary.seen, "the prompt at the provider")
            running.until_seen("Because the counter is reset.")


def test_a_pasted_megabyte_is_a_mark_and_leaves_whole(tmp_path: Path) -> None:
    text = "a line of a log\n" * 65_536
    (tmp_path / "log").write_text(text)
    with two_providers(tmp_path) as world:
        command = [console_script("burn-tui"), *world.places]
        with terminal(command, size=(100, 30), cwd=tmp_path, environ=as_a_shell_has_it(world.environ)) as running:
            running.until_seen("primary/big")
            running.tmux("load-buffer", str(tmp_path / "log"))
            running.tmux("paste-buffer", "-p")
            running.until_seen("1,048,576 characters]")
            running.type(" what is wrong here?")
            running.until_seen("what is wrong here?")
            running.press("Enter")
            running.until_seen("Because the counter is reset.")
            (seen,) = world.primary.seen
            assert seen.request.messages[-1].text == f"{text} what is wrong here?"
