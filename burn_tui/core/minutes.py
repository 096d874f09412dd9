"""Minutes, in which everything about spending is counted."""

MINUTE_S = 60.0


def minute_of(epoch_s: float) -> int:
    """Whole minutes since the epoch."""
    return int(epoch_s // MINUTE_S)
