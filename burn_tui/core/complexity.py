"""How demanding a prompt is, by what can be seen in it: a prior, in well under a millisecond.

What a prompt shows of its difficulty is little, for everybody. So the rule is short and its weights are round numbers:
longer and more formal prompts gain more from a stronger model, and mathematics, and work on a whole. Chores gain less,
and questions less than tasks; so do sums of everyday life, which small models have learned to do, and figures to choose
from, where large ones guess as well. What else is counted here is for experience to weigh (route_learning.py): as parts
of the rule it made no difference that lasted from one kind of prompts to the next. White space and case change nothing.

The weights were set by hand and compared on published answers of models to MMLU, MMLU-Pro, GSM8K, MATH and CRUXEval
(RouteLLM, ZeroEval and TIGER-Lab), on the part that is meant for it; a regression on fifty such counts, fitted to the
same prompts, ranks no better. tests/bench/route_quality.py measures it on the part kept apart.
"""

import math
import re
from functools import lru_cache

from msgspec import Struct

LONGEST_LOOKED_AT = 2_000
"""Characters. Of a longer prompt the beginning and the end count: what is asked stands around what was pasted."""

_HEAD, _TAIL = 1_200, 800
_RAW = 4 * LONGEST_LOOKED_AT
"""Characters in which the former are looked for, since white space is not among them."""

