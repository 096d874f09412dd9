"""What `burn-tui team` prints: the state of things, what leaves, and the week as Markdown. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import structs

from burn_tui.core.team import Member, SharedBudget, SharedRow, TeamView
from burn_tui.engine.team.reading import Change, Storage
from burn_tui.tui import format as fmt
from burn_tui.tui.legible import legible


def status(view: TeamView, storage: Storage, *, now: float) -> list[str]:
    """How the team stands, a line each."""
    per_row = f", {storage.size_bytes / storage.rows:.0f} bytes a row with indexes" if storage.rows else ""
    months = f"{storage.months[0]} to {storage.months[-1]}" if storage.months else "none"
    lines = [
        f"server   {view.where}",
        f"rows     about {storage.rows:,}{per_row}; months {months}",
        f"waiting  {view.waiting:,} rows of this machine",
    ]
    lines += [f"budget   {budget_in_words(budget)}" for budget in view.budgets]
    lines += [f"member   {member_in_words(member, now)}" for member in view.members]
    return [legible(line) for line in lines]


def budget_in_words(budget: SharedBudget) -> str:
    """Name, cover, and how far it is used up."""
    used = f"{fmt.money(budget.spent_nanousd)} of {fmt.money(budget.limit_nanousd)}"
    held = f", {fmt.money(budget.reserved_nanousd)} reserved" if budget.reserved_nanousd else ""
    return f"{budget.name}: {used} spent{held} (per {budget.period} of {budget.timezone}, {budget.scope})"


def member_in_words(member: Member, now: float) -> str:
    """Name, money of today, times the usual, and when anything was asked last."""
    ratio = "" if member.ratio is None else f", {fmt.ratio(member.ratio)} of the usual by now"
    mark = "  BURNS HIGH" if member.burns_high else ""
    ago = fmt.countdown(max(now - member.last_at, 0.0))
    return f"{member.name}: {fmt.money(member.cost_nanousd)} today{ratio}, last asked {ago} ago{mark}"


def preview(rows: Sequence[SharedRow], *, is_next: bool) -> list[str]:
    """Each row exactly as it leaves, as one line of JSON; before them what they are."""
    if not rows:
        return ["# There is no settled attempt yet: nothing leaves."]
    what = "leave next" if is_next else "have left: the latest ones, as nothing waits"
    return [f"# {len(rows)} rows that {what}. Nothing else of them leaves.", *(_as_json(row) for row in rows)]


def _as_json(row: SharedRow) -> str:
    fields = structs.asdict(row)
    fields["started_at"] = datetime.fromtimestamp(fields.pop("started_at_us") / 1e6, UTC).isoformat()
    fields["labels"] = structs.asdict(row.labels)
    return msgspec.json.encode(fields).decode()


def digest(where: str, parts: Iterable[tuple[str, Sequence[Change]]], *, until: float) -> str:
    """The week of the team as Markdown: a table for each thing that is added up by."""
    lines = [f"# The team's week, up to {datetime.fromtimestamp(until).astimezone():%d %B %Y}", "", f"From {where}."]
    for by, changes in parts:
        spent, before = sum(one.cost_nanousd for one in changes), sum(one.before_nanousd for one in changes)
        if by == "member":
            lines += [
                "",
                f"**{fmt.money(spent)}** this week, {fmt.money(before)} the week before{_times(spent, before)}.",
            ]
        lines += ["", f"## By {by}", "", f"| {by} | this week | week before | | requests | failed |"]
        lines += ["| --- | ---: | ---: | ---: | ---: | ---: |", *(_change(one) for one in changes if _matters(one))]
    return "\n".join(lines)


def _matters(change: Change) -> bool:
    return bool(change.requests or change.cost_nanousd or change.before_nanousd)


def _change(one: Change) -> str:
    bound = ">" if one.unpriced else ""
    ratio = fmt.ratio(one.cost_nanousd / one.before_nanousd) if one.before_nanousd else "new"
    name = _cell(one.key) or "(none)"
    cost = f"{bound}{fmt.money(one.cost_nanousd)}"
    return f"| {name} | {cost} | {fmt.money(one.before_nanousd)} | {ratio} | {one.requests:,} | {one.failures:,} |"


def _times(spent: int, before: int) -> str:
    return f", {fmt.ratio(spent / before)}" if before else ""


def _cell(name: str) -> str:
    """Names come from others: nothing in them may break the table."""
    return "".join(f"\\{letter}" if letter in "\\|[]*_`<>#" else letter for letter in legible(name))
