"""aider: its analytics log, and where there is none the chat history, which rounds.

Seen in version 0.86, in aider/analytics.py, aider/io.py and aider/coders/base_coder.py of github.com/Aider-AI/aider.

Analytics log: only where somebody asked for one with --analytics-log or in ~/.aider.conf.yml; one event a line.
    {"event": "message_send", "time": seconds since the epoch, "user_id": ..., "properties": {main_model, edit_format,
     prompt_tokens, completion_tokens, total_tokens, cost, total_cost}}
    {"event": "launched" | "cli session" | "command_<name>" | "exit" | ..., ...}
    `main_model` is "<provider>/REDACTED" or "None" for models that aider does not know. `cost` is dollars for this
    message and 0 for a model without a price. What came from a cache is not said.

Chat history: .aider.chat.history.md in each directory that aider was used in; what is no prompt or answer is quoted.
    # aider chat started at 2026-01-02 03:04:05                       local time
    > Main model: anthropic/claude-sonnet-4-5 with diff edit format    or "Model:"
    #### /ask why does it fail?                                        a prompt
    > Tokens: 2.1k sent, 1.2k cache write, 8.0k cache hit, 340 received. Cost: $0.0021 message, $0.01 session.
    From 1,000 on tokens are rounded to two or three digits. The lower end is taken, so that an exact count of the same
    message, which the analytics log may hold, is never below it.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import zip_longest
from math import log10
from os import DirEntry, scandir
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from burn_tui.core.money import nanousd
from burn_tui.engine.audit import served_by
from burn_tui.engine.audit.decoding import decoded, lines, remembered
from burn_tui.engine.audit.reader import MOST_TOKENS, Found, Piece, Reading, Skipped, Tokens

HISTORY = ".aider.chat.history.md"

DEEPEST = 3
MOST_DIRECTORIES = 2_000
"""How far below the home directory histories are looked for, in directories that are not hidden. aider keeps no list
of where it was used."""

_USUAL_LOGS = (".aider/analytics.jsonl", ".aider.analytics.jsonl", ".aider/analytics.log")
"""Where people put it; only one that somebody has asked for is there."""

_WRITTEN_LOG = re.compile(r"^analytics-log:\s*['\"]?([^'\"#\n]+)", re.MULTILINE)

_STARTED = re.compile(rb"# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*")
_MODEL = re.compile(rb"> (?:Main model|Model): (\S+)( with .*)?\s*")
_PROMPT = re.compile(rb"#### (/[a-z][\w-]*)?.*")
_REPORT = re.compile(
    rb"> Tokens: (?P<sent>[\d.]+k?) sent(?:, (?P<written>[\d.]+k?) cache write)?(?:, (?P<hit>[\d.]+k?) cache hit)?"
    rb", (?P<received>[\d.]+k?) received\.(?: +Cost: \$(?P<cost>[\d.]+) message, \$(?P<session>[\d.]+) session\.)?\s*"
)
_COST = re.compile(rb"(?:> )?Cost: \$(?P<cost>[\d.]+) message, \$(?P<session>[\d.]+) session\.\s*")

_Dollars = Annotated[float, Meta(ge=0, le=1e6)]


class _Event(Struct):
    event: str = ""
    time: Annotated[float, Meta(ge=0, le=1e11)] = 0.0
    properties: msgspec.Raw = msgspec.Raw(b"{}")


class _Sent(Struct):
    main_model: str = ""
    prompt_tokens: Tokens = 0
    completion_tokens: Tokens = 0
    cost: _Dollars = 0.0
    total_cost: _Dollars = 0.0


class _Chat(Struct):
    """What is known of the chat that is going on, and what the next piece must know."""

    started: str = ""
    model: str = ""
    command: str = ""
    messages: int = 0


class AiderAnalytics:
    """The analytics log: exact."""

    tool = "aider"
    grows = True

    def roots(self, home: Path) -> Iterable[Path]:
        """The files that people usually name, and the one that the settings name."""
        yield from (home / name for name in _USUAL_LOGS)
        if (written := _written_log(home)) is not None:
            yield written

    def reads(self, name: str) -> bool:
        """Every root is a file of its own; the histories are Markdown."""
        return "/" not in name and not name.endswith(".md")

    def read(self, piece: Piece) -> Reading:
        """What was sent."""
        chat = remembered(piece.memory, _Chat) or _Chat()
        found: list[Found] = []
        skipped: list[Skipped] = []
        for number, line in lines(piece):
            event = decoded(line, _Event, number)
            if isinstance(event, Skipped):
                skipped.append(event)
            elif event.event == "launched":
                chat = _Chat(started=f"{event.time:.0f}")
            elif event.event == "message_send":
                sent = decoded(event.properties, _Sent, number)
                if isinstance(sent, Skipped):
                    skipped.append(sent)
                else:
                    chat.messages += 1
                    found.append(_logged(sent, event.time, chat))
                    chat.command = ""
            elif event.event.startswith("command_") and event.event != "command_run":
                chat.command = f"/{event.event.removeprefix('command_')}"
        return Reading(found, skipped, msgspec.json.encode(chat))


class AiderHistory:
    """The chat history: rounded, and without a time for each message."""

    tool = "aider"
    grows = True

    def roots(self, home: Path) -> Iterable[Path]:
        """The histories that are found near the home directory."""
        return _histories(home)

    def reads(self, name: str) -> bool:
        """Every root is a file of its own."""
        return name == HISTORY

    def read(self, piece: Piece) -> Reading:
        """What the reports of usage say."""
        chat = remembered(piece.memory, _Chat) or _Chat()
        cwd = str(Path(piece.path).parent)
        found: list[Found] = []
        all_lines = [line for _, line in lines(piece)]
        for line, after in zip_longest(all_lines, all_lines[1:], fillvalue=b""):
            if match := _STARTED.fullmatch(line):
                chat = _Chat(started=match[1].decode())
            elif match := _MODEL.fullmatch(line):
                chat.model = match[1].decode(errors="replace")
            elif match := _PROMPT.fullmatch(line):
                chat.command = (match[1] or b"").decode()
            elif (match := _REPORT.fullmatch(line)) and (at := _local_time(chat.started)) is not None:
                chat.messages += 1
                cost = match if match["cost"] else _COST.fullmatch(after)
                found.append(_told(match, cost, at, chat, cwd))
        return Reading(found, [], msgspec.json.encode(chat))


def _logged(sent: _Sent, at: float, chat: _Chat) -> Found:
    provider, model = _served_by(sent.main_model)
    tokens = (_as_written(sent.prompt_tokens), _as_written(sent.completion_tokens))
    costs = (_cost_as_written(sent.cost), _cost_as_written(sent.total_cost)) if sent.cost else ()
    return Found(
        key=f"{at:.0f}:{sent.main_model}:{sent.prompt_tokens}:{sent.completion_tokens}:{sent.total_cost!r}",
        at=at,
        provider_name=provider,
        model=model,
        session_id=f"aider-{chat.started}" if chat.started else "",
        input_tokens=sent.prompt_tokens,
        output_tokens=sent.completion_tokens,
        cost_nanousd=nanousd(sent.cost) if sent.cost else None,
        command=chat.command,
        twin=_twin(sent.main_model, chat, tokens, costs),
    )


def _told(report: re.Match[bytes], cost: re.Match[bytes] | None, at: float, chat: _Chat, cwd: str) -> Found:
    provider, model = _served_by(chat.model)
    sent, received = report["sent"].decode(), report["received"].decode()
    costs = (cost["cost"].decode(), cost["session"].decode()) if cost else ()
    hit, written = (_count(report[name].decode()) if report[name] else 0 for name in ("hit", "written"))
    return Found(
        key=f"history:{chat.started}:{chat.messages}:{sent}:{received}:{':'.join(costs)}",
        # Of its messages only the order is known.
        at=at + chat.messages / 1000,
        provider_name=provider,
        model=model,
        session_id=f"aider-{chat.started}",
        input_tokens=_count(sent) + hit,
        output_tokens=_count(received),
        cache_read_input_tokens=hit,
        cache_creation_input_tokens=written,
        cost_nanousd=nanousd(costs[0]) if costs and float(costs[0]) else None,
        is_estimated=True,
        cwd=cwd,
        command=chat.command,
        twin=_twin(chat.model, chat, (sent, received), costs),
    )


def _twin(model: str, chat: _Chat, tokens: tuple[str, str], costs: tuple[str, ...]) -> str:
    """What the same message is in log and history alike: how it was reported. Where there are no costs, of which the
    session's grows with every message, its place in the chat tells it from others of its size.
    """
    place = costs or (str(chat.messages),)
    return ":".join((model, *tokens, *place))


def _served_by(model: str) -> tuple[str, str]:
    provider, rest = served_by.provider_and_model(model)
    return provider, "" if rest in {"None", "REDACTED"} else rest


def _as_written(count: int) -> str:
    """As aider prints a number of tokens."""
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 10_000 else f"{round(count / 1000)}k"


def _cost_as_written(dollars: float) -> str:
    """As aider prints a cost."""
    if dollars >= 0.01 or not dollars:
        return f"{dollars:.2f}"
    return f"{dollars:.{max(2, 2 - int(log10(dollars)))}f}"


def _count(text: str) -> int:
    """The least number of tokens that is printed like this."""
    if not text.endswith("k"):
        return min(int(float(text)), MOST_TOKENS)
    half = 50 if "." in text else 500
    return min(max(round(float(text[:-1]) * 1000) - half, 0), MOST_TOKENS)


def _local_time(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).astimezone().timestamp() if text else None
    except (ValueError, OverflowError):
        return None


def _written_log(home: Path) -> Path | None:
    """The analytics log that aider's own settings ask for."""
    try:
        text = (home / ".aider.conf.yml").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    match = _WRITTEN_LOG.search(text)
    if match is None:
        return None
    name = match[1].strip().removeprefix("~/")
    return home / name


def _histories(home: Path) -> Iterator[Path]:
    """Breadth first, so that what is near is found before the limit is reached."""
    level, seen = [home], 0
    for depth in range(DEEPEST + 1):
        below: list[Path] = []
        for directory in level:
            yield directory / HISTORY
            seen += 1
            if depth < DEEPEST and seen < MOST_DIRECTORIES:
                below += _visible_directories(directory)
        level = below[: max(MOST_DIRECTORIES - seen, 0)]


def _visible_directories(directory: Path) -> list[Path]:
    try:
        with scandir(directory) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".") and _is_directory(entry)]
    except OSError:
        return []
    return [directory / name for name in sorted(names) if name not in {"node_modules", "__pycache__", "Library"}]


def _is_directory(entry: DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


ANALYTICS = AiderAnalytics()
CHAT_HISTORY = AiderHistory()
