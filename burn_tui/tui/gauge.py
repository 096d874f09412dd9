"""The tension gauge: a bar with its word, and the formula behind it. Pure."""

from textual.content import Content

from burn_tui.core.tension import (
    BURN_CALM,
    BURN_HOT,
    DRIFT_CALM,
    DRIFT_HOT,
    ERRORS_HOT,
    FEWEST_ATTEMPTS,
    HOT_FROM,
    LEFT_CALM,
    WARM_FROM,
    Strain,
    StrainName,
    Tension,
    Word,
    word_of,
)
from burn_tui.tui import format as fmt
from burn_tui.tui.widgets.table import Cells, Column, table

_STYLES: dict[Word, str] = {"calm": "$text-success", "warm": "bold $text-warning", "hot": "bold $text-error"}

_SCALES: dict[StrainName, str] = {
    "burn": f"{fmt.ratio(BURN_CALM)} to {fmt.ratio(BURN_HOT)} the usual, or an even day",
    "rate limits": f"{fmt.share(LEFT_CALM)} to 0 % left",
    "errors": f"0 to {fmt.share(ERRORS_HOT)} of the last hour",
    "latency": f"{fmt.ratio(DRIFT_CALM)} to {fmt.ratio(DRIFT_HOT)} the day's first chunk",
}

_COLUMNS = (
    Column("strain", is_left=True, style="$foreground"),
    Column("now"),
    Column("level", style="bold"),
    Column("from calm to hot", is_left=True, rank=1),
    Column("whose", is_left=True, rank=2),
)


def gauge(tension: Tension, cells: int) -> Content:
    """A bar of `cells` and the word; the two say the same."""
    full = min(max(round(tension.level * cells), 0), cells)
    style = _STYLES[tension.word]
    bar = Content.assemble(("▓" * full, style.removeprefix("bold ")), ("░" * (cells - full), "$foreground-disabled"))
    return Content.assemble(bar, " ", (tension.word, style))


def reason(tension: Tension) -> str:
    """What makes it warm or hot, in a few words; "" while it is calm."""
    worst = tension.worst
    if tension.word == "calm" or worst.value is None:
        return ""
    whose = f" {worst.whose}" if worst.whose else ""
    match worst.name:
        case "burn":
            return f"burn {fmt.burn(worst.value)}"
        case "rate limits":
            return f"{fmt.share(worst.value)} left at{whose}"
        case "errors":
            return f"{fmt.share(worst.value)} of calls fail"
        case "latency":
            return f"{fmt.ratio(worst.value)} slower:{whose}"


def formula(tension: Tension, width: int) -> list[Content]:
    """How the gauge comes to where it stands."""
    rows: list[Cells] = [
        {
            "strain": strain.name,
            "now": _value(strain),
            "level": Content.styled(f"{strain.level:.2f}", _STYLES[word_of(strain.level)]),
            "from calm to hot": _SCALES[strain.name],
            "whose": strain.whose,
        }
        for strain in tension.strains
    ]
    headings, lines = table(_COLUMNS, rows, width)
    text = (
        f"tension = the highest level. warm from {WARM_FROM:.2f}, hot from {HOT_FROM:.2f}; "
        f"errors count from {FEWEST_ATTEMPTS} attempts in the last hour."
    )
    note = [line.rstrip() for line in Content.styled(text, "$foreground-muted").wrap(width)]
    return [Content.assemble(gauge(tension, 12), f"  {tension.level:.2f}"), headings, *lines, *note]


def _value(strain: Strain) -> str:
    if strain.value is None:
        return "-"
    if strain.name == "rate limits":
        return f"{fmt.share(strain.value)} left"
    return fmt.share(strain.value) if strain.name == "errors" else fmt.ratio(strain.value)
