"""The word and the glyph of an environment, so that its colour is never the only sign."""

from msgspec import Struct

from burn_tui.core.environment import Environment
from burn_tui.tui.cells import cut

_BY_FAMILY = {
    "prod": ("PROD", "■"),
    "live": ("PROD", "■"),
    "local": ("LOCAL", "▲"),
    "test": ("TEST", "▲"),
    "stag": ("STAGE", "◆"),
    "dev": ("DEV", "●"),
}
"""Beginning of the environment's name -> word and glyph."""

_BY_HUE = {"blue": "■", "yellow": "▲", "green": "◆", "violet": "●", "red": "▼", "cyan": "◈"}
"""For names of no known family."""

_WORD_CELLS = 8


class Badge(Struct, frozen=True):
    """What stands for an environment everywhere."""

    word: str
    glyph: str

    def __str__(self) -> str:
        return f"{self.glyph} {self.word}"


def badge(environment: Environment) -> Badge:
    """An unknown environment keeps its name and gets a question mark."""
    name = environment.name.lower()
    own_word = cut(name.upper(), _WORD_CELLS)
    if not environment.is_known:
        return Badge(own_word, "?")
    for beginning, (word, glyph) in _BY_FAMILY.items():
        if name.startswith(beginning):
            return Badge(word, glyph)
    return Badge(own_word, _BY_HUE.get(environment.hue, "○"))
