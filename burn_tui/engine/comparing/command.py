"""`burn-tui prompts compare` and `import`, without a terminal."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, TextIO

import msgspec

from burn_tui.core.catalog import Catalog
from burn_tui.core.comparison import Base, Comparison, Row, other_models, rows, summaries
from burn_tui.core.environment import DEVELOPMENT
from burn_tui.core.errors import UnknownNameError, UnknownTargetError
from burn_tui.core.money import NANOUSD
from burn_tui.engine.comparing.promptfoo import import_config
from burn_tui.engine.comparing.running import STOPPED, Draft, Wish
from burn_tui.engine.runtime import Runtime

FINE, WRONG, REFUSED = 0, 1, 3


async def compare(
    wish: Wish,
    *,
    boot: Callable[[], Awaitable[Runtime]],
    environment: str | None,
    yes: str | None,
    asked: Callable[[str], str] | None,
    as_json: bool,
    out: TextIO,
    narration: TextIO,
) -> int:
    """Compare, print, and return the exit code: 0 all is as it should be, 1 something is not or nobody answered,
    3 nobody agreed to it. BurnError for a wrong call, settings or files; then nothing is sent.

    `yes`: the environment's name, as it was typed beforehand. `asked`: asks whoever sits there; None = nobody does.
    """
    runtime = await boot()
    try:
        await runtime.discover()
        known = runtime.settings.environments or [DEVELOPMENT.name]
        if environment is not None and environment not in known:
            raise UnknownNameError("environment", environment, known)
        for notice in runtime.notices:
            print(f"burn-tui: {notice}", file=narration)
        draft = await runtime.comparing.draft(wish, runtime.environment(environment))
        print(f"burn-tui: {plan_in_words(draft)}", file=narration)
        if not _is_agreed(draft, yes, asked, narration):
            return REFUSED
        now = await _ran(runtime, draft, is_agreed=draft.needs_name, narration=narration)
        previous = await runtime.comparing.latest(wish.name, before=now.at)
    finally:
        await runtime.close()
    found = _rows(now, previous)
    out.write(_json(now, previous, found) if as_json else _text(now, previous, found))
    is_fine = not now.stopped and all(row.news in {"passes", "new pass"} for row in found)
    return FINE if is_fine else WRONG


def take_over(config: Path, folder: Path, catalog: Catalog, *, out: TextIO, narration: TextIO) -> int:
    """Take over a configuration of promptfoo's: what was written, and line by line what could not be taken."""

    def is_known(target: str) -> bool:
        try:
            catalog.resolve(target)
        except UnknownTargetError:
            return False
        return True

    imported = import_config(config, folder, is_known=is_known)
    for path in imported.written:
        print(path, file=out)
    for remark in imported.remarks:
        print(f"burn-tui: {remark.sentence}", file=narration)
    return FINE


def plan_in_words(draft: Draft) -> str:
    """What will be asked, and what that will roughly cost."""
    made = draft.comparison
    parts = [
        _number(len(made.cases), "case"),
        _number(len(made.contenders), "contender"),
        _number(made.repeats, "repeat"),
    ]
    judged = draft.calls - made.planned
    judges = f" and {_number(judged, 'judgement')}" if judged else ""
    cost = "at an unknown price" if draft.estimate_nanousd is None else f"for about {_money(draft.estimate_nanousd)}"
    return f"{' x '.join(parts)}{judges} = {_number(draft.calls, 'call')} in {made.environment}, {cost}"


def _is_agreed(draft: Draft, yes: str | None, asked: Callable[[str], str] | None, narration: TextIO) -> bool:
    """Whether somebody typed the environment's name, where that is needed."""
    name = draft.environment.name
    if yes is not None and yes != name:
        print(f"burn-tui: this would be asked from {name}, not from {yes}: nothing was sent.", file=narration)
        return False
    if not draft.needs_name or yes == name:
        return True
    if asked is not None:
        if asked(f"Type {name} to send them: ").strip() == name:
            return True
        print("burn-tui: that is not its name: nothing was sent.", file=narration)
        return False
    why = "These are more than 20 calls" if draft.calls > 20 else f"{name} asks before paid calls"
    print(f"burn-tui: {why}: nothing was sent. Agree with --yes {name}.", file=narration)
    return False


