"""`burn-tui status`: how things stand, in words, as JSON, or for tmux's status line.

A status line is drawn every few seconds, and reading settings and themes takes longer than everything else together.
So what is needed of them is kept beside the ledger, and made anew as soon as one of the files has changed.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, structs

from burn_tui import __version__
from burn_tui.core.budget import Budget
from burn_tui.core.errors import BurnError
from burn_tui.core.expectation import Expectation
from burn_tui.engine.clock import Clock, local_timezone
from burn_tui.engine.status import Standing, standing
from burn_tui.tui import format as fmt
from burn_tui.tui.telling import standard
from burn_tui.tui.theme import DEFAULT

Form = Literal["words", "json", "tmux"]

Stamp = tuple[str, int, int]
"""A file, when it was written and how long it is; -1 twice = there is none."""


class Place(Struct, frozen=True):
    """An environment as it is shown."""

    sign: str
    """Glyph and word."""
    colour: str


class Known(Struct, frozen=True, kw_only=True):
    """What is needed of settings and theme."""

    made_by: str
    """The version of burn-tui that kept this."""
    made_of: tuple[Stamp, ...]
    limit_nanousd: int = 0
    """The day's budget; 0 = there is none."""
    timezone: str | None = None
    """Whose midnight begins the day; None = this machine's."""
    environments: dict[str, Place] = {}
    elsewhere: Place = Place("?", DEFAULT.environments.grey)
    """Any environment that is not configured; its name goes behind the sign."""
    attention: str = DEFAULT.attention
    expectation: Expectation | None = None
    """What the day is held against; None = it was not learned yet."""


def report(form: Form, *, config: Path, data_dir: Path, environ: Mapping[str, str], clock: Clock) -> str:
    """What `burn-tui status` prints. A BurnError is raised, except for tmux, where it becomes a word."""
    now = clock.now()
    try:
        cache = data_dir / "status.json"
        known = _known(config, cache)
        status = standing(data_dir / "ledger.sqlite3", _budget(known), now, expectation=known.expectation)
    except BurnError:
        if form != "tmux":
            raise
        return "no ledger yet" if not (data_dir / "ledger.sqlite3").exists() else "burn-tui status: ?"
    if status.expectation != known.expectation:
        _keep(structs.replace(known, expectation=status.expectation), cache)
    match form:
        case "json":
            return _as_json(status)
        case "tmux":
            return _for_tmux(status, known, is_coloured=not environ.get("NO_COLOR"))
        case "words":
            return _in_words(status, known)


def _budget(known: Known) -> Budget:
    if known.timezone is None:
        zone = local_timezone()
    else:
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - a status line waits

        zone = ZoneInfo(known.timezone)
    return Budget(name="day", limit_nanousd=known.limit_nanousd, timezone=zone)


# --- what is known of settings and theme --------------------------------------------------------------


def _known(config: Path, cache: Path) -> Known:
    with suppress(OSError, msgspec.MsgspecError):
        kept = msgspec.json.decode(cache.read_bytes(), type=Known)
        if kept.made_by == __version__ and all(_stamp(Path(stamp[0])) == stamp for stamp in kept.made_of):
            return kept
    return _made_anew(config)


def _keep(known: Known, cache: Path) -> None:
    # A directory that cannot be written only makes the next status slower.
    with suppress(OSError):
        beside = cache.with_name(f"{cache.name}.{os.getpid()}")
        beside.touch(mode=0o600)
        beside.write_bytes(msgspec.json.encode(known))
        beside.replace(cache)


def _stamp(path: Path) -> Stamp:
    try:
        stat = path.stat()
    except OSError:
        return str(path), -1, -1
    return str(path), stat.st_mtime_ns, stat.st_size


