"""Money, tokens, times and shares as a person reads them. Pure: nothing here is computed, only written."""

from datetime import datetime, tzinfo
from decimal import Context, Decimal

_NANO = -9
_CENTS = 2
_THREE_DIGITS = Context(prec=3)
"""More would only be noise."""

_LEAST_RATE = 100_000
"""Nano-USD."""

_MOST_TIMES = 20

_UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def money(nanousd: int | None) -> str:
    """Dollars: "$4.82", "$0.0121", "$20"; "$0" only for a real zero, "unknown" for None.

    An amount above zero keeps at least two significant digits, however small it is.
    """
    if nanousd is None:
        return "unknown"
    dollars = Decimal(nanousd).scaleb(_NANO)
    if dollars == 0:
        return "$0"
    if dollars >= 1:
        is_round = dollars >= 10 and dollars == dollars.to_integral_value()
        return f"${dollars:,.0f}" if is_round or dollars >= 1000 else f"${dollars:,.2f}"
    rounded = _THREE_DIGITS.plus(dollars).normalize()
    decimals_it_has = len(f"{rounded:f}".partition(".")[2])
    return f"${rounded:.{max(decimals_it_has, _CENTS, 1 - rounded.adjusted())}f}"


def money_rate(nanousd: int) -> str:
    """Dollars a minute, as money() writes them; what is less than $0.0001 is not told apart, so it takes nine cells."""
    return f"<{money(_LEAST_RATE)}" if 0 < nanousd < _LEAST_RATE else money(nanousd)


def tokens(count: float | None) -> str:
    """With a unit: "840", "12.4k", "812k", "1.23M"; "unknown" for None."""
    if count is None:
        return "unknown"
    whole = round(count)
    for size, unit in _UNITS:
        if whole >= size - size // 2000:  # 999 500 is nearer to 1M than to 999k
            return _short(whole / size) + unit
    return str(whole)


def seconds(duration_s: float | None) -> str:
    """A duration: "0.31 s", "1.9 s", "15.4 s", "2 min 5 s"; "<0.01 s" for what is too short to tell, "-" for None."""
    if duration_s is None:
        return "-"
    if duration_s == 0:
        return "0 s"
    if duration_s < 0.005:
        return "<0.01 s"
    if duration_s < 0.995:
        return f"{duration_s:.2f} s"
    if duration_s < 99.95:
        return f"{duration_s:.1f} s"
    minutes, rest = divmod(round(duration_s), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def ratio(times: float) -> str:
    """How many times: "2.1x", "12x", "0.05x"; "0x" only for a real zero."""
    if times >= 9.95:
        return f"{times:,.0f}x"
    if times >= 0.095 or times == 0:
        return f"{times:.1f}x" if times else "0x"
    return f"{times:.2f}x" if times >= 0.005 else "<0.01x"


def burn(times: float) -> str:
    """How hot it burns: as ratio() writes it, "over 20x" from there on. At night next to nothing is usual, and how many
    hundred times that is says nothing.
    """
    return f"over {_MOST_TIMES}x" if times >= _MOST_TIMES + 0.5 else ratio(times)


def share(part: float) -> str:
    """In percent: "24 %" for 0.24; neither "0 %" while there is some, nor "100 %" while something is left."""
    if 0 < part < 0.01:
        return "<1 %"
    if 0.99 < part < 1:
        return "99 %"
    return f"{part * 100:.0f} %"


def countdown(duration_s: float) -> str:
    """What is left: "43 s", "2 min", "1 h 30 min", rounded up: "0 s" means now."""
    if duration_s <= 60:
        return f"{_up(duration_s)} s"
    minutes = _up(duration_s / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def clock_time(epoch_s: float, timezone: tzinfo | None = None) -> str:
    """Hours and minutes: "14:02"; in the local time zone for None."""
    return f"{datetime.fromtimestamp(epoch_s, timezone):%H:%M}"


def _short(number: float) -> str:
    """Three significant digits of a number from 1 to 999, without zeros at the end."""
    decimals = 2 if number < 9.995 else 1 if number < 99.95 else 0
    text = f"{number:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def _up(number: float) -> int:
    return -int(-number // 1)
