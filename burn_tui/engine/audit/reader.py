"""What a reader of foreign logs is: the contract between the frame of the audit and one file for each format.

    home ──reader.files──> paths ──frame: stat, bytes from where it stopped──> Piece ──reader.read──> Reading
                                                                                        │
                     ledger <──frame: merges what is the same response, prices it───────┘

A reader is a module-level object without state of its own: it is called in worker processes, for many files at once
and in any order. It decides nothing about money and writes nothing. It raises nothing for bytes that make no sense:
it gives them back as `skipped`, each with its line and the reason in a few words. Everything else is the frame's:
finding out what has changed, links and devices, limits of size, progress, merging, prices and the ledger.

Found must be right in these ways, so that sums are right whatever was copied, resumed or read twice:

- `key` is the same for the same response of a model wherever it is found again (another file, another home, another
  machine, read half or whole), and differs for different responses. It holds no path, no inode and no line number.
- Of several with one key the frame keeps the one that says the most: the greatest of each count, the earliest time.
- Counts are those of `core.usage.Usage`: input_tokens INCLUDE cache reads and writes, output_tokens INCLUDE reasoning.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Protocol, runtime_checkable

from msgspec import Meta, Struct

MOST_TOKENS = 1_000_000_000
"""Of one response. A count above it is no count, and its line is skipped: no model takes so much, and the sums of the
ledger are 64-bit integers."""

Tokens = Annotated[int, Meta(ge=0, le=MOST_TOKENS)]
"""For the structs that a reader decodes into: negative and absurd counts are decoding errors then."""


class Found(Struct, array_like=True, gc=False, kw_only=True):
    """One response of a model, as a tool has logged it."""

    key: str
    """What makes the response the same one wherever it is found; unique within the tool, any text."""
    at: float
    """When it was logged first, in seconds since the epoch, UTC."""
    provider_name: str
    """As burn-tui calls it: "anthropic", "openai", "gemini", "openrouter", ...; "" = the tool does not say."""
    model: str
    """As the tool writes it; "" = it does not say, which makes the cost unknown."""
    session_id: str = ""
    """The tool's own name for the session; "" = there is none."""
    input_tokens: int | None = None
    """Cached ones included; None = the tool does not say."""
    output_tokens: int | None = None
    """Reasoning included; None = the tool does not say."""
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    """For any lifetime."""
    cache_creation_1h_input_tokens: int = 0
    """The part of cache_creation_input_tokens that is kept for an hour."""
    reasoning_output_tokens: int = 0
    cost_nanousd: int | None = None
    """What the tool itself noted as the cost; None = it noted none. The settings say whether it is believed."""
    is_estimated: bool = False
    """True = the counts are rounded or guessed, as in a chat history that says "2.1k tokens"."""
    duration_s: float = 0.0
    """How long the call took; 0 = the tool does not say."""
    cwd: str = ""
    """The working directory, as the tool writes it; "" = it does not say."""
    branch: str = ""
    """Of git."""
    tools: str = ""
    """Names of the tools that the response uses, sorted, each once, joined by commas."""
    command: str = ""
    """The slash command that the prompt was, such as "/review"."""
    agent: str = ""
    """The kind or name of the subagent whose response it is; "" = the main one."""
    twin: str = ""
    """A second key, where one does not do: two are also the same response when their twins are equal. "" = none."""


class Skipped(Struct, array_like=True, gc=False):
    """Something in a log that should have been a record and could not be read."""

    line: int
    """Counted from 1; in databases the row, in whole documents the place in their list; 0 = the whole file."""
    why: str
    """A few words, such as "not JSON" or "negative tokens"."""


class Piece(Struct):
    """What a file says beyond what was read of it before."""

    path: str
    """For names and ids that a tool keeps in its paths only; a key must not hold it."""
    data: bytes
    """Whole lines, for a file that grows by lines; else all of the file."""
    line: int = 1
    """The number of the first line of `data`."""
    memory: bytes = b""
    """What the reader gave as `memory` for the piece before this one; b"" at the beginning of a file."""


class Reading(Struct, array_like=True):
    """What a reader made of a piece."""

    found: list[Found]
    """In the order of the file. One key may be there several times."""
    skipped: list[Skipped]
    memory: bytes = b""
    """What it must know to go on after this piece, at most a few kB; the frame keeps it in the ledger."""


class LogReader(Protocol):
    """For files: either lines that are appended, or whole documents that are written anew."""

    tool: str
    """Such as "claude_code": what rows, reports and the `tools` of --json are called by."""
    grows: bool
    """True = a file only ever grows by lines, and is read on from where it was left. False = it is read as a whole
    whenever it has changed."""

    def roots(self, home: Path) -> Iterable[Path]:
        """The directories (or single files) below `home` where the tool keeps its logs, there or not.

        The frame walks them without following links. Environment variables that move them are the frame's business.
        """
        ...

    def reads(self, name: str) -> bool:
        """Whether a file below a root is one of its logs, by the path from the root with slashes."""
        ...

    def read(self, piece: Piece) -> Reading:
        """What the piece holds. Pure: the same piece gives the same reading."""
        ...


@runtime_checkable
class DatabaseReader(Protocol):
    """For SQLite files. The frame opens a copy, so that a tool that is writing is never in the way, nor in ours."""

    tool: str

    def roots(self, home: Path) -> Iterable[Path]:
        """As LogReader's."""
        ...

    def reads(self, name: str) -> bool:
        """As LogReader's."""
        ...

    def read_database(self, connection: sqlite3.Connection, memory: bytes) -> Iterator[Reading]:
        """What is new since the reading that gave `memory` (b"" = all of it), in readings of a few thousand at most.

        sqlite3.Error may pass: the frame skips the file, counts it, and tells why.
        """
        ...


Reader = LogReader | DatabaseReader
"""One tool may have several, as opencode does: all have the same `tool`."""
