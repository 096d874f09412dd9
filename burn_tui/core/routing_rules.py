"""The user's rules for auto: the first that fits a prompt holds, and beats whatever was learned.

`@strong` or `@cheap` before a prompt is such a rule, for this one prompt.
"""

import re
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from burn_tui.core.task_class import TaskClass

Tier = Literal["local", "cheap", "mid", "strong"]
Profile = Literal["deterministic", "creative"]
"""deterministic: temperature 0, a fixed seed, a dated model where there is one, nothing tried out. creative: 1.0."""

_MARK = re.compile(r"@(local|cheap|mid|strong)(?:\s+|$)")
_PATH = re.compile(r"(?<![\w@])(?:~|\.{1,2})?/?(?:[\w.-]+/)*[\w-]*\.\w{1,10}\b|(?<![\w@])(?:[\w.-]+/)+[\w.-]+")


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of `rules:`, for auto. Every condition that is given has to hold; the first rule that fits decides, and
    beats whatever was learned.
    """

    project: str | None = None
    """A pattern for the project's name; * and ? stand for anything."""
    path: str | None = None
    """A pattern for a path that the prompt names, such as "**/*.tf" or "docs/**"."""
    regex: str | None = None
    """A regular expression that is found in the prompt."""
    operation: str | None = None
    """A pattern for what the caller says it is doing."""
    session: str | None = None
    """A pattern for the session's name."""
    task: TaskClass | None = None
    """The class that the prompt was given: infra_config, code_edit, quick_snippet, architecture, docs, test_or_debug or
    other."""
    tier: Tier | None = None
    """Who answers: local, cheap, mid or strong; absent = as without the rule."""
    use: str | None = None
    """provider/model that answers before all others."""
    profile: Profile | None = None
    """deterministic = temperature 0, a fixed seed, a dated model, nothing tried out; creative = temperature 1."""
    check: str | None = None
    """The entry of `checks:` that judges the answers; absent = by their class."""

    @property
    def in_words(self) -> str:
        """Its conditions."""
        names = ("project", "path", "regex", "operation", "session", "task")
        given = [f"{name} {value}" for name in names if (value := getattr(self, name)) is not None]
        return " and ".join(given) or "always"

    @property
    def needs_text(self) -> bool:
        """Whether it asks for something that only the prompt's own words can tell."""
        return self.path is not None or self.regex is not None


class Facts(Struct, frozen=True, kw_only=True):
    """What rules may ask of one request."""

    prompt: str
    task: TaskClass
    project: str = ""
    operation: str = ""
    session: str = ""


def marked(prompt: str) -> tuple[Tier | None, str]:
    """The tier that stands before a prompt, as in "@strong why?", and the prompt without it."""
    match = _MARK.match(prompt)
    if match is None:
        return None, prompt
    tier: Tier = match.group(1)  # type: ignore[assignment]  # the pattern has just these words
    return tier, prompt[match.end() :]


def first_match(rules: tuple[Rule, ...], facts: Facts) -> Rule | None:
    """The rule that holds; None = none does."""
    paths = paths_in(facts.prompt) if any(rule.path for rule in rules) else ()
    return next((rule for rule in rules if _fits(rule, facts, paths)), None)


def paths_in(prompt: str) -> tuple[str, ...]:
    """What looks like the path of a file."""
    # A path has no white space within it, and most words have neither sign: the pattern need not see them.
    likely = " ".join([word for word in prompt[:20_000].split() if "/" in word or "." in word])
    return tuple(dict.fromkeys(match.group().removeprefix("./") for match in _PATH.finditer(likely)))


def _fits(rule: Rule, facts: Facts, paths: tuple[str, ...]) -> bool:
    patterns = ((rule.project, facts.project), (rule.operation, facts.operation), (rule.session, facts.session))
    return (
        all(pattern is None or glob(pattern).fullmatch(value) is not None for pattern, value in patterns)
        and (rule.task is None or rule.task == facts.task)
        and (rule.path is None or any(glob(rule.path).fullmatch(path) for path in paths))
        and (rule.regex is None or _regex(rule.regex).search(facts.prompt) is not None)
    )


@lru_cache(maxsize=256)
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@lru_cache(maxsize=256)
def glob(pattern: str) -> re.Pattern[str]:
    """A pattern of paths or names as a regular expression."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meaning = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    return re.compile("".join(meaning.get(part, re.escape(part)) for part in parts), re.DOTALL)
