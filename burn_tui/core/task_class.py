"""What kind of work a prompt is, by its words and its form.

The kind decides by whom and how it is best done: a Terraform file wants the same answer every time, an architecture
wants a strong model, a snippet does not. Every prompt is judged by itself, so one session may mix them.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, get_args

from msgspec import Struct

from burn_tui.core.complexity import looked_at

TaskClass = Literal["infra_config", "code_edit", "quick_snippet", "architecture", "docs", "test_or_debug", "other"]

TASK_CLASSES: tuple[TaskClass, ...] = get_args(TaskClass)

_LONGEST_SNIPPET_WORDS = 40

_BUILT_IN: Mapping[TaskClass, tuple[tuple[str, float], ...]] = {
    "infra_config": (
        (r"[\w./-]*\.(?:tf|tfvars|hcl)\b|\bterraform\b", 3),
        (r"\bdockerfile\b|\bdocker[- ]compose\b|\bcompose\.ya?ml\b", 2),
        (r"\bkubernetes\b|\bkubectl\b|\bk8s\b|\bhelm (?:chart|values|release)\b|\bkustomiz", 3),
        (r"\bansible\b|\bplaybook\b|\bcloudformation\b|\bpulumi\b|\bnginx\b|\bsystemd\b", 2),
        (r"\bgithub actions?\b|\bgitlab-ci\b|\.github/workflows/|\bci pipeline\b", 2),
        (r"\b(?:iam|s3|vpc|ingress|configmap|security group|load balancer)\b", 1),
        (r"\bapiversion: |\bresource \"\w+\"|\bkind: (?:deployment|service|ingress)", 3),
    ),
    "test_or_debug": (
        (r"\btraceback\b|\bstack ?trace\b|\bsegfault\b|\bpanic: |\b\w+(?:error|exception)\b:", 3),
        (r"\bwhy (?:does|is|do|are|did|won't|doesn't|can't)\b", 1),
        (r"\bdebug\b|\bfail(?:s|ed|ing|ure)?\b|\bcrash\w*|\bbroken\b|\bflaky\b|\bbug\b", 2),
        (r"\b(?:unit|integration|regression) tests?\b|\bpytest\b|\bjest\b|\btest cases?\b|\bwrite tests?\b", 3),
        (r"\bmock\b|\bfixtures?\b|\bcoverage\b|\bassert(?:ion)?s?\b", 1),
    ),
    "architecture": (
        (r"\barchitect\w*", 3),
        (r"\btrade-?offs?\b|\bsystem design\b|\bdesign (?:a|an|the|how)\b", 3),
        (r"\bhow should (?:i|we) (?:structure|split|model|organi[sz]e|scale)\b", 3),
        (r"\bmicroservices?\b|\bmonolith\b|\bevent[- ]sourc\w+|\bscal(?:e|ing|ability)\b|\bmigration plan\b", 2),
        (r"\bpros and cons\b|\bcompare\b.{0,60}\b(?:approach|option|database|framework)\w*", 2),
    ),
    "docs": (
        (r"\breadme\b|\bchangelog\b|\bdocstrings?\b|\brelease notes?\b|(?:^|\s)docs/", 3),
        (r"\bdocument(?:ation|ing)?\b|\btutorial\b|\buser guide\b|\bblog post\b", 2),
        (r"\b(?:proofread|reword|rephrase|copy-?edit|summari[sz]e|translate)\b", 2),
    ),
    "code_edit": (
        (r"\brefactor\w*|\brename\b|\bextract (?:a |the )?(?:method|function|class)\b", 3),
        (r"\b(?:add|change|fix|implement|update|remove|replace|rewrite|port|convert)\b", 1),
        (r"\b(?:function|method|class|module|endpoint|handler|component|struct|interface)\b", 1),
        (r"[\w/-]+\.(?:py|js|ts|tsx|go|rs|java|kt|c|cc|cpp|h|rb|php|cs|swift|scala|sql|vue)\b", 2),
        (r"```", 1),
        (r"(?:^|\s)(?:diff --git|@@ -\d+)", 3),
    ),
    "quick_snippet": (
        (r"\bone-?liner\b|\bsnippet\b|\bcommand (?:to|for|that)\b|\bregex(?:p)?\b", 3),
        (r"^(?:how (?:do|can|to)|what(?:'s| is) the|write (?:a|me a)|give me)\b", 2),
        (r"\b(?:bash|awk|sed|jq|curl|git|sql|shell)\b", 1),
    ),
}
"""Patterns and what each counts, on text in lower case and on one line."""

_LEAST = 2.0
"""What fewer points than these say is nothing."""


class Classified(Struct, frozen=True):
    """A prompt's class."""

    task_class: TaskClass
    why: str


class Correction(Struct, frozen=True):
    """A person said what a prompt really was."""

    words: frozenset[str]
    """Of the prompt; those like it are of its class."""
    task_class: TaskClass


LEAST_ALIKE = 0.6
"""Shared words among all words of two prompts, from which on one is like the other."""

Patterns = tuple[tuple[TaskClass, str], ...]
"""The user's own, each with its class; one that is found decides. Regular expressions, case left out of account."""


def words_of(prompt: str) -> frozenset[str]:
    """The words by which prompts are compared."""
    return frozenset(re.findall(r"[^\W\d_]{2,}", looked_at(prompt)))


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """From 0, nothing in common, to 1, the same words."""
    return len(one & other) / len(one | other) if one and other else 0.0


def classify(prompt: str, patterns: Patterns = (), corrections: Sequence[Correction] = ()) -> Classified:
    """The class of `prompt`: what a person said of one like it, then the user's patterns, then the built-in ones."""
    if corrections:
        words = words_of(prompt)
        nearest = max(corrections, key=lambda one: alike(words, one.words))
        if alike(words, nearest.words) >= LEAST_ALIKE:
            return Classified(nearest.task_class, "as you said of a prompt like it")
    text = looked_at(prompt)
    for task_class, pattern in patterns:
        if _compiled(pattern).search(text):
            return Classified(task_class, f"your pattern {pattern}")
    return _by_points(text)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


@lru_cache(maxsize=64)
def _by_points(text: str) -> Classified:
    points: dict[TaskClass, float] = {}
    found: dict[TaskClass, str] = {}
    for task_class, signs in _BUILT_IN.items():
        for pattern, count in signs:
            if match := _compiled(pattern).search(text):
                points[task_class] = points.get(task_class, 0.0) + count
                found.setdefault(task_class, match.group().strip())
    if text.count(" ") >= _LONGEST_SNIPPET_WORDS:
        points.pop("quick_snippet", None)
    if not points or max(points.values()) < _LEAST:
        return Classified("other", "nothing in it says what kind of work it is")
    best = max(points, key=lambda one: points[one])  # of equals the one that stands first above
    return Classified(best, f"it says {found[best][:40]!r}")
