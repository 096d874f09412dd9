"""Themes: one YAML file each, with the colours of the interface, the environments and the providers.

A theme says its colours as "#rrggbb", or takes all of them from the sixteen that every terminal has of its own.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from msgspec import Struct, structs

from burn_tui.core.errors import UnknownNameError, mend_by_name

if TYPE_CHECKING:
    from burn_tui.engine.yaml_source import Document

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

SIXTEEN = (
    *("#000000", "#c91b00", "#00c200", "#c7c400", "#0225c7", "#c930c7", "#00c5c7", "#c7c7c7"),
    *("#676767", "#ff6d67", "#5ff967", "#fefb67", "#6871ff", "#ff76ff", "#5ffdff", "#ffffff"),
)
"""What the terminal's own colours are taken to look like, by their number: as in iTerm2's dark background.

The terminal decides what they are; this is for whatever has to be reckoned from them.
"""

_EIGHT = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_ANSI = dict(zip([f"ansi_{bright}{name}" for bright in ("", "bright_") for name in _EIGHT], SIXTEEN, strict=True))
"""By the names that Textual gives them."""


class Interface(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Colours of what is neither an environment nor a provider, each as "#rrggbb"."""

    background: str
    surface: str
    """Ground of tabs, dialogs and code."""
    panel: str
    """Frames, and the ground of passing messages."""
    foreground: str
    muted: str
    """Text that matters less."""
    primary: str
    secondary: str
    accent: str
    """Keys, links and headings."""
    success: str
    error: str


class Hues(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Colours of environments, by the hue that settings give them."""

    blue: str
    yellow: str
    green: str
    violet: str
    grey: str
    red: str
    cyan: str


class Palette(Struct, frozen=True, kw_only=True):
    """Every colour of one theme, as "#rrggbb"."""

    name: str
    """The file's name without its ending."""
    dark: bool
    interface: Interface
    attention: str
    """A fallback, a budget, a truncated answer."""
    calling: str
    """A provider is being called at this moment."""
    environments: Hues
    providers: Mapping[str, str]
    other_providers: tuple[str, ...]
    """At least one; a provider without a colour of its own always gets the same one of them."""
    is_ansi: bool = False
    """True = all colours are the terminal's own, and what stands here is one of SIXTEEN."""

    def environment(self, hue: str) -> str:
        """The colour of environments with this hue; grey for a hue that does not exist."""
        hues: dict[str, str] = structs.asdict(self.environments)
        return hues.get(hue, self.environments.grey)

    def provider(self, name: str) -> str:
        """The colour of a provider, the same in every run."""
        others = self.other_providers
        # Not hash(): Python salts it anew in every process.
        return self.providers.get(name) or others[crc32(name.encode()) % len(others)]


DEFAULT = Palette(
    name="default",
    dark=True,
    interface=Interface(
        background="#0f141b",
        surface="#171d27",
        panel="#242d3b",
        foreground="#d7dde6",
        muted="#98a3b3",
        primary="#6ea8f7",
        secondary="#b59bf0",
        accent="#6cc7d9",
        success="#71c793",
        error="#fa6f6a",
    ),
    attention="#f9a012",
    calling="#f96258",
    environments=Hues(
        blue="#5f91f6",
        yellow="#fae076",
        green="#68c88c",
        violet="#cfb0ff",
        grey="#9a9ca6",
        red="#ffa6cb",
        cyan="#85eeed",
    ),
    providers={
        "anthropic": "#dc7f68",
        "openai": "#1da98c",
        "gemini": "#8694d8",
        "openrouter": "#d5b6ff",
        "groq": "#f76748",
        "deepseek": "#738dff",
        "mistral": "#fe9f31",
        "xai": "#b9bec8",
        "ollama": "#d8d3c8",
        "lmstudio": "#cb9bff",
        "llamacpp": "#d2aa67",
        "vllm": "#56b7d4",
    },
    other_providers=("#8fd3b2", "#db92b9", "#a8c2f4", "#c7b55c", "#6dc3cf", "#bd97df", "#edab91", "#b7db80"),
)
"""themes/default.yaml in code, since the first frame is painted before any YAML can be read."""


def choose(palettes: Mapping[str, Palette], name: str | None) -> Palette:
    """The palette of that name, the default one for None; UnknownNameError if there is none."""
    try:
        return palettes[name or DEFAULT.name]
    except KeyError:
        raise UnknownNameError("theme", str(name), palettes) from None


def own_directory() -> Path:
    """Where the themes of burn-tui are: in the wheel inside the package, in a checkout beside it."""
    package = Path(__file__).parents[1]
    installed = package / "themes"
    return installed if installed.is_dir() else package.parent / "themes"


class _ThemeFile(Struct, frozen=True, forbid_unknown_fields=True):
    dark: bool
    interface: Interface
    attention: str
    calling: str
    environments: Hues
    providers: dict[str, str]
    other_providers: list[str]


def read(path: Path) -> "tuple[Palette, Document]":
    """The theme in a file, and the file for whoever has more to say about it; SettingsError if it is no theme."""
    from burn_tui.engine.text_file import text_of  # noqa: PLC0415 - the first frame is painted without files
    from burn_tui.engine.yaml_source import parse  # noqa: PLC0415 - and without YAML

    document = parse(text_of(path), file=str(path))
    _refuse_missing_quotes(document)
    document.convert((), _ThemeFile)
    is_ansi = _is_ansi(document)
    file = structs.replace(document, value=_as_seen(document.value)).convert((), _ThemeFile)
    if not file.other_providers:
        raise document.error("is empty.", ("other_providers",), mend='Write one colour or more: ["#7fc8a9"].')
    given: dict[str, Any] = {field: getattr(file, field) for field in _ThemeFile.__struct_fields__}
    given |= {"name": path.stem, "other_providers": tuple(file.other_providers), "is_ansi": is_ansi}
    return Palette(**given), document


def _refuse_missing_quotes(document: "Document") -> None:
    for path, value in _leaves(document):
        if value is None and path:
            mend = 'Write "#0f141b", with the quotes.'
            raise document.error("has no value; a # without quotes begins a comment.", path, mend=mend)


def _is_ansi(document: "Document") -> bool:
    """Whether all colours are the terminal's own; SettingsError if only some are, or one is no colour at all."""
    colours = {path: str(value) for path, value in _leaves(document) if path != ("dark",)}
    for path, colour in colours.items():
        if not _COLOUR.fullmatch(colour) and colour not in _ANSI:
            mend = 'Write six hexadecimal digits: "#0f141b".'
            if colour.startswith("ansi"):
                mend = mend_by_name(colour, _ANSI)
            raise document.error(f"{colour!r} is no colour.", path, mend=mend)
    own = [path for path, colour in colours.items() if colour in _ANSI]
    if own and len(own) < len(colours):
        mend = "Write all of them in one way, since nobody knows how the two would look together."
        raise document.error("is a colour of the terminal's own, and others of the theme are not.", own[0], mend=mend)
    return bool(own)


def _as_seen(value: object) -> object:
    """The same with "#rrggbb" for each name of a colour."""
    if isinstance(value, dict):
        return {key: _as_seen(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_seen(inner) for inner in value]
    return _ANSI.get(value, value) if isinstance(value, str) else value


def _leaves(document: "Document") -> Iterator[tuple[tuple[str | int, ...], object]]:
    for path in document.lines:
        value = document.at(path)
        if not isinstance(value, dict | list):
            yield path, value
