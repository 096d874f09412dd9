"""What an answer has to be, in the names of promptfoo.dev/docs/configuration/expected-outputs, and whether it is.

- {type: contains, value: billing}      contains-all, contains-any; icontains…: upper and lower case are the same
- {type: not-contains, value: sorry}    every type has its opposite
- {type: json_path, path: $.team, value: billing}
- {type: cost, threshold: 0.01}         dollars, at most
- {type: latency, threshold: 5000}      milliseconds, at most
- {type: llm-rubric, value: Is polite.} another model judges
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from burn_tui.core.json_path import JsonPathError, found_at, steps
from burn_tui.core.json_schema import problem as schema_problem
from burn_tui.core.json_schema import same, unknown_keyword
from burn_tui.core.money import NANOUSD
from burn_tui.core.prompt_values import in_words

NOT = "not-"
JUDGED = "llm-rubric"
"""The one type that needs a call of its own."""

SAME_AS = {"judge": JUDGED, "json-path": "json_path"}
"""Other names for types."""

FOREIGN = ("javascript", "python", "ruby", "webhook")
"""Types of promptfoo's that would run somebody's program."""

_BEGINNINGS = 100
"""So many places of a text are tried as the beginning of JSON."""

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_-]*)\s*\}\}")
_NAMED_GROUP = re.compile(r"\(\?<(?=[A-Za-z])")


class Assertion(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that an answer has to be."""

    type: str
    """Without its `not-`."""
    is_negated: bool = False
    value: Any = None
    """What is expected: a text, a list of texts, a JSON value or schema, a rubric; None = nothing more is said."""
    threshold: float | None = None
    """Of cost in dollars, of latency in milliseconds, of a judge's score from 0 to 1."""
    path: str | None = None
    """Of json_path."""
    provider: str | None = None
    """Who judges; None = whom the comparison names."""

    @property
    def shown(self) -> str:
        """On one line."""
        said = [self.path or "", "" if self.value is None else _short(self.value), self._limit]
        return " ".join([NOT * self.is_negated + self.type, *(part for part in said if part)])

    @property
    def _limit(self) -> str:
        if self.threshold is None:
            return ""
        words = {"cost": f"at most ${self.threshold:g}", "latency": f"at most {self.threshold / 1000:g} s"}
        return words.get(self.type, f"at least {self.threshold:g}")


class Answered(Struct, frozen=True, kw_only=True):
    """What is looked at."""

    text: str
    cost_nanousd: int | None
    """None = unknown."""
    duration_s: float


