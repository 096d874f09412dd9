"""Gemini CLI: its recorded chats, below ~/.gemini/tmp.

Seen in versions 0.8 to 0.20 (whole documents) and from 0.35 on (lines), in packages/core/src/services of
github.com/google-gemini/gemini-cli: chatRecordingService.ts, chatRecordingTypes.ts.

    tmp/<project>/chats/session-2026-01-02T03-04-1a2b3c4d.json     a document {sessionId, projectHash, messages: [...]}
    tmp/<project>/chats/session-2026-01-02T03-04-1a2b3c4d.jsonl    lines, see below; resuming a .json copies it into one
    tmp/<project>/chats/<parent session>/<session>.jsonl           of a subagent

    <project>  SHA-256 of the directory's path in hexadecimal, or, in later versions, a short name made of the directory
    a line     {sessionId, projectHash, kind?: "main" | "subagent", directories?: [...]}        at the beginning
               {id, timestamp, type: "user" | "gemini" | ..., content, model?, tokens?, toolCalls?: [{name}]}
               {"$set": {...}}          fields of the beginning anew, among them all `messages` after a change
               {"$rewindTo": id}        what follows that message is forgotten; its tokens were burnt all the same
    tokens     {input, output, cached, thoughts, tool, total}, as the API counts: `cached` is within `input`,
               `thoughts` are NOT within `output`, `tool` (prompts of built-in tools) is NOT within `input`

The same message stands in several lines, the later ones with more in it; its id, a UUID, stays the same.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from burn_tui.engine.audit.decoding import decoded, lines, remembered
from burn_tui.engine.audit.reader import Found, Piece, Reading, Skipped, Tokens

_CHAT = re.compile(r"[^/]+/chats/(session-[^/]+|[^/]+/[^/]+)\.(?P<ending>jsonl?)")
_PROJECT = re.compile(r"/([^/]+)/chats/")
_HASH = re.compile(r"[0-9a-f]{64}")
_COMMAND = re.compile(r"/[a-z][\w:-]*")

_NOTHING = msgspec.Raw(b"null")


class _Tokens(Struct):
    input: Tokens = 0
    output: Tokens = 0
    cached: Tokens = 0
    thoughts: Tokens | None = None
    tool: Tokens | None = None


class _ToolCall(Struct):
    name: str = ""


class _Message(Struct):
    id: str
    type: str = ""
    timestamp: Annotated[datetime, Meta(tz=True)] | None = None
    content: msgspec.Raw = _NOTHING
    model: str | None = None
    tokens: _Tokens | None = None
    tool_calls: list[_ToolCall] | None = msgspec.field(name="toolCalls", default=None)


class _Part(Struct):
    text: str = ""


class _About(Struct):
    """What is known of the session, and what the next piece must know."""

    session_id: str = msgspec.field(name="sessionId", default="")
    kind: str | None = None
    directories: list[str] | None = None
    command: str = ""


class _Set(_About):
    messages: list[msgspec.Raw] | None = None


class _Line(_Set):
    """Any line: what it holds tells which it is."""

    id: str | None = None
    set: _Set | None = msgspec.field(name="$set", default=None)


class _Chat:
    """What is found of one file."""

    def __init__(self, piece: Piece) -> None:
        self.about = remembered(piece.memory, _About) or _About()
        self.found: list[Found] = []
        self.skipped: list[Skipped] = []
        self._slug = _slug(piece.path)

    def learn(self, said: _About) -> None:
        self.about.session_id = said.session_id or self.about.session_id
        self.about.kind = said.kind or self.about.kind
        self.about.directories = said.directories or self.about.directories

    def add(self, data: bytes | msgspec.Raw, number: int) -> None:
        message = decoded(data, _Message, number)
        if isinstance(message, Skipped):
            self.skipped.append(message)
        elif message.type == "user":
            self.about.command = _command(message.content)
        elif message.type == "gemini" and message.tokens is not None:
            if message.timestamp is None:
                self.skipped.append(Skipped(number, "no timestamp"))
            else:
                self.found.append(self._found(message, message.tokens, message.timestamp.timestamp()))

    def _found(self, message: _Message, tokens: _Tokens, at: float) -> Found:
        thoughts = tokens.thoughts or 0
        directories = self.about.directories
        return Found(
            key=message.id,
            at=at,
            provider_name="gemini",
            model=message.model or "",
            session_id=self.about.session_id,
            input_tokens=tokens.input + (tokens.tool or 0),
            output_tokens=tokens.output + thoughts,
            cache_read_input_tokens=tokens.cached,
            reasoning_output_tokens=thoughts,
            cwd=directories[0] if directories else self._slug,
            tools=",".join(sorted({call.name for call in message.tool_calls or () if call.name})),
            command=self.about.command,
            agent="subagent" if self.about.kind == "subagent" else "",
        )

    def reading(self) -> Reading:
        return Reading(self.found, self.skipped, msgspec.json.encode(self.about))


class GeminiChats:
    """Chats as lines."""

    tool = "gemini_cli"
    grows = True

    def roots(self, home: Path) -> Iterable[Path]:
        """Where all projects have their directories."""
        return (home / ".gemini" / "tmp",)

    def reads(self, name: str) -> bool:
        """Whether it is a chat of this form."""
        match = _CHAT.fullmatch(name)
        return match is not None and (match["ending"] == "jsonl") == self.grows

    def read(self, piece: Piece) -> Reading:
        """What the lines hold."""
        chat = _Chat(piece)
        for number, data in lines(piece):
            line = decoded(data, _Line, number)
            if isinstance(line, Skipped):
                chat.skipped.append(line)
            elif line.id is not None:
                chat.add(data, number)
            else:
                for said in (line, line.set):
                    if said is not None:
                        chat.learn(said)
                        for message in said.messages or ():
                            chat.add(message, number)
        return chat.reading()


class GeminiDocuments(GeminiChats):
    """Chats as whole documents, of earlier versions."""

    grows = False

    def read(self, piece: Piece) -> Reading:
        """What the document holds; places in its list stand for lines."""
        chat = _Chat(piece)
        document = decoded(piece.data, _Set, 0)
        if isinstance(document, Skipped):
            return Reading([], [document])
        chat.learn(document)
        for place, message in enumerate(document.messages or (), start=1):
            chat.add(message, place)
        return chat.reading()


def _slug(path: str) -> str:
    """What the project is called in the path; "" where that is only a hash."""
    match = _PROJECT.search(path.replace("\\", "/"))
    return match[1] if match and not _HASH.fullmatch(match[1]) else ""


def _command(content: msgspec.Raw) -> str:
    """The slash command that a prompt begins with."""
    text = decoded(content, str, 0)
    if isinstance(text, Skipped):
        parts = decoded(content, list[_Part], 0)
        text = "" if isinstance(parts, Skipped) or not parts else parts[0].text
    match = _COMMAND.match(text)
    return match[0] if match else ""


LINES = GeminiChats()
DOCUMENTS = GeminiDocuments()
