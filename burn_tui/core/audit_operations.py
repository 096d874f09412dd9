"""What a response of a coding tool was for, in a word: by the slash command, the subagent, or the tools it calls."""

from collections.abc import Mapping

CHAT = "chat"
"""It only said something."""


def _tools(words: str) -> frozenset[str]:
    return frozenset(words.split())


_KINDS: tuple[tuple[str, frozenset[str]], ...] = (
    ("edit", _tools("edit multiedit write notebookedit apply_patch write_file replace patch str_replace")),
    ("delegate", _tools("task agent delegate_to_agent spawn_agent")),
    ("shell", _tools("bash shell run_shell_command exec exec_command local_shell shell_command bashoutput killshell")),
    ("web", _tools("webfetch websearch web_fetch google_web_search web_search fetch")),
    (
        "read",
        _tools(
            "read grep glob ls list read_file read_many_files search_file_content list_directory view_image codesearch"
            " notebookread lsp"
        ),
    ),
    ("plan", _tools("todowrite todoread exitplanmode enterplanmode update_plan write_todos save_memory")),
)
"""The first kind of which a response uses a tool is what it was for: who edits has read as well."""

_KIND_OF: Mapping[str, str] = {tool: kind for kind, tools in reversed(_KINDS) for tool in tools}
_RANK: Mapping[str, int] = {kind: rank for rank, (kind, _) in enumerate(_KINDS)}


def operation_of(*, command: str, agent: str, tools: str) -> str:
    """The operation_name of a response. `tools`: names, joined by commas; "" = none. The kinds are few."""
    if command:
        return command
    if agent:
        return agent if agent == "subagent" else f"subagent {agent}"
    kinds = {_kind(tool) for tool in tools.split(",") if tool}
    return min(kinds, key=lambda kind: (_RANK.get(kind, len(_RANK)), kind), default=CHAT)


def _kind(tool: str) -> str:
    """Of a server of tools (MCP) its name; of a tool that is not known "other tool"."""
    if tool.startswith("mcp__"):
        return f"mcp {tool.split('__')[1]}".strip()
    return _KIND_OF.get(tool.lower(), "other tool")
