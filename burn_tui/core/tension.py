"""One gauge for how much is wrong at once: calm, warm or hot.

    burn         how many times the usual the last hour cost     1x ........ 3x      (the day so far, against an even
                                                                                      day, until days are learned)
    rate limits  what is left of the tightest                    half ...... nothing
    errors       attempts that failed in the last hour           none ...... 20 %
    latency      first chunks now over those of the day          1x ........ 3x
                                                                 level 0 ... level 1

The gauge stands where the worst of the four stands: an average would let three calm ones hide a fire.
"""

from typing import Literal

from msgspec import Struct

BURN_CALM, BURN_HOT = 1.0, 3.0
"""Times the usual."""

LEFT_CALM, LEFT_HOT = 0.5, 0.0
"""Share of the tightest rate limit that is left."""

ERRORS_CALM, ERRORS_HOT = 0.0, 0.2
"""Share of the last hour's attempts."""

DRIFT_CALM, DRIFT_HOT = 1.0, 3.0
"""Times the day's median."""

WARM_FROM, HOT_FROM = 1 / 3, 2 / 3
"""Levels."""

FEWEST_ATTEMPTS = 5
"""With fewer in the last hour a share of failures says nothing."""

Word = Literal["calm", "warm", "hot"]
StrainName = Literal["burn", "rate limits", "errors", "latency"]


class Drift(Struct, frozen=True):
    """How a model's time to the first chunk has changed."""

    target: str
    """"provider/model"."""
    times: float
    """The median of the last hours over the day's."""


class Strain(Struct, frozen=True):
    """One of the four."""

    name: StrainName
    value: float | None
    """As measured: times, a share that is left, a share that failed, times. None = nothing to measure by."""
    level: float
    """0 to 1; 0 where there is no value."""
    whose: str = ""
    """Who is to blame, where one is: a provider, or "provider/model"."""


class Tension(Struct, frozen=True):
    """The gauge."""

    strains: tuple[Strain, ...]
    """All four, as in the table above."""

    @property
    def worst(self) -> Strain:
        """The one that speaks for all; of several the first."""
        return max(self.strains, key=lambda strain: strain.level)

    @property
    def level(self) -> float:
        """0 to 1."""
        return self.worst.level

    @property
    def word(self) -> Word:
        """The level in a word."""
        return word_of(self.level)


def word_of(level: float) -> Word:
    """A level, 0 to 1, in a word."""
    return "hot" if level >= HOT_FROM else "warm" if level >= WARM_FROM else "calm"


def tension(
    *,
    ratio: float | None,
    share_left: tuple[str, float] | None,
    attempts: int,
    failures: int,
    drift: Drift | None,
) -> Tension:
    """The gauge from what is measured: the burn of the last hour, the provider with the least left of its limits and
    that share, the last hour's attempts and failures, and the worst drift. None = nothing is known.
    """
    errors = failures / attempts if attempts >= FEWEST_ATTEMPTS else None
    whose_limit, left = share_left or ("", None)
    return Tension(
        (
            Strain("burn", ratio, _level(ratio, BURN_CALM, BURN_HOT)),
            Strain("rate limits", left, _level(left, LEFT_CALM, LEFT_HOT), whose_limit),
            Strain("errors", errors, _level(errors, ERRORS_CALM, ERRORS_HOT)),
            Strain(
                "latency",
                drift.times if drift else None,
                _level(drift.times if drift else None, DRIFT_CALM, DRIFT_HOT),
                drift.target if drift else "",
            ),
        )
    )


def _level(value: float | None, calm: float, hot: float) -> float:
    """Where `value` stands between the two, 0 at `calm` and 1 at `hot`, whichever of them is the greater."""
    return 0.0 if value is None else min(max((value - calm) / (hot - calm), 0.0), 1.0)
