"""A text goes to the editor and comes back."""

from pathlib import Path

import pytest

from burn_tui.core.errors import EditorError
from burn_tui.engine.editor import edited


def editor(directory: Path, script: str) -> dict[str, str]:
    """Variables that name an editor which does this to the file."""
    path = directory / "my editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"PATH": "/usr/bin:/bin", "EDITOR": f"'{path}' --wait"}


async def test_what_the_editor_writes_is_the_text_from_then_on(tmp_path: Path) -> None:
    environ = editor(tmp_path, 'echo "and $1" >> "$2"')
    assert await edited("first\n", environ) == "first\nand --wait"


async def test_visual_goes_before_editor(tmp_path: Path) -> None:
    environ = editor(tmp_path, "exit 1") | {"VISUAL": "true"}
    assert await edited("as it was", environ) == "as it was"


@pytest.mark.parametrize("command", ["no-such-editor-anywhere", "'unclosed", "false"])
async def test_an_editor_that_fails_leaves_the_text_alone_and_is_named(command: str) -> None:
    with pytest.raises(EditorError, match=command.strip("'")):
        await edited("text", {"PATH": "/usr/bin:/bin", "EDITOR": command})


async def test_nobody_else_can_read_the_file_meanwhile(tmp_path: Path) -> None:
    environ = editor(tmp_path, 'stat -c %a "$(dirname "$2")" > "$2"')
    assert await edited("secret", environ) == "700"