class Tick(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one assertion."""

    shown: str
    """The assertion."""
    passed: bool | None
    """None = it cannot be told, so it counts neither way."""
    why: str = ""
    """What is wrong, in words; "" = nothing is."""


def named(type_: str) -> tuple[str, bool]:
    """A type as a file has it: its own name, and whether it is the opposite of that."""
    plain = type_.removeprefix(NOT)
    return SAME_AS.get(plain, plain), plain != type_


def problem(assertion: Assertion) -> str | None:
    """Why an assertion means nothing, with the mend; None = it can be checked."""
    kind, value = assertion.type, assertion.value
    if kind in FOREIGN:
        return f"{kind} would run a program, which burn-tui does not do. Use contains, regex, is-json or llm-rubric."
    if kind not in TYPES:
        return f"there is no assertion {kind!r} here. Known: {', '.join(TYPES)}."
    if kind in {"cost", "latency"}:
        unit = "dollars" if kind == "cost" else "milliseconds"
        return None if assertion.threshold is not None else f"{kind} needs a threshold, in {unit}."
    if kind in {"is-json", "contains-json"}:
        unknown = None if value is None else unknown_keyword(value)
        return None if unknown is None else f"{unknown!r} of a JSON Schema cannot be checked. Leave it out."
    if kind == "json_path":
        return _path_problem(assertion.path)
    if value is None:
        return f"{kind} needs a value."
    if kind == "word-count":
        return None if _words_wanted(value) else "word-count needs a number, or min and max."
    return _pattern_problem(value) if kind == "regex" else None


def filled(assertion: Assertion, variables: Mapping[str, object]) -> Assertion:
    """With the values of the case's variables where its value names them as {{name}}."""
    return msgspec.structs.replace(assertion, value=_filled(assertion.value, variables))


def names_in(assertion: Assertion) -> set[str]:
    """The variables that its value names."""
    return set(_VARIABLE.findall(json.dumps(assertion.value)))


def checked(assertion: Assertion, answered: Answered) -> Tick:
    """Whether the answer is so; not for what needs a judge."""
    why = TYPES[assertion.type](assertion, answered)
    if why is None and assertion.is_negated:
        return Tick(shown=assertion.shown, passed=False, why="it is")
    if why == _UNTOLD:
        return Tick(shown=assertion.shown, passed=None, why=why)
    passed = (why is None) != assertion.is_negated
    return Tick(shown=assertion.shown, passed=passed, why="" if passed else why or "")


# --- the types --------------------------------------------------------------------------------------
# Each gives None if the answer is so, else why it is not.

_UNTOLD = "its cost is unknown"


def _equals(wanted: Assertion, answered: Answered) -> str | None:
    if isinstance(wanted.value, dict | list):
        found = _json(answered.text)
        return None if found and same(found[0], wanted.value) else "it is another value"
    return None if answered.text == in_words(wanted.value) else f"it says {_short(answered.text)}"


def _contains(*, every: bool, folds: bool) -> "Check":
    def check(wanted: Assertion, answered: Answered) -> str | None:
        fold = str.casefold if folds else str
        missing = [one for one in _texts(wanted.value) if fold(one) not in fold(answered.text)]
        if not missing or (not every and len(missing) < len(_texts(wanted.value))):
            return None
        return f"{' and '.join(map(_short, missing))} is missing" if every else "none of them is there"

    return check


def _texts(value: Any) -> list[str]:
    return [in_words(one) for one in value] if isinstance(value, list) else [in_words(value)]


def _starts_with(wanted: Assertion, answered: Answered) -> str | None:
    is_so = answered.text.startswith(in_words(wanted.value))
    return None if is_so else f"it begins with {_short(answered.text[:40])}"


def _regex(wanted: Assertion, answered: Answered) -> str | None:
    return None if _pattern(wanted.value).search(answered.text) else "nothing matches"


def _is_json(wanted: Assertion, answered: Answered) -> str | None:
    found = _json(answered.text)
    if not found:
        return "it is no JSON"
    return None if wanted.value is None else schema_problem(found[0], wanted.value)


def _contains_json(wanted: Assertion, answered: Answered) -> str | None:
    found = _json(answered.text) or _json_within(answered.text)
    if not found:
        return "there is no JSON in it"
    wrong = [None if wanted.value is None else schema_problem(one, wanted.value) for one in found]
    return None if None in wrong else wrong[0]


def _json_path(wanted: Assertion, answered: Answered) -> str | None:
    found = _json(answered.text)
    if not found:
        return "it is no JSON"
    there = found_at(found[0], wanted.path or "$")
    if not there:
        return "nothing stands there"
    if wanted.value is None or any(same(one, wanted.value) for one in there):
        return None
    return f"there stands {_short(there[0])}"


def _cost(wanted: Assertion, answered: Answered) -> str | None:
    if answered.cost_nanousd is None:
        return _UNTOLD
    is_fine = answered.cost_nanousd <= round((wanted.threshold or 0.0) * NANOUSD)
    return None if is_fine else f"it cost ${answered.cost_nanousd / NANOUSD:.6f}"


def _latency(wanted: Assertion, answered: Answered) -> str | None:
    is_fine = answered.duration_s * 1000 <= (wanted.threshold or 0.0)
    return None if is_fine else f"it took {answered.duration_s:.2f} s"


def _word_count(wanted: Assertion, answered: Answered) -> str | None:
    fewest, most = _words_wanted(wanted.value) or (0, 0)
    number = len(answered.text.split())
    return None if fewest <= number <= most else f"it has {number} words"


def _by_a_judge(wanted: Assertion, answered: Answered) -> str | None:
    raise NotImplementedError("a judge is asked for that, see rubric.py")


Check = Callable[[Assertion, Answered], str | None]

TYPES: dict[str, Check] = {
    "equals": _equals,
    "contains": _contains(every=True, folds=False),
    "icontains": _contains(every=True, folds=True),
    "contains-all": _contains(every=True, folds=False),
    "icontains-all": _contains(every=True, folds=True),
    "contains-any": _contains(every=False, folds=False),
    "icontains-any": _contains(every=False, folds=True),
    "starts-with": _starts_with,
    "regex": _regex,
    "is-json": _is_json,
    "contains-json": _contains_json,
    "json_path": _json_path,
    "word-count": _word_count,
    "cost": _cost,
    "latency": _latency,
    JUDGED: _by_a_judge,
}


# --- how --------------------------------------------------------------------------------------------


def _pattern(value: Any) -> re.Pattern[str]:
    """JavaScript writes named groups without the P."""
    return re.compile(_NAMED_GROUP.sub("(?P<", in_words(value)))


def _pattern_problem(value: Any) -> str | None:
    try:
        _pattern(value)
    except re.error as error:
        return f"{in_words(value)!r} is no regular expression: {error}."
    return None


def _path_problem(path: str | None) -> str | None:
    if not path:
        return "json_path needs a path, such as $.team."
    try:
        steps(path)
    except JsonPathError as error:
        return str(error)
    return None


def _words_wanted(value: Any) -> tuple[float, float] | None:
    match value:
        case bool():
            return None
        case int():
            return value, value
        case dict() if value and not set(value) - {"min", "max"}:
            return value.get("min", 0), value.get("max", float("inf"))
        case _:
            return None


def _json(text: str) -> list[Any]:
    """The value that the text is; [] = it is none."""
    try:
        return [msgspec.json.decode(text)]
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return []


def _json_within(text: str) -> list[Any]:
    """The objects and lists that stand in the text."""
    found, at, decoder = [], 0, json.JSONDecoder()
    for _ in range(_BEGINNINGS):
        beginning = re.compile(r"[{\[]").search(text, at)
        if beginning is None:
            break
        try:
            value, at = decoder.raw_decode(text, beginning.start())
            found.append(value)
        except (ValueError, RecursionError):
            at = beginning.start() + 1
    return found


def _filled(value: Any, variables: Mapping[str, object]) -> Any:
    match value:
        case str():
            return _VARIABLE.sub(lambda found: _said(variables, found), value)
        case list():
            return [_filled(one, variables) for one in value]
        case dict():
            return {key: _filled(one, variables) for key, one in value.items()}
        case _:
            return value


def _said(variables: Mapping[str, Any], found: re.Match[str]) -> str:
    return in_words(variables[found[1]]) if found[1] in variables else found[0]


def _short(value: Any) -> str:
    text = " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).split())
    return f"“{text}”" if len(text) <= 60 else f"“{text[:59]}…”"
