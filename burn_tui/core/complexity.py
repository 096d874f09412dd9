"""How demanding a prompt is, by what can be seen in it: a prior, in well under a millisecond.

What a prompt shows of its difficulty is little, for everybody. So the rule is short and its weights are round numbers:
longer and more formal prompts gain more from a stronger model, and work on a whole; chores gain less. What else is
counted here is for experience to weigh (route_learning.py): as parts of the rule it made no difference that lasted from
one kind of prompts to the next. White space and case change nothing.
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
_DESIGN = re.compile(
    r"\b(?:architect\w*|redesign|trade-?offs?|refactor\w*|migrat\w+|concurren\w+|deadlocks?|race conditions?"
    r"|root cause|prove|optimi[sz]e|scalab\w+|threat model|distributed|backwards? compatib\w+)\b"
)
_CHORE = re.compile(
    r"\b(?:rename|typos?|reformat|one-?liner|commit message|spell(?:ing|check)|capitali[sz]e|pretty-?print|sort the)\b"
)
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

    @property
    def is_formal(self) -> bool:
        """Whether it holds code or mathematics at all. How much of it says nothing more."""
        return self.formal >= 2

    @property
    def score(self) -> float:
        """How much a stronger model is worth here, by the rule alone. Around 5; 2 is trivial, 8 is a lot."""
        return (
            math.log2(1 + self.characters / _USUAL_WORD)
            + 1.5 * self.is_formal
            + 0.7 * math.log2(1 + self.design)
            - 1.0 * math.log2(1 + self.chores)
        )

    @property
    def reasons(self) -> tuple[str, ...]:
        """What the score comes from, in words, the plainest things first."""
        said = [f"{self.characters} characters"]
        counted = (
            (self.formal, "sign of code or mathematics", "signs of code or mathematics"),
            (self.design, "word of design work", "words of design work"),
            (self.chores, "chore", "chores"),
        )
        said += [f"{count} {one if count == 1 else many}" for count, one, many in counted if count]
        return tuple(said)


def looked_at(prompt: str) -> str:
    """The part of `prompt` that counts: at most LONGEST_LOOKED_AT characters, in one case, white space made alike."""
    is_long = len(prompt) > _RAW
    text = " ".join((prompt[: _RAW // 2] if is_long else prompt).split()).casefold()
    end = " ".join(prompt[-_RAW // 2 :].split()).casefold() if is_long else text
    if not is_long and len(text) <= LONGEST_LOOKED_AT:
        return text
    return f"{text[:_HEAD]} {end[1 - _TAIL :]}"


def _everyday(text: str, words: list[str]) -> int:
    phrases = sum(text.count(phrase) for phrase in _EVERYDAY_PHRASES)
    return phrases + sum(map(_EVERYDAY.__contains__, words)) + len(_SUM_OF_MONEY.findall(text))


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
        design=len(_DESIGN.findall(text)),
        chores=len(_CHORE.findall(text)),
        repeats=1 - len(set(words)) / max(len(words), 1),
        letters=sum(lengths),
        long_words=sum(length >= _LONG_WORD for length in lengths),
        sentences=len(_SENTENCE_END.findall(text)),
        questions=text.count("?"),
        characters=len(text),
    )
