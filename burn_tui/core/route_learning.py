"""What experience adds to the rule of complexity.py: the chance that an answer of a tier fails.

Logistic regression, one example after another, with AdaGrad steps: each weight learns fast while it is new. The rule is
the offset, so that a learner that has seen nothing says what the rule says. Features are counts, words and pairs of
words; words are only kept as numbers of buckets.

In the beginning it only watches ("shadow"): it is used once it has LABELS_NEEDED labels and was the better prophet over
the last WINDOW of them, each foretold before it was learned from; and not one label longer than that.
"""

import math
import re
import zlib
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Literal

from msgspec import Struct

from burn_tui.core.complexity import Complexity, complexity, looked_at

LABELS_NEEDED = 200
WINDOW = 200
"""The latest labels on which rule and learner are compared."""

_BUCKET_MASK = (1 << 16) - 1
STEP = 0.15
"""How far one example moves a weight that is new."""
STEP_OF_COUNTS = 0.03
"""The same for a count. Every prompt has them all, so that they would run after each example."""
LABELS_FOR_HALF = 2_000
"""With so many labels experience has half the say, with few almost none."""

Sign = Literal["failed_check", "escalated", "retried", "thumbs_down", "thumbs_up", "silence"]
"""What shows, without anybody being asked, how an answer turned out."""

EVIDENCE: Mapping[Sign, tuple[bool, float]] = {
    "failed_check": (True, 1.0),
    "escalated": (True, 1.0),
    "retried": (True, 0.7),
    "thumbs_down": (True, 1.0),
    "thumbs_up": (False, 1.0),
    "silence": (False, 0.3),
}
"""Whether the answer failed, and how much that word counts."""

_TOKEN = re.compile(rb"[a-z\x80-\xff]+|[0-9]+|[^\sa-z0-9\x80-\xff]")
"""A word in any alphabet, a number, or a sign."""
_RULE_SLOPE, _RULE_CENTRE = 0.3, 8.5
FIRST_GRADIENT = 0.1
"""What the sum of squares of a weight that is new begins with."""
_MOST_LOGIT = 30.0


class Features(Struct, frozen=True):
    """What is found in one prompt, each with the bucket of its weight."""

    counts: tuple[float, ...]
    """Their buckets are -1, -2, ..."""
    words: frozenset[int]
    """Buckets from 0 on, of single words and of pairs."""
    share: float
    """The value of each of the words: the more there are, the less each of them says."""


def features(prompt: str) -> tuple[Complexity, Features]:
    """What is learned from of a prompt, and what the rule needs of it."""
    text = looked_at(prompt)
    seen = complexity(text)
    # All numbers are one word. A pair's checksum goes on from its first word's.
    words = [b"0" if token.isdigit() else token for token in _TOKEN.findall(text.encode("utf-8", "surrogatepass"))]
    sums = list(map(zlib.crc32, words))
    pairs = map(zlib.crc32, words[1:], sums)
    buckets = frozenset([one & _BUCKET_MASK for one in (*sums, *pairs)])
    return seen, Features(_counts(seen), buckets, 1 / math.sqrt(len(buckets) + 1))


def _counts(seen: Complexity) -> tuple[float, ...]:
    """Each around 0 and about 1 wide for ordinary prompts."""
    return (
        1.0,
        math.log2(1 + seen.words) - 5.7,
        (math.log2(1 + seen.formal) - 2) / 1.3,
        (math.log2(1 + seen.limits) - 1) / 0.8,
        (math.log2(1 + seen.everyday) - 1) / 0.9,
        (math.log2(1 + seen.numbers) - 2) / 1.3,
        (seen.signs / (seen.characters + 20) - 0.1) / 0.07,
        (math.log2(1 + seen.flow) - 0.3) / 0.5,
        (seen.repeats - 0.3) / 0.15,
        math.log2(1 + seen.design),
        math.log2(1 + seen.chores),
        (seen.letters / max(seen.words, 1) - 4.7) / 0.8,
        math.log2(1 + seen.long_words) - 2.3,
        (math.log2(1 + seen.sentences) - 1.8) / 0.7,
        (math.log2(1 + seen.questions) - 0.7) / 0.5,
        math.log2(1 + seen.maths) - 0.8,
        float(seen.has_figures),
        float(seen.is_everyday),
    )


def rule_logit(seen: Complexity) -> float:
    """The rule's word on an answer of a cheap model, as a logit: above 0 it rather fails."""
    return _RULE_SLOPE * (seen.score - _RULE_CENTRE)


STRONG_FAILS_LESS = 0.5
"""By the rule alone, an answer of the strong tier fails half as often as one of the cheap tier."""


def gain_of(by_rule: float, cheap_fails: float, strong_fails: float, *, labels: int) -> float:
    """How much likelier a strong answer is good: the rule's word and experience's. Below 0 = a cheap one is.

    `by_rule` is the chance that a cheap answer fails by the rule alone. Experience is better where it has seen the like
    and worse where it has not, so the more labels it comes from, the more it counts, and it never speaks alone.
    """
    share = labels / (labels + LABELS_FOR_HALF)
    return (1 - share) * by_rule * (1 - STRONG_FAILS_LESS) + share * (cheap_fails - strong_fails)


def chance_of(logit: float) -> float:
    """From 0 to 1."""
    return 1 / (1 + math.exp(-max(-_MOST_LOGIT, min(_MOST_LOGIT, logit))))


class Foretold(Struct, frozen=True):
    """One label, and what was said before it was known."""

    failed: bool
    weight: float
    by_rule: float
    by_learner: float


