"""How colours look to people: contrast of text, and how far apart two colours are to each kind of eye. Pure.

Contrast is WCAG 2.2's (w3.org/TR/WCAG22, "contrast ratio"), distance CIEDE2000 (Sharma, Wu, Dalal 2005), and colour
blindness the complete one of Machado, Oliveira and Fernandes 2009, whose matrices work on linear light.
"""

from functools import lru_cache
from itertools import combinations
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt
from typing import Literal

TEXT_CONTRAST = 4.5
"""What WCAG's level AA wants of text on its ground."""

JUST_SEEN = 2.3
"""The CIEDE2000 distance at which two colours side by side begin to look different."""

Eyes = Literal["all colours", "protanopia", "deuteranopia", "tritanopia"]

Triple = tuple[float, float, float]

_VISION: dict[Eyes, tuple[Triple, Triple, Triple]] = {
    "all colours": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}

EYES: tuple[Eyes, ...] = tuple(_VISION)

_XYZ: tuple[Triple, Triple, Triple] = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""Linear sRGB to CIE XYZ (IEC 61966-2-1)."""

_WHITE: Triple = (0.95047, 1.0, 1.08883)
"""D65."""


def contrast(colour: str, ground: str) -> float:
    """From 1.0 for none to 21.0 for black on white. Colours are "#rrggbb"."""
    darker, lighter = sorted((luminance(colour), luminance(ground)))
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(1024)
def luminance(colour: str) -> float:
    """From 0.0 for black to 1.0 for white."""
    red, green, blue = _light(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def distance(one: str, other: str, eyes: Eyes = "all colours") -> float:
    """How different two colours look to these eyes; 0.0 = the same, JUST_SEEN = barely not."""
    return _ciede2000(_seen(one, eyes), _seen(other, eyes))


def nearest_pair(colours: dict[str, str]) -> tuple[float, Eyes, tuple[str, str]]:
    """The two of these that are told apart the worst: how far apart, to whose eyes, and their names."""
    return min(
        (distance(colours[one], colours[other], eyes), eyes, (one, other))
        for one, other in combinations(colours, 2)
        for eyes in EYES
    )


def _light(colour: str) -> Triple:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return red, green, blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _times(matrix: tuple[Triple, Triple, Triple], vector: Triple) -> Triple:
    first, second, third = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return first, second, third


@lru_cache(4096)
def _seen(colour: str, eyes: Eyes) -> Triple:
    """CIELAB coordinates of what these eyes see."""
    red, green, blue = (min(max(part, 0.0), 1.0) for part in _times(_VISION[eyes], _light(colour)))
    x, y, z = (_root(part / white) for part, white in zip(_times(_XYZ, (red, green, blue)), _WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _root(part: float) -> float:
    return part ** (1 / 3) if part > (6 / 29) ** 3 else part * (29 / 6) ** 2 / 3 + 4 / 29


def _ciede2000(one: Triple, other: Triple) -> float:
    lightness, a, b = zip(one, other, strict=True)
    chroma = sum(map(hypot, a, b)) / 2
    stretch = 1.5 - 0.5 * sqrt(chroma**7 / (chroma**7 + 25**7))
    chromas = tuple(hypot(stretch * green_red, blue_yellow) for green_red, blue_yellow in zip(a, b, strict=True))
    hues = tuple(degrees(atan2(bb, stretch * aa)) % 360 for aa, bb in zip(a, b, strict=True))
    turn = (hues[1] - hues[0] + 180) % 360 - 180 if all(chromas) else 0.0
    hue = _mean_hue(hues, is_grey=not all(chromas))
    light, colour = sum(lightness) / 2, sum(chromas) / 2
    tint = (
        1
        - 0.17 * cos(radians(hue - 30))
        + 0.24 * cos(radians(2 * hue))
        + 0.32 * cos(radians(3 * hue + 6))
        - 0.20 * cos(radians(4 * hue - 63))
    )
    by_light = (lightness[1] - lightness[0]) / (1 + 0.015 * (light - 50) ** 2 / sqrt(20 + (light - 50) ** 2))
    by_chroma = (chromas[1] - chromas[0]) / (1 + 0.045 * colour)
    by_hue = 2 * sqrt(chromas[0] * chromas[1]) * sin(radians(turn / 2)) / (1 + 0.015 * colour * tint)
    twist = sin(radians(60 * exp(-(((hue - 275) / 25) ** 2))))
    rotation = -2 * sqrt(colour**7 / (colour**7 + 25**7)) * twist
    return sqrt(by_light**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue)


def _mean_hue(hues: tuple[float, ...], *, is_grey: bool) -> float:
    total, apart = sum(hues), abs(hues[0] - hues[1])
    if is_grey:
        return total
    if apart <= 180:
        return total / 2
    return total / 2 + 180 if total < 360 else total / 2 - 180
