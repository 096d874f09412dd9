"""What every theme owes the eyes that look at it: text that can be read, and colours that are told apart. Pure.

Kept by a test for the themes of burn-tui; the user's own are worn as they are, and what they break is said.
"""

from collections.abc import Iterator

from msgspec import Struct, structs

from burn_tui.tui.colour_vision import JUST_SEEN, TEXT_CONTRAST, contrast, nearest_pair
from burn_tui.tui.theme import Palette

ENVIRONMENTS_APART = 7.5
"""CIEDE2000 between any two hues of environments, `calling` and `attention`, to any of EYES: three times JUST_SEEN.
They stand on one screen, and to take one for the other costs money."""

PROVIDERS_APART = 6.0
"""The same between any two providers, whose names stand beside their colours."""

_GROUNDS = ("background", "surface")
"""What tabs, transcript, panels and dialogs stand on."""

_ON_EVERY_GROUND = ("foreground", "muted")
"""Passing messages, which stand on `panel`, use no other text."""

_TINT = 0.12
"""Of a band's own colour in its ground."""

Path = tuple[str | int, ...]


class Fault(Struct, frozen=True):
    """One thing that is wrong with a theme."""

    path: Path
    """Of the colour in the theme's file."""
    problem: str
    """What is wrong with it, in words that go on after its name."""


def faults(palette: Palette) -> list[Fault]:
    """Everything that is wrong; [] = nothing."""
    return [*_hard_to_read(palette), *_alike(palette)]


def environment_colours(palette: Palette) -> dict[str, str]:
    """What must never be confused, by name."""
    hues: dict[str, str] = structs.asdict(palette.environments)
    return {**hues, "calling": palette.calling, "attention": palette.attention}


def _hard_to_read(palette: Palette) -> Iterator[Fault]:
    interface: dict[str, str] = structs.asdict(palette.interface)
    for path, colour in _texts(palette):
        grounds = (*_GROUNDS, "panel") if path[-1] in _ON_EVERY_GROUND else _GROUNDS
        worst = min(grounds, key=lambda ground: contrast(colour, interface[ground]))
        if (found := contrast(colour, interface[worst])) < TEXT_CONTRAST:
            yield Fault(path, f"on {worst} has a contrast of {found:.1f}, and text needs {TEXT_CONTRAST}.")
    for path, colour in ((("attention",), palette.attention), (("interface", "error"), palette.interface.error)):
        if not palette.is_ansi and (found := contrast(colour, _tinted(palette, colour))) < TEXT_CONTRAST:
            yield Fault(path, f"on a band of its own tint has a contrast of {found:.1f}; text needs {TEXT_CONTRAST}.")


def _texts(palette: Palette) -> Iterator[tuple[Path, str]]:
    """Everything that is written in a colour of its own."""
    for name, colour in structs.asdict(palette.interface).items():
        if name not in (*_GROUNDS, "panel"):
            yield ("interface", name), colour
    yield ("attention",), palette.attention
    yield ("calling",), palette.calling
    for name, colour in structs.asdict(palette.environments).items():
        yield ("environments", name), colour
    for name, colour in palette.providers.items():
        yield ("providers", name), colour
    for position, colour in enumerate(palette.other_providers):
        yield ("other_providers", position), colour


def _tinted(palette: Palette, colour: str) -> str:
    ground = palette.interface.background
    return "#" + "".join(
        f"{round(int(ground[at : at + 2], 16) * (1 - _TINT) + int(colour[at : at + 2], 16) * _TINT):02x}"
        for at in (1, 3, 5)
    )


def _alike(palette: Palette) -> Iterator[Fault]:
    # What the terminal makes of its sixteen is its own business; that they are different ones is ours.
    wanted = JUST_SEEN if palette.is_ansi else ENVIRONMENTS_APART
    apart, eyes, (one, other) = nearest_pair(environment_colours(palette))
    if apart < wanted:
        yield Fault(_place(one), f"and {other} look alike to eyes with {eyes} ({apart:.1f} apart, wanted {wanted}).")
    others = {f"other_providers {position}": colour for position, colour in enumerate(palette.other_providers)}
    wanted = JUST_SEEN if palette.is_ansi else PROVIDERS_APART
    for group, colours in (("providers", dict(palette.providers)), ("other_providers", others)):
        if len(colours) > 1:
            apart, eyes, (one, other) = nearest_pair(colours)
            if apart < wanted:
                yield Fault(
                    (group,), f"has {one} and {other} alike to eyes with {eyes} ({apart:.1f} apart, wanted {wanted})."
                )


def _place(name: str) -> Path:
    return (name,) if name in {"calling", "attention"} else ("environments", name)
