"""What stands on screen and what models are sent, as rows of the database and back."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from msgspec import structs

from burn_tui.core.chat import Message
from burn_tui.core.transcript import Answer, Asked, Entry, Notice


class Row(Protocol):
    """What a database gives: columns by name."""

    def __getitem__(self, column: str, /) -> Any:
        """The value in that column."""
        ...


_KINDS: dict[str, type[Asked | Answer | Notice]] = {"asked": Asked, "answer": Answer, "notice": Notice}
_NAMES = {kind: name for name, kind in _KINDS.items()}

_INTERRUPTED = "The answer above is incomplete: burn-tui ended while it was being written."


def entry_row(entry: Entry) -> dict[str, object]:
    """The columns of an entry; its text has one of its own, so that it can be searched."""
    return {
        "kind": _NAMES[type(entry)],
        "at_us": round(entry.at * 1_000_000),
        "text": storable(entry.text),
        "facts": encoded(structs.replace(entry, text="")),
    }


def entry_of(row: Row) -> Entry:
    """The entry that was kept. One that another version wrote in a way unknown here keeps its words at least."""
    try:
        entry = msgspec.json.decode(row["facts"], type=_KINDS[row["kind"]])
    except (msgspec.ValidationError, KeyError):
        return Notice("failure", f"Written by another version of burn-tui: {row['text']}", row["at_us"] / 1_000_000)
    entry.text = row["text"]
    return entry


def message_of(row: Row) -> Message:
    """The message that was kept; msgspec.ValidationError if another version wrote it in a way unknown here."""
    return msgspec.json.decode(row["message"], type=Message)


def fingerprint(entry: Entry) -> tuple[object, ...]:
    """Something that differs as soon as the entry does: an answer is only ever added to."""
    if not isinstance(entry, Answer):
        return (entry.at, entry.text)
    record = entry.record and entry.record.opened.event_id
    return (entry.at, entry.state, len(entry.text), len(entry.reasoning), record, entry.verdict, entry.note)


def resumed(entries: Sequence[Entry], draft: str) -> tuple[list[Entry], str]:
    """Entries and draft as they make sense after whatever ended burn-tui.

    A question whose answer had not begun goes back to where it was typed; one that was cut is marked as such.
    """
    whole = list(entries)
    if whole and isinstance(answer := whole[-1], Answer) and answer.state in {"waiting", "streaming"}:
        whole.pop()
        if answer.text:
            cut = structs.replace(answer, state="truncated")
            return [*whole, cut, Notice("truncation", _INTERRUPTED, answer.at)], draft
    if whole and isinstance(asked := whole[-1], Asked) and not draft.strip():
        return whole[:-1], asked.text
    return whole, draft


def encoded(value: object) -> bytes:
    """As JSON. Halves of surrogate pairs, which cut JSON leaves behind and no file can hold, are replaced."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_storable_all(msgspec.to_builtins(value)))


def storable(text: str) -> str:
    """`text` without what no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _storable_all(value: Any) -> Any:
    match value:
        case str():
            return storable(value)
        case dict():
            return {key: _storable_all(one) for key, one in value.items()}
        case list() | tuple():
            return [_storable_all(one) for one in value]
        case _:
            return value
