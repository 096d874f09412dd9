"""All readers: a new format is one file beside this one, and one line here."""

from burn_tui.engine.audit import claude_code, codex
from burn_tui.engine.audit.reader import Reader

READERS: tuple[Reader, ...] = (claude_code.READER, codex.READER)
"""In the order in which the tools stand in reports."""
