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

_START = "\x02 "
"""Stands before the first word."""

_BETWEEN = str.maketrans(dict.fromkeys('()[]{}"`,;!?<>=*#|', " "))
"""What stands between words. Other signs may be part of a name or a path."""

_BUILT_IN: Mapping[TaskClass, tuple[tuple[float, tuple[str, ...]], ...]] = {
    "infra_config": (
        (3, (" terraform", ".tf ", ".tfvars ", ".hcl ")),
        (2, ("dockerfile ", " docker compose", " docker-compose", "compose.yml ", "compose.yaml ")),
        (3, (" kubernetes ", " kubectl ", " k8s ", " helm chart", " helm values", " kustomiz")),
        (2, (" ansible", " playbook", " cloudformation", " pulumi", " nginx", " systemd")),
        (2, (" github action", " gitlab-ci", ".github/workflows/", " ci pipeline")),
        (1, (" iam ", " s3 ", " vpc ", " ingress ", " configmap", " security group", " load balancer")),
        (3, (" apiversion ", " kind deployment ", " kind service ", " resource aws_")),
    ),
    "test_or_debug": (
        (3, (" traceback ", " stack trace", " stacktrace", " segfault", " panic ", "error ", "exception ")),
        (1, (" why does ", " why is ", " why do ", " why are ", " why did ", " why won't ", " why doesn't ")),
        (
            2,
            (
                " debug",
                " fail ",
                " fails ",
                " failed ",
                " failing ",
                " failure",
                " crash",
                " broken ",
                " flaky",
                " bug ",
            ),
        ),
        (
            3,
            (" unit test", " integration test", " regression test", " pytest", " jest ", " test case", " write tests "),
        ),
        (1, (" mock ", " fixture", " coverage ", " assert")),
    ),
    "architecture": (
        (3, (" architect",)),
        (3, (" trade-off", " tradeoff", " system design", " design a ", " design an ", " design the ", " design how ")),
        (
            3,
            (
                " should we split ",
                " should i split ",
                " should we structure ",
                " should i structure ",
                " should we scale ",
            ),
        ),
        (2, (" microservice", " monolith", " event sourc", " event-sourc", " scaling ", " scalab", " migration plan")),
        (2, (" pros and cons ", " compare the approach", " compare these approach", " which database ")),
    ),
    "docs": (
        (3, ("readme", "changelog", " docstring", " release note", " docs/")),
        (2, (" documentation ", " document ", " documenting ", " tutorial", " user guide", " blog post")),
        (2, (" proofread", " reword", " rephrase", " copyedit", " copy-edit", " summari", " translate ")),
    ),
    "code_edit": (
        (3, (" refactor", " rename ", " extract a method", " extract the method", " extract a function")),
        (1, (" add ", " change ", " fix ", " implement ", " update ", " remove ", " replace ", " rewrite ", " port ")),
        (1, (" function ", " method ", " class ", " module ", " endpoint ", " handler ", " component ", " interface ")),
        (
            2,
            (
                ".py ",
                ".js ",
                ".ts ",
                ".tsx ",
                ".go ",
                ".rs ",
                ".java ",
                ".kt ",
                ".cc ",
                ".cpp ",
                ".rb ",
                ".cs ",
                ".sql ",
            ),
        ),
        (3, (" diff --git ", " @@ -")),
    ),
    "quick_snippet": (
        (3, (" one-liner", " oneliner", " snippet", " command to ", " command for ", " command that ", " regex ")),
        (2, (_START + "how do ", _START + "how can ", _START + "how to ", _START + "write a ", _START + "give me ")),
        (1, (" bash ", " awk ", " sed ", " jq ", " curl ", " git ", " sql ", " shell ")),
    ),
}
"""What each class is recognised by, and what each row counts once. Text is in lower case, on one line, with a space for
whatever stands between words, and begins with _START. Plain searches: forty regular expressions would cost a decision
more time than all the rest of it.
"""


def _first_word(sign: str) -> str | None:
    """Of several words; None = it is a part of one word."""
    words = sign.removeprefix(_START).split()
    return words[0] if len(words) > 1 else None


_SIGNS = tuple(
    (
        task_class,
        count,
        frozenset(sign.strip() for sign in signs if sign == f" {sign.strip()} " and " " not in sign.strip()),
        tuple((_first_word(sign), sign) for sign in signs if sign != f" {sign.strip()} " or " " in sign.strip()),
    )
    for task_class, rows in _BUILT_IN.items()
    for count, signs in rows
)
"""The same, whole words apart, and each other sign with its first word: to look up a word is quicker than to search the
text for it.
"""

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
    words = f"{text.translate(_BETWEEN)} ".replace(". ", " ").replace(": ", " ").split()
    plain = f"{_START}{' '.join(words)} "
    points: dict[TaskClass, float] = {}
    found: dict[TaskClass, str] = {}
    known = set(words)
    once = f" {' '.join(known)} "
    for task_class, count, whole, parts in _SIGNS:
        sign = min(whole & known, default=None) or next(
            (one for first, one in parts if (one in once if first is None else first in known and one in plain)), None
        )
        if sign is not None:
            points[task_class] = points.get(task_class, 0.0) + count
            found.setdefault(task_class, sign.removeprefix(_START).strip())
    if text.count(" ") >= _LONGEST_SNIPPET_WORDS:
        points.pop("quick_snippet", None)
    if not points or max(points.values()) < _LEAST:
        return Classified("other", "nothing in it says what kind of work it is")
    best = max(points, key=lambda one: points[one])  # of equals the one that stands first above
    return Classified(best, f"it says {found[best]!r}")
