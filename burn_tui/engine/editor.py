"""The person's own editor, for a text that has outgrown one line."""

import asyncio
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

from burn_tui.core.errors import EditorError

_USUAL = "vi"
"""Where neither VISUAL nor EDITOR says otherwise."""


async def edited(text: str, environ: Mapping[str, str]) -> str:
    """`text` after the editor was closed. The terminal has to be free for it; EditorError leaves the text alone."""
    command = environ.get("VISUAL") or environ.get("EDITOR") or _USUAL
    with tempfile.TemporaryDirectory(prefix="burn-tui-") as directory:  # only this user can look into it
        file = Path(directory) / "prompt.md"
        file.write_text(text, encoding="utf-8", errors="replace")
        try:
            process = await asyncio.create_subprocess_exec(*shlex.split(command), str(file), env=dict(environ))
            code = await process.wait()
        except (OSError, ValueError) as error:
            raise EditorError(f"{command} cannot be run: {error}.", mend="Set EDITOR to your editor.") from error
        if code != 0:
            problem = f"{command} ended with code {code}, so the prompt is as it was."
            raise EditorError(problem, mend="Save and quit as usual to take the text over.")
        return file.read_text(encoding="utf-8", errors="replace").removesuffix("\n")