async def _ran(runtime: Runtime, draft: Draft, *, is_agreed: bool, narration: TextIO) -> Comparison:
    """To its end, or until somebody stops it; what is done by then is given."""
    now = draft.comparison
    try:
        async with aclosing(runtime.comparing.run(draft, confirmed=is_agreed)) as given:
            async for now in given:
                _progress(now, narration)
    except asyncio.CancelledError:  # ctrl+c: what was paid for is shown all the same
        now = msgspec.structs.replace(now, stopped=STOPPED)
    if now.stopped:
        done = f"{len(now.results)} of {now.planned} are done and kept"
        print(f"burn-tui: stopped: {now.stopped} {done}", file=narration)
    return now


def _progress(now: Comparison, narration: TextIO) -> None:
    if not now.results or now.stopped:
        return
    call = now.results[-1].call
    what = f"{now.cases[call.case].name}, {now.names[call.contender]}: {now.results[-1].state}"
    print(f"burn-tui: {len(now.results)} of {now.planned}, {_cost(now)} so far: {what}", file=narration)


def _rows(now: Comparison, previous: Comparison | None) -> list[Row]:
    return rows(now, previous, _base(now, previous))


def _base(now: Comparison, previous: Comparison | None) -> Base:
    """Without a comparison before, and with several contenders, the first of them."""
    return "previous" if previous is not None or len(now.contenders) == 1 else "first"


def _text(now: Comparison, previous: Comparison | None, found: Sequence[Row]) -> str:
    of_all = f" {now.shared}," if now.shared else ""
    lines = [f"{now.name}:{of_all} {_against(now, previous)}", *other_models(now, previous), ""]
    for row in found:
        lines.append(f"{row.news.upper()}  {now.cases[row.case].name}  {now.names[row.contender]}{_of(row)}")
        example = row.cell.example
        if example is None or row.news == "passes":
            continue
        lines += [
            f"    {'?' if tick.passed is None else '✓' if tick.passed else '✗'} {tick.shown}{_why(tick.why)}"
            for tick in example.ticks
        ]
        lines += [f"    {example.problem}"] if example.problem else []
    lines.append("")
    for one in summaries(now):
        median = "-" if one.median_s is None else f"{one.median_s:.2f} s"
        lines.append(
            f"{now.names[one.contender]}: {one.passed} of {_number(one.cases, 'case')} pass, "
            f"median {_money(one.median_nanousd)}, {median} (n={one.answers})"
        )
    return "\n".join([*lines, f"{_cost(now)} in all"]) + "\n"


def _against(now: Comparison, previous: Comparison | None) -> str:
    if previous is not None:
        return "against the previous run"
    return f"against {now.names[0]}" if len(now.contenders) > 1 else "for the first time"


def _of(row: Row) -> str:
    return f"  {row.cell.passed} of {row.cell.answers} as they should be" if row.cell.answers > 1 else ""


def _why(why: str) -> str:
    return f": {why}" if why else ""


def _json(now: Comparison, previous: Comparison | None, found: Sequence[Row]) -> str:
    report: dict[str, Any] = {
        "comparison": now,
        "previous": previous.id if previous is not None else None,
        "against": _base(now, previous),
        "rows": [
            {
                "news": row.news,
                "case": now.cases[row.case].name,
                "contender": row.contender,
                "passed": row.cell.passed,
                "answers": row.cell.answers,
            }
            for row in found
        ],
        "medians": summaries(now),
        "other_models": other_models(now, previous),
        "cost_nanousd": now.cost_nanousd,
        "unpriced": now.unpriced,
    }
    return msgspec.json.encode(report).decode() + "\n"


def _cost(now: Comparison) -> str:
    return f"{_money(now.cost_nanousd)}{f' and {now.unpriced} of unknown cost' if now.unpriced else ''}"


def _money(nanousd: int | None) -> str:
    return "-" if nanousd is None else f"${nanousd / NANOUSD:.6f}"


def _number(count: int, of: str) -> str:
    return f"{count:,} {of}{'' if count == 1 else 's'}"
