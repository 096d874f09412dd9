"""What the ledger remembers of prompts: texts by their version, what they were used for, what labels stood for."""

from collections.abc import Iterable
from sqlite3 import Connection

import msgspec
from msgspec import structs

from burn_tui.core.prompt_form import PromptVersion, recalled
from burn_tui.core.prompt_history import PinChange, VersionUse
from burn_tui.engine.ledger_reading import Row, rows
from burn_tui.engine.ledger_rows import microseconds
from burn_tui.engine.tables import prompts as sql


def keep(connection: Connection, versions: Iterable[PromptVersion], at: float) -> None:
    """Remember these texts, unless they are known already. `at`: seconds since the epoch."""
    for one in versions:
        values = {"version": one.version, "name": one.name, "variant": one.variant, "text": one.text}
        connection.execute(sql.KEEP_VERSION, {**values, "at_us": microseconds(at)})


def found(connection: Connection, name: str, beginning: str) -> list[PromptVersion]:
    """The versions of a prompt that begin with these digits; two at most, to tell one from many."""
    kept = rows(connection, sql.VERSION, {"name": name, "beginning": beginning})
    return [version for row in kept if (version := _recalled(row["text"], row["variant"])) is not None]


def names(connection: Connection) -> list[str]:
    """Of all prompts that were ever used."""
    return [row["name"] for row in rows(connection, sql.NAMES)]


def uses(connection: Connection, name: str) -> dict[str, VersionUse]:
    """Every version of a prompt that was ever used or pinned, by its digits."""
    used = {row["version"]: row for row in rows(connection, sql.USE, {"name": name})}
    thumbs = {row["version"]: row for row in rows(connection, sql.THUMBS, {"name": name})}
    result = {}
    for row in rows(connection, sql.VERSIONS, {"name": name}):
        version = _recalled(row["text"], row["variant"])
        if version is not None:
            first = VersionUse(version=version, first_used_at=row["first_used_at_us"] / 1e6)
            use = _with_use(first, used.get(version.version))
            result[version.version] = _with_thumbs(use, thumbs.get(version.version))
    return result


def _with_use(use: VersionUse, row: Row | None) -> VersionUse:
    if row is None:
        return use
    figures = ("first_day", "last_day", "attempts", "answers", "failures", "cost_nanousd", "unpriced")
    mean_s = row["duration_us"] / row["answers"] / 1e6 if row["answers"] else None
    return structs.replace(use, **{name: row[name] for name in figures}, mean_s=mean_s)


def _with_thumbs(use: VersionUse, row: Row | None) -> VersionUse:
    return use if row is None else structs.replace(use, thumbs_up=row["up"], thumbs_down=row["down"])


def note_change(connection: Connection, change: PinChange) -> None:
    """Write down that a label stands for something else."""
    connection.execute(
        sql.NOTE_PIN,
        {
            "at_us": microseconds(change.at),
            "what": change.what,
            "stem": change.stem,
            "label": change.label,
            "before_pin": change.before,
            "after_pin": change.after,
        },
    )


def changes(connection: Connection, name: str) -> list[PinChange]:
    """What the labels of a prompt and its variants stood for, the latest change first."""
    return [
        PinChange(
            at=row["at_us"] / 1e6,
            what=row["what"],
            stem=row["stem"],
            label=row["label"],
            before=row["before_pin"],
            after=row["after_pin"],
        )
        for row in rows(connection, sql.PINNED, {"name": name})
    ]


def _recalled(text: str, variant: str | None) -> PromptVersion | None:
    """None for what a later burn-tui wrote in a form of its own."""
    try:
        return recalled(text, variant)
    except msgspec.DecodeError:
        return None