_WORD = re.compile(r"[a-z]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_FORMAL = re.compile(r"\\[a-z]+|[\^_={}<>|]")
_LIMITS = frozenset(
    "not except least never false without unless neither nor only must all every both cannot".split()  # noqa: SIM905
)
_EVERYDAY = frozenset("each hour hours day days week weeks buy buys sell sells total dollar dollars".split())  # noqa: SIM905
_EVERYDAY_PHRASES = ("how many", "how much")
_SUM_OF_MONEY = re.compile(r"[$€£]\d")
_MATHEMATICAL = """
    integer prime divisor divisible remainder modulo digit consecutive dice permutation probability probabilities
    polynomial equation quadratic inequality inequalities logarithm factorial theorem rational irrational arithmetic
    geometric coordinate triangle isosceles equilateral circle radius radii polygon hexagon octagon pentagon
    quadrilateral trapezoid parallelogram rectangle angle vertex vertices diagonal altitude median midpoint tangent
    hypotenuse perpendicular collinear congruent inscribed circumscribed cube sphere cone cylinder
"""
"""Terms that hardly mean anything else: not function, parallel, multiple, which programmers say all day."""
_MATHEMATICS = frozenset(f"{word}{ending}" for word in _MATHEMATICAL.split() for ending in ("", "s"))
_CHOICES = re.compile(r" \(?a[.):] (?=.* \(?b[.):] )")
"""Where the answers to choose from begin, if there are any."""
_DIGITS = re.compile(r"\d+")
_SHARE_OF_FIGURES = 0.15
"""Of the characters of the choices, from which on they are figures."""
_DESIGN = re.compile(
    r"\b(?:architect\w*|redesign|trade-?offs?|refactor\w*|migrat\w+|concurren\w+|deadlocks?|race conditions?"
    r"|root cause|prove|optimi[sz]e|scalab\w+|threat model|distributed|backwards? compatib\w+)\b"
)
_DESIGN_STEMS = (
    "architect",
    "redesign",
    "tradeoff",
    "trade-off",
    "refactor",
    "migrat",
    "concurren",
    "deadlock",
    "race condition",
    "root cause",
    "prove",
    "optimi",
    "scalab",
    "threat model",
    "distributed",
    "compatib",
)
_CHORE = re.compile(
    r"\b(?:rename|typos?|reformat|one-?liner|commit message|spell(?:ing|check)|capitali[sz]e|pretty-?print|sort the)\b"
)
_CHORE_STEMS = ("rename", "typo", "reformat", "liner", "commit m", "spell", "capitali", "pretty", "sort the")
_SIGN = re.compile(r"[^\w\s]|_")
_SENTENCE_END = re.compile(r"[.?!;] ")
_LONG_WORD = 10
_USUAL_WORD = 6
"""Characters, with the space after it."""
_FLOW = re.compile(r"\b(?:for|while|if|elif|else|return)\b[^.?!]{0,60}[:;{(]")


class Complexity(Struct, frozen=True, kw_only=True):
    """What was counted in the part of a prompt that is looked at."""

    words: int
    formal: int
    """Signs of mathematics and code: \\command ^ _ = { } < > |"""
    limits: int
    """Words that restrict: not, except, only, must, ..."""
    everyday: int
    """Words of sums of everyday life: how many, each, $5, ..."""
    numbers: int
    signs: int
    """Characters that are neither letters, digits nor white space."""
    flow: int
    """Loops and conditions of programs."""
    design: int
    """Words of work on a whole: architecture, trade-off, migration, ..."""
    chores: int
    """Words of what any model can do: rename, typo, one-liner, ..."""
    repeats: float
    """The share of words that were there before; 0 = every word is new."""
    letters: int
    """Of all words."""
    long_words: int
    """Of ten letters and more."""
    sentences: int
    questions: int
    characters: int
    maths: int
    """Terms of mathematics: integer, triangle, probability, ..."""
    has_figures: bool
    """True = there are answers to choose from, and they are figures."""

    @property
    def is_formal(self) -> bool:
        """Whether it holds code or mathematics at all. How much of it says nothing more."""
        return self.formal >= 2

    @property
    def is_everyday(self) -> bool:
        """Whether it is a sum of everyday life and nothing that mathematicians would call their work."""
        return self.everyday > 0 and not self.is_formal and not self.maths

    @property
    def score(self) -> float:
        """How much a stronger model is worth here, by the rule alone. Around 5; 2 is trivial, 8 is a lot."""
        return (
            math.log2(1 + self.characters / _USUAL_WORD)
            + 1.5 * self.is_formal
            + 0.5 * (self.maths > 0)
            + 0.7 * math.log2(1 + self.design)
            - 1.0 * math.log2(1 + self.chores)
            - 0.5 * math.log2(1 + self.questions)
            - 0.5 * self.is_everyday
            - 1.0 * self.has_figures
        )

    @property
    def reasons(self) -> tuple[str, ...]:
        """What the score comes from, in words, the plainest things first."""
        said = [f"{self.characters} characters"]
        counted = (
            (self.formal, "sign of code or mathematics", "signs of code or mathematics"),
            (self.maths, "term of mathematics", "terms of mathematics"),
            (self.design, "word of design work", "words of design work"),
            (self.chores, "chore", "chores"),
            (self.questions, "question", "questions"),
        )
        said += [f"{count} {one if count == 1 else many}" for count, one, many in counted if count]
        said += ["a sum of everyday life"] * self.is_everyday + ["figures to choose from"] * self.has_figures
        return tuple(said)


@lru_cache(maxsize=8)
def looked_at(prompt: str) -> str:
    """The part of `prompt` that counts: at most LONGEST_LOOKED_AT characters, in one case, white space made alike.

    The last few are kept: of one prompt complexity, class and features are asked for, one after the other.
    """
    is_long = len(prompt) > _RAW
    text = " ".join((prompt[: _RAW // 2] if is_long else prompt).split()).casefold()
    end = " ".join(prompt[-_RAW // 2 :].split()).casefold() if is_long else text
    if not is_long and len(text) <= LONGEST_LOOKED_AT:
        return text
    return f"{text[:_HEAD]} {end[1 - _TAIL :]}"


def _everyday(text: str, words: list[str]) -> int:
    phrases = sum(text.count(phrase) for phrase in _EVERYDAY_PHRASES)
    return phrases + sum(map(_EVERYDAY.__contains__, words)) + len(_SUM_OF_MONEY.findall(text))


def _count(pattern: re.Pattern[str], stems: tuple[str, ...], text: str) -> int:
    """Most prompts hold none of the stems, and a plain search is ten times as quick as the pattern's."""
    return len(pattern.findall(text)) if any(map(text.__contains__, stems)) else 0


def _has_figures(text: str) -> bool:
    if (found := _CHOICES.search(text)) is None:
        return False
    choices = text[found.end() :]
    return sum(map(len, _DIGITS.findall(choices))) > _SHARE_OF_FIGURES * len(choices)


@lru_cache(maxsize=64)
def complexity(text: str) -> Complexity:
    """Of what `looked_at` gives. The last few are kept: the prompt line asks with every key."""
    words = _WORD.findall(text)
    lengths = list(map(len, words))
    return Complexity(
        words=len(words),
        formal=len(_FORMAL.findall(text)),
        limits=sum(map(_LIMITS.__contains__, words)) + text.count("n't"),
        everyday=_everyday(text, words),
        numbers=len(_NUMBER.findall(text)),
        signs=len(_SIGN.findall(text)),
        flow=len(_FLOW.findall(text)),
        design=_count(_DESIGN, _DESIGN_STEMS, text),
        chores=_count(_CHORE, _CHORE_STEMS, text),
        repeats=1 - len(set(words)) / max(len(words), 1),
        letters=sum(lengths),
        long_words=len([length for length in lengths if length >= _LONG_WORD]),
        sentences=len(_SENTENCE_END.findall(text)),
        questions=text.count("?"),
        characters=len(text),
        maths=sum(map(_MATHEMATICS.__contains__, words)),
        has_figures=_has_figures(text),
    )
