"""`burn-tui prompts`: what there is, what it was, and which version a label stands for. `run` is in ask.py."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import msgspec
from msgspec import Struct

from burn_tui.core.errors import PromptError
from burn_tui.core.money import NANOUSD
from burn_tui.core.pins import PRODUCTION, previous_of
from burn_tui.core.prompt_diff import Piece, lines, shown
from burn_tui.core.prompt_form import SHOWN_DIGITS, WORKING, PromptVersion
from burn_tui.core.prompt_history import PinChange, VersionUse
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.prompts.library import Prompts

FINE, BROKEN = 0, 2

_GONE, _NEW, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[0m"


class Listed(Struct, frozen=True):
    """One version in `--json`."""

    name: str
    variant: str | None
    version: str
    labels: tuple[str, ...]
    attempts: int
    answers: int
    cost_nanousd: int
    """Of those whose cost is known."""
    unpriced: int
    mean_s: float | None
    thumbs_up: int
    thumbs_down: int


@asynccontextmanager
async def prompts_in(
    data_dir: Path, *, directory: Path | None, config_directory: Path | None
) -> AsyncIterator[Prompts]:
    """The prompts of a place, and what its ledger knows of them."""
    clock = Clock()
    ledger = await Ledger.open(data_dir / "ledger.sqlite3", now=clock.now())
    try:
        yield Prompts(ledger, clock, directory=directory, config_directory=config_directory)
    finally:
        await ledger.close()


async def show_list(prompts: Prompts, *, as_json: bool, out: TextIO, narration: TextIO) -> int:
    """A line for each file, with the version it is and the labels that stand for it. 2 if any of them is broken."""
    found = prompts.shelf()
    for problem in found.problems.values():
        print(f"burn-tui: {problem}", file=narration)
    broken = {stem.partition(".")[0] for stem in found.problems}
    uses: list[VersionUse] = []
    for name in found.names:
        if name not in broken:
            uses += [use for use in (await prompts.history(name)).uses if WORKING in use.labels]
    if as_json:
        out.write(_json(uses))
    elif uses:
        out.write(_table([("PROMPT", "VERSION", "LABELS", "ANSWERS", "COST", "MEAN"), *map(_row_of_file, uses)]))
    elif not broken:
        print("burn-tui: there is no prompt here yet. Write prompts/NAME.prompt.md.", file=narration)
    return BROKEN if broken else FINE


async def show_text(prompts: Prompts, asked: str, *, out: TextIO, narration: TextIO) -> int:
    """The text of a version, in its canonical form."""
    chosen = await prompts.choose(asked)
    print(f"burn-tui: {chosen.version.stem} {chosen.version.version}", file=narration)
    out.write(chosen.version.text)
    return FINE


async def show_diff(prompts: Prompts, before: str, after: str | None, *, in_colour: bool, out: TextIO) -> int:
    """What differs, word by word: 0 if nothing does, else 1.

    `after`: None = the working version, and before it what production stands for.
    """
    old, new = await _pair(prompts, before, after)
    if old.version == new.version:
        out.write(f"Both are {old.stem} {old.shown}.\n")
        return FINE
    out.write(f"[-{old.stem} {old.shown}-] {{+{new.stem} {new.shown}+}}\n")
    for line in lines(old.readable, new.readable):
        print("".join(_marked(piece, in_colour=in_colour) for piece in line), file=out)
    return 1


async def show_history(prompts: Prompts, name: str, *, as_json: bool, out: TextIO) -> int:
    """Every version with what it was used for, and what the labels stood for."""
    history = await prompts.history(name)
    if as_json:
        out.write(_json(history.uses))
        return FINE
    headings = ("VERSION", "VARIANT", "LABELS", "FIRST USED", "ANSWERS", "FAILED", "COST", "MEAN", "THUMBS")
    out.write(_table([headings, *map(_row, history.uses)]))
    if history.changes:
        out.write("\n" + _table([("WHEN", "WHAT", "LABEL", "FROM", "TO"), *map(_changed, history.changes)]))
    return FINE


async def pin(prompts: Prompts, asked: str, label: str, *, out: TextIO) -> int:
    """Let the label stand for a version."""
    change = await prompts.pin(asked, label)
    _tell(change, out)
    return FINE


async def rollback(prompts: Prompts, stem: str, label: str, *, out: TextIO) -> int:
    """Let the label stand for what it stood for before."""
    change = await prompts.rollback(stem, label)
    _tell(change, out)
    return FINE


def variables_of(pairs: Iterable[str]) -> dict[str, object]:
    """`name=value` as it is typed; PromptError for anything else."""
    found: dict[str, object] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise PromptError(f"{pair!r} is no variable.", mend="Write name=value.")
        if name.strip() in found:
            raise PromptError(f"Variable {name.strip()} is given twice.", mend="Leave one of them away.")
        found[name.strip()] = value
    return found


async def _pair(prompts: Prompts, before: str, after: str | None) -> tuple[PromptVersion, PromptVersion]:
    if after is not None:
        return (await prompts.choose(before)).version, (await prompts.choose(after)).version
    stem, _, wanted = before.partition("@")
    old = await prompts.choose(before if wanted else f"{stem}@{PRODUCTION}")
    return old.version, (await prompts.choose(f"{stem}@{WORKING}")).version


def _tell(change: PinChange, out: TextIO) -> None:
    before = "nothing" if change.before is None else change.before[:SHOWN_DIGITS]
    kept = "" if change.before is None else f" {previous_of(change.label)}: {before}."
    out.write(f"{change.label} of {change.stem}: {before} -> {change.after[:SHOWN_DIGITS]}.{kept}\n")


def _row_of_file(use: VersionUse) -> tuple[str, ...]:
    pinned = [label for label in use.labels if label != WORKING]
    labels = ", ".join(pinned) or "-"
    return use.version.stem, use.version.shown, labels, str(use.answers), _money(use), _seconds(use.mean_s)


def _row(use: VersionUse) -> tuple[str, ...]:
    return (
        use.version.shown,
        use.version.variant or "-",
        ", ".join(use.labels) or "-",
        _when(use.first_used_at),
        str(use.answers),
        str(use.failures),
        _money(use),
        _seconds(use.mean_s),
        f"+{use.thumbs_up} -{use.thumbs_down}",
    )


def _changed(change: PinChange) -> tuple[str, ...]:
    before = "-" if change.before is None else change.before[:SHOWN_DIGITS]
    label = change.label if "." not in change.stem else f"{change.label} ({change.stem})"
    return _when(change.at), change.what, label, before, change.after[:SHOWN_DIGITS]


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    written = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(written) + "\n"


def _marked(piece: Piece, *, in_colour: bool) -> str:
    if piece.kind == "same":
        return piece.text
    text = shown(piece)
    if in_colour:
        return f"{_GONE if piece.kind == 'gone' else _NEW}{text}{_PLAIN}"
    return f"[-{text}-]" if piece.kind == "gone" else f"{{+{text}+}}"


def _json(uses: Iterable[VersionUse]) -> str:
    listed = [
        Listed(
            use.version.name,
            use.version.variant,
            use.version.version,
            use.labels,
            use.attempts,
            use.answers,
            use.cost_nanousd,
            use.unpriced,
            use.mean_s,
            use.thumbs_up,
            use.thumbs_down,
        )
        for use in uses
    ]
    return msgspec.json.encode(listed).decode() + "\n"


def _money(use: VersionUse) -> str:
    cost = f"${use.cost_nanousd / NANOUSD:.4f}" if use.attempts else "-"
    return f"{cost} + {use.unpriced} unpriced" if use.unpriced else cost


def _seconds(mean_s: float | None) -> str:
    return "-" if mean_s is None else f"{mean_s:.2f} s"


def _when(epoch_s: float | None) -> str:
    return "-" if epoch_s is None else f"{datetime.fromtimestamp(epoch_s, UTC).astimezone():%Y-%m-%d %H:%M}"