def _made_anew(config: Path) -> Known:
    from burn_tui.core.environment import DEVELOPMENT, unknown  # noqa: PLC0415 - only when something has changed
    from burn_tui.engine.settings import load  # noqa: PLC0415
    from burn_tui.tui.badges import badge  # noqa: PLC0415
    from burn_tui.tui.wardrobe import Wardrobe  # noqa: PLC0415

    stamps = [_stamp(config)]
    if not config.exists():
        place = Place(str(badge(DEVELOPMENT)), DEFAULT.environment(DEVELOPMENT.hue))
        return Known(made_by=__version__, made_of=tuple(stamps), environments={DEVELOPMENT.name: place})
    settings = load(config)
    themes = config.parent / "themes"
    stamps.append(_stamp(themes / f"{settings.theme or DEFAULT.name}.yaml"))
    palette = Wardrobe(themes).palettes.get(settings.theme or DEFAULT.name, DEFAULT)
    places = settings.environments or {DEVELOPMENT.name: DEVELOPMENT}
    daily = next((one for one in settings.budgets if one.period == "day" and one.scope == "all"), None)
    return Known(
        made_by=__version__,
        made_of=tuple(stamps),
        limit_nanousd=daily.limit_nanousd if daily else 0,
        timezone=str(daily.timezone) if daily else None,
        environments={name: Place(str(badge(place)), palette.environment(place.hue)) for name, place in places.items()},
        elsewhere=Place("?", palette.environment(unknown("").hue)),
        attention=palette.attention,
    )


def _place(status: Standing, known: Known) -> Place | None:
    name = status.environment
    if name is None:
        return None
    elsewhere = Place(f"{known.elsewhere.sign} {name.upper()[:8]}", known.elsewhere.colour)
    return known.environments.get(name, elsewhere)


# --- what is printed --------------------------------------------------------------------------------


def _as_json(status: Standing) -> str:
    burn, fallback = status.burn, status.latest_fallback
    figures = {
        "environment": status.environment,
        "spent_nanousd": burn.spent_nanousd,
        "limit_nanousd": burn.limit_nanousd,
        "expected_nanousd": burn.expected_nanousd,
        "ratio": burn.ratio,
        "projected_day_end_nanousd": burn.projected_day_end_nanousd,
        "nanousd_per_minute": burn.current_nanousd_per_minute,
        "tokens_per_minute": burn.current_tokens_per_minute,
        "tokens": burn.tokens,
        "unpriced_requests": burn.unpriced_requests,
        "open_attempts": burn.open_attempts,
        "latest_fallback": fallback and {"at": fallback.at, "from": fallback.from_target, "to": fallback.to_target},
    }
    return msgspec.json.format(msgspec.json.encode(figures), indent=2).decode()


def _in_words(status: Standing, known: Known) -> str:
    burn, fallback, place = status.burn, status.latest_fallback, _place(status, known)
    rate = f"{fmt.money(burn.current_nanousd_per_minute)}/min, {fmt.tokens(burn.current_tokens_per_minute)} tokens/min"
    lines = {
        "environment": place.sign if place else "nothing was asked today",
        "today": ", ".join(_money(status, " of ")) + (f" {standard(burn)}" if burn.ratio is not None else ""),
        "now": rate,
        "open calls": str(burn.open_attempts),
        "no price": f"{burn.unpriced_requests} requests" if burn.unpriced_requests else "",
        "fallback": "none today",
    }
    if fallback:
        at = fmt.clock_time(fallback.at)
        lines["fallback"] = f"{at} {fallback.from_target} → {fallback.to_target}"
    return "\n".join(f"{name:<12} {value}" for name, value in lines.items() if value)


def _for_tmux(status: Standing, known: Known, *, is_coloured: bool) -> str:
    """One line in tmux's own markup (tmux(1), STYLES)."""
    burn, fallback, place = status.burn, status.latest_fallback, _place(status, known)
    parts = [_marked(place.sign, place.colour, is_coloured=is_coloured)] if place else []
    parts += [_plain(part) for part in _money(status, "/")]
    if burn.open_attempts:
        parts.append(f"●{burn.open_attempts}")
    if fallback:
        words = f"⚠ {fmt.clock_time(fallback.at)} {fallback.to_target}"
        parts.append(_marked(words, known.attention, is_coloured=is_coloured))
    return " ".join(parts)


def _money(status: Standing, of: str) -> list[str]:
    burn = status.burn
    spent = fmt.money(burn.spent_nanousd)
    if burn.unpriced_requests:
        spent += "+?"
    if burn.limit_nanousd:
        spent += f"{of}{fmt.money(burn.limit_nanousd)}"
    return [spent] if burn.ratio is None else [spent, fmt.burn(burn.ratio)]


def _marked(text: str, colour: str, *, is_coloured: bool) -> str:
    return f"#[fg={colour},bold]{_plain(text)}#[default]" if is_coloured else _plain(text)


def _plain(text: str) -> str:
    """`text` without anything that tmux would take for markup."""
    return text.replace("#", "##")
