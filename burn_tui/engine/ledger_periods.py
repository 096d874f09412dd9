"""A period cut into the parts that roll-ups know as a whole, and what is left of it at both ends.

    since        first hour  first day              after day   after hour   until
      |--- rows ---|-- hours --|-------- days --------|-- hours --|--- rows ---|

Any part may be empty.
"""

from burn_tui.engine.ledger_rows import microseconds

HOUR_US = 3_600_000_000
_HOURS_A_DAY = 24


def up_to_now(since: float, now: float) -> dict[str, object]:
    """The parts from `since` to the end of the running hour, so that it is whole: nothing is known of its rest yet."""
    return parts_of_period(since, (microseconds(now) // HOUR_US + 1) * HOUR_US / 1_000_000)


def parts_of_period(since: float, until: float) -> dict[str, object]:
    """The edges of all parts of [since, until), seconds since the epoch; hours and days are those of UTC."""
    since_us, until_us = microseconds(since), microseconds(until)
    first_hour, after_hour = -(-since_us // HOUR_US), until_us // HOUR_US
    head_end_us = min(first_hour * HOUR_US, until_us)
    first_day, after_day = -(-first_hour // _HOURS_A_DAY), after_hour // _HOURS_A_DAY
    head_hours_end = min(first_day * _HOURS_A_DAY, after_hour)
    return {
        "since_us": since_us,
        "head_end_us": head_end_us,
        "first_hour": first_hour,
        "head_hours_end": head_hours_end,
        "first_day": first_day,
        "after_day": after_day,
        "tail_hours_start": max(after_day * _HOURS_A_DAY, head_hours_end),
        "after_hour": after_hour,
        "tail_start_us": max(after_hour * HOUR_US, head_end_us),
        "until_us": until_us,
    }
