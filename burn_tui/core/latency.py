"""Latencies as histograms that add up: an hour, a day or a fleet of processes have one and the same form.

A bucket covers a fixed ratio of durations rather than a fixed number of seconds, so that a percentile is equally
exact for 80 ms and for three minutes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import ceil, floor, log2

from msgspec import Struct

Histogram = Mapping[int, int]
"""Bucket -> number of samples in it. Buckets may be negative; absent ones are empty."""

BUCKETS_PER_DOUBLING = 8
"""A bucket's ends are 9 % apart, so its middle is within 4.5 % of everything in it."""

SHORTEST_S = 1e-6
"""Whatever is shorter counts as this: a logarithm needs something above zero."""


def bucket_of(seconds: float) -> int:
    """The bucket of a duration."""
    return floor(log2(max(seconds, SHORTEST_S)) * BUCKETS_PER_DOUBLING)


def seconds_of(bucket: int) -> float:
    """The (geometric) middle of a bucket, in seconds."""
    return float(2.0 ** ((bucket + 0.5) / BUCKETS_PER_DOUBLING))


def percentile(histogram: Histogram, q: float) -> float | None:
    """Seconds that the share `q` (0 to 1) of all samples did not exceed, by nearest rank; None without samples."""
    # Rounded first: 0.07 * 100 is a little more than 7 in binary, and that is no reason to take the eighth.
    rank = max(ceil(round(q * sum(histogram.values()), 6)), 1)
    for bucket in sorted(histogram):
        rank -= histogram[bucket]
        if rank <= 0:
            return seconds_of(bucket)
    return None


def samples(histogram: Histogram) -> int:
    """How many there are: n."""
    return sum(histogram.values())


def added(histograms: Iterable[Histogram]) -> Histogram:
    """All of them as one."""
    total: Counter[int] = Counter()
    for histogram in histograms:
        total.update(histogram)
    return total


class Latency(Struct, frozen=True, kw_only=True):
    """How long somebody's answers take."""

    name: str
    """A provider, "provider/model", an operation, or the hour as a number of UTC hours since the epoch."""
    first_chunk: Histogram = {}
    """Seconds to the first chunk, also of answers that broke off later."""
    duration: Histogram = {}
    """Seconds of whole answers."""
    speed: Histogram = {}
    """Tokens per second of whole answers; the bucket of a number, not of a time."""
    attempts: int = 0
    """All of them, refused requests apart."""
    failures: int = 0
    """They are in no histogram of durations: a refusal after 80 ms would make its provider look fast."""