class Moved(Struct, frozen=True):
    """How far one weight has moved, and its sum of squares. Sums of such moves come out the same in any order."""

    weight: float
    gradient: float


_STOOD_STILL = Moved(0.0, 0.0)


class Learner:
    """Of one tier. `leans_on_rule`: the rule is about failures of the cheap tier, and no offset for another."""

    def __init__(
        self,
        weights: Mapping[int, float] | None = None,
        gradients: Mapping[int, float] | None = None,
        *,
        leans_on_rule: bool = True,
    ) -> None:
        self.weights: dict[int, float] = dict(weights or {})
        """By bucket."""
        self.gradients: dict[int, float] = dict(gradients or {})
        """By bucket, the sum of the squares of all gradients so far."""
        self.moved: dict[int, Moved] = {}
        """By bucket, how far weights have moved since they were last kept."""
        self.record = Record()
        self.is_frozen = False
        """True = it foretells, and learns nothing more."""
        self._slope = 1.0 if leans_on_rule else 0.0

    def rule(self, seen: Complexity) -> float:
        """The chance of a failure by the rule alone."""
        return chance_of(self._slope * rule_logit(seen))

    def learned(self, seen: Complexity, found: Features) -> float:
        """The chance of a failure by rule and experience, whether it is trusted yet or not."""
        return chance_of(self._slope * rule_logit(seen) + self._sum(found))

    def chance(self, seen: Complexity, found: Features) -> float:
        """The chance of a failure by whoever is trusted now."""
        return self.learned(seen, found) if self.record.is_trusted else self.rule(seen)

    def learn(self, seen: Complexity, found: Features, *, failed: float, weight: float = 1.0) -> None:
        """One more answer turned out so. `failed` from 0 to 1."""
        chance = self.learned(seen, found)
        self.record.note(Foretold(failed > 0.5, weight, self.rule(seen), chance))
        if not self.is_frozen:
            self.step(found, weight * (chance - failed))

    def step(self, found: Features, error: float) -> None:
        """Move the weights of what was found against the error."""
        self._move(((-1 - place, value) for place, value in enumerate(found.counts)), error, STEP_OF_COUNTS)
        self._move(((bucket, found.share) for bucket in found.words), error, STEP)

    def put_back(self, moved: Mapping[int, Moved]) -> None:
        """These could not be kept: they are kept next time."""
        for bucket, by in moved.items():
            since = self.moved.get(bucket, _STOOD_STILL)
            self.moved[bucket] = Moved(by.weight + since.weight, by.gradient + since.gradient)

    def take_over(self, weights: Mapping[int, tuple[float, float]], record: "Record") -> None:
        """What is kept of these buckets, each a weight and its sum of squares; others may have learned as well."""
        self.record = record
        for bucket, (weight, gradient) in weights.items():
            self.weights[bucket], self.gradients[bucket] = weight, gradient

    def _move(self, values: Iterable[tuple[int, float]], error: float, most: float) -> None:
        for bucket, value in values:
            slope = error * value
            gradient = self.gradients.get(bucket, FIRST_GRADIENT) + slope * slope
            step = -most * slope / math.sqrt(gradient)
            self.gradients[bucket] = gradient
            self.weights[bucket] = self.weights.get(bucket, 0.0) + step
            before = self.moved.get(bucket, _STOOD_STILL)
            self.moved[bucket] = Moved(before.weight + step, before.gradient + slope * slope)

    def _sum(self, found: Features) -> float:
        known = self.weights.get
        of_counts = sum([known(-1 - place, 0.0) * value for place, value in enumerate(found.counts)])
        return of_counts + found.share * sum(map(known, found.words, repeat(0.0)))


class Record:
    """How well rule and learner have foretold."""

    def __init__(self, labels: int = 0, latest: Iterable[Foretold] = ()) -> None:
        self.labels = labels
        """All that there ever were."""
        self.latest: deque[Foretold] = deque(latest, maxlen=WINDOW)
        self._losses: tuple[float, float] | None = None
        """Summed up after a label, not with every decision: that would be most of its time."""

    def note(self, foretold: Foretold) -> None:
        """One more label."""
        self.labels += 1
        self.latest.append(foretold)
        self._losses = None

    @property
    def losses(self) -> tuple[float, float]:
        """Mean log-loss of the rule and of the learner over the latest labels, in nats; 0 and 0 without any."""
        if self._losses is None:
            self._losses = self._summed_up()
        return self._losses

    def _summed_up(self) -> tuple[float, float]:
        total = sum(one.weight for one in self.latest)
        if not total:
            return 0.0, 0.0
        by_rule = sum(one.weight * _loss(one.by_rule, failed=one.failed) for one in self.latest)
        by_learner = sum(one.weight * _loss(one.by_learner, failed=one.failed) for one in self.latest)
        return by_rule / total, by_learner / total

    @property
    def is_trusted(self) -> bool:
        """Whether the learner decides; False = it watches."""
        by_rule, by_learner = self.losses
        return self.labels >= LABELS_NEEDED and by_learner < by_rule

    @property
    def in_words(self) -> str:
        """Where the learner stands."""
        if self.labels < LABELS_NEEDED:
            return f"learning watches: {self.labels} of {LABELS_NEEDED} labels"
        by_rule, by_learner = self.losses
        word = "decides" if self.is_trusted else "watches"
        return f"learning {word}: log-loss {by_learner:.3f}, the rule's {by_rule:.3f}"


def _loss(chance: float, *, failed: bool) -> float:
    return -math.log(max(chance if failed else 1 - chance, 1e-12))
