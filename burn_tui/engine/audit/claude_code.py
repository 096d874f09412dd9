"""Claude Code: ~/.claude/projects/<directory>/<session>.jsonl and <session>/subagents/agent-*.jsonl.

Seen in the logs of versions 1.0.3 to 2.1.60. One JSON object a line; what matters of a line of type "assistant":

    type, timestamp (ISO 8601, UTC), sessionId, uuid, requestId, cwd, gitBranch, version, isSidechain, costUSD
    message.id, message.model, message.content[].type and .name
    message.usage.input_tokens                          without cached ones
    message.usage.output_tokens                         thinking included
    message.usage.cache_read_input_tokens
    message.usage.cache_creation_input_tokens           for any lifetime
    message.usage.cache_creation.ephemeral_5m_input_tokens, .ephemeral_1h_input_tokens     absent before 1.0.100

What is to know of them:

- A response is one to four lines, one for each block of its content, with the same message.id and another uuid. Early
  lines often hold a partial output_tokens; the last one has the final count. The frame keeps the greatest.
- A session that is resumed or forked begins with the lines of its parent under a new sessionId, cut anywhere; a
  sidechain may repeat lines with a new requestId, and lines of a proxy may have no requestId at all. So message.id
  alone makes a response the same: Anthropic gives each once. Only a short id, which a proxy may count up anew in each
  session, is taken together with requestId or session.
- `<synthetic>` is no model: Claude Code writes its own error messages so.
- costUSD was written until 1.0.8, per response.
- The slash command is in a line of type "user", as <command-name>/review</command-name>, before the responses to it.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from burn_tui.core.money import nanousd
from burn_tui.engine.audit.jsonl import UNREADABLE, Usd, lines_with, why
from burn_tui.engine.audit.reader import MOST_TOKENS, Found, Piece, Reading, Skipped, Tokens

SYNTHETIC = "<synthetic>"

SURE_LENGTH = 16
"""An id this long is nobody's counter."""

_HOUSEKEEPING_WORDS = """
clear compact config context cost doctor effort exit export fast help hooks ide init-verifiers login logout mcp memory
model output-style permissions plugin privacy-settings quit release-notes rename resume rewind settings stats status
statusline terminal-setup theme todos upgrade usage vim
"""
_HOUSEKEEPING = frozenset(f"/{word}".encode() for word in _HOUSEKEEPING_WORDS.split())
"""Commands that are no task: what is asked after them is something else."""

_USAGE, _COMMAND = b'"usage"', b"<command-name>"


class _Split(Struct, gc=False):
    ephemeral_5m_input_tokens: Tokens = 0
    ephemeral_1h_input_tokens: Tokens = 0


class _Usage(Struct, gc=False):
    input_tokens: Tokens = 0
    output_tokens: Tokens = 0
    cache_read_input_tokens: Tokens | None = None
    cache_creation_input_tokens: Tokens | None = None
    cache_creation: _Split | None = None


class _Block(Struct, gc=False):
    type: str = ""
    name: str | None = None


class _MessageWithoutContent(Struct, gc=False):
    usage: _Usage | None = None
    id: str | None = None
    model: str | None = None


class _Message(_MessageWithoutContent, gc=False):
    content: list[_Block] | str | None = None


class _Said(Struct, gc=False):
    """What a line says beside its message."""

    type: str = ""
    timestamp: datetime | None = None
    sessionId: str | None = None  # noqa: N815 - as it is in the file, here and below
    uuid: str | None = None
    requestId: str | None = None  # noqa: N815
    cwd: str | None = None
    gitBranch: str | None = None  # noqa: N815
    isSidechain: bool | None = None  # noqa: N815
    costUSD: Usd | None = None  # noqa: N815


class _Line(_Said, gc=False):
    message: _Message | None = None


class _LineWithoutContent(_Said, gc=False):
    """For a line whose content is of a kind that is not known yet: its usage counts all the same."""

    message: _MessageWithoutContent | None = None


_decode = msgspec.json.Decoder(_Line).decode
_decode_without_content = msgspec.json.Decoder(_LineWithoutContent).decode


