"""All readers: a new format is one file beside this one, and one line here."""

from burn_tui.engine.audit import aider, claude_code, codex, gemini_cli, llm, opencode
from burn_tui.engine.audit.reader import DatabaseReader, Reader

READERS: tuple[Reader, ...] = (
    claude_code.READER,
    codex.READER,
    gemini_cli.LINES,
    gemini_cli.DOCUMENTS,
    opencode.DATABASE,
    opencode.DOCUMENTS,
    aider.ANALYTICS,
    aider.CHAT_HISTORY,
    llm.DATABASE,
)
"""In the order in which the tools stand in reports."""

IS_DATABASE = tuple(isinstance(reader, DatabaseReader) for reader in READERS)
"""Which of them are for SQLite files. Asked for each of ten thousand logs, and isinstance() of a protocol is slow."""
