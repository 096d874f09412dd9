"""Latencies as histograms that add up: an hour, a day or a fleet of processes have one and the same form.

A bucket covers a fixed ratio of durations rather than a fixed number of seconds, so that a percentile is equally
exact for 80 ms and for three minutes.
"""

from collections.abc import Mapping
from math import ceil, floor, log2

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