class ClaudeCode:
    """The reader."""

    tool = "claude_code"
    grows = True

    def roots(self, home: Path) -> Iterable[Path]:
        """Newer versions may keep them below .config."""
        return (home / ".claude" / "projects", home / ".config" / "claude" / "projects")

    def reads(self, name: str) -> bool:
        """Whatever is in lines."""
        return name.endswith(".jsonl")

    def read(self, piece: Piece) -> Reading:
        """The memory is the slash command that is being answered."""
        command = piece.memory.decode()
        found: list[Found] = []
        skipped: list[Skipped] = []
        last: Found | None = None
        for number, text in lines_with((_USAGE, _COMMAND), piece, skipped):
            try:
                line = _understood(text)
                if line.type == "user":
                    command = _command(text, command)
                elif line.type == "assistant" and not (last and _goes_on(last, line)):
                    last = _found(line, command)
                    found += [last] if last else []
            except (*UNREADABLE, ValueError) as error:
                skipped.append(Skipped(number, why(error)))
        return Reading(found, skipped, command.encode())


def _understood(text: bytes) -> _Line:
    """What a line says, if need be without its content. UNREADABLE, by the reason of the first look."""
    try:
        return _decode(text)
    except UNREADABLE:
        line = _without_content(text)
        if line is None:
            raise
        return line


def _goes_on(last: Found, line: _Line) -> bool:
    """Whether the line is one more of the response that the line before it was of. All but some say the same again,
    except for its output and its tools; others are looked at as a whole.
    """
    message = line.message
    if message is None or message.usage is None or message.id != last.key or line.costUSD is not None:
        return False
    usage = message.usage
    read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    is_same = (
        (read, written) == (last.cache_read_input_tokens, last.cache_creation_input_tokens)
        and usage.input_tokens + read + written == last.input_tokens
        and bool(line.isSidechain) == bool(last.agent)
    )
    if is_same:
        last.output_tokens = max(last.output_tokens or 0, usage.output_tokens)
        tools = _tools(message.content)
        if tools and tools != last.tools:
            last.tools = ",".join(sorted({*last.tools.split(","), *tools.split(",")} - {""}))
    return is_same


def _without_content(line: bytes) -> "_Line | None":
    """The line with its content left out; None if that does not make sense either."""
    try:
        bare = _decode_without_content(line)
    except UNREADABLE:
        return None
    message = bare.message and _Message(bare.message.usage, bare.message.id, bare.message.model)
    given = {name: getattr(bare, name) for name in _LineWithoutContent.__struct_fields__}
    return _Line(**{**given, "message": message})


def _found(line: _Line, command: str) -> Found | None:
    """None = it is no response of a model. ValueError, with the reason, for one that cannot be counted."""
    message = line.message
    if message is None or message.usage is None or message.model == SYNTHETIC:
        return None
    usage, split = message.usage, message.usage.cache_creation
    if line.timestamp is None:
        raise ValueError("no timestamp")
    read = usage.cache_read_input_tokens or 0
    for_an_hour = split.ephemeral_1h_input_tokens if split else 0
    split_sum = split.ephemeral_5m_input_tokens + for_an_hour if split else 0
    written = usage.cache_creation_input_tokens or split_sum
    tokens = usage.input_tokens + read + written
    if tokens > MOST_TOKENS:
        raise ValueError("more tokens than any model takes")
    model = message.model or ""
    return Found(
        key=_key(line, message),
        at=line.timestamp.timestamp(),
        provider_name="anthropic" if "claude" in model else "",
        model=model,
        session_id=line.sessionId or "",
        input_tokens=tokens,
        output_tokens=usage.output_tokens,
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
        cache_creation_1h_input_tokens=min(for_an_hour, written),
        cost_nanousd=None if line.costUSD is None else nanousd(line.costUSD),
        cwd=line.cwd or "",
        branch=line.gitBranch or "",
        tools=_tools(message.content),
        command=command,
        agent="subagent" if line.isSidechain else "",
    )


def _key(line: _Line, message: _Message) -> str:
    if message.id and len(message.id) >= SURE_LENGTH:
        return message.id
    if message.id:
        return f"{message.id} {line.requestId or line.sessionId or ''}"
    # Without an id nothing says which lines belong together; a copy of a line has its request or its uuid.
    return f"line {line.requestId or line.uuid or line.timestamp}"


def _tools(content: list[_Block] | str | None) -> str:
    if not isinstance(content, list):
        return ""
    names = {block.name for block in content if block.type == "tool_use" and block.name}
    return ",".join(sorted(names)) if names else ""


def _command(line: bytes, before: str) -> str:
    """The slash command in a line of a user. What a person says after it belongs to it until the next one."""
    _, mark, rest = line.partition(_COMMAND)
    name, end, _ = rest.partition(b"<")
    if not (mark and end and name[:1] == b"/" and len(name) <= 100):
        return before
    return "" if name in _HOUSEKEEPING else name.decode("utf-8", "replace")


READER = ClaudeCode()
