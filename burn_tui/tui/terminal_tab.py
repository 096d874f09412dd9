"""How to colour the tab of the terminal itself, for those that can be told. Pure.

iTerm2             OSC 1337 ; SetColors=tab=RRGGBB         iterm2.com/documentation-escape-codes.html
Windows Terminal   OSC 4 ; 264 ; rgb:RR/GG/BB              github.com/microsoft/terminal/pull/13058
kitty              DCS @kitty-cmd {"cmd":"set_tab_color"}  sw.kovidgoyal.net/kitty/rc_protocol; needs
allow_remote_control in kitty.conf
WezTerm            OSC 1337 ; SetUserVar=burn_env=...      wezterm.org/config/lua/window-events; shown by the
user's own format-tab-title
Konsole            OSC 34 ; #RRGGBB                        konsole/src/session/Session.h, SessionColor
"""

from base64 import b64encode
from collections.abc import Callable, Mapping

from msgspec import Struct

_ESC = "\x1b"
_ST = f"{_ESC}\\"
_BEL = "\x07"


class TabColour(Struct, frozen=True):
    """What one terminal understands."""

    name: str
    set_to: Callable[[str], str]
    """ "#rrggbb" -> what to send."""
    reset: str
    """What gives the tab back the colour that it had."""


def tab_colour(environ: Mapping[str, str]) -> TabColour | None:
    """What the terminal of a process with these variables understands; None = its tab cannot be coloured.

    Inside tmux everything is wrapped, and passed on if `allow-passthrough` is set there.
    """
    found = next((terminal for is_there, terminal in _TERMINALS if is_there(environ)), None)
    if found is None or not environ.get("TMUX"):
        return found
    inner = found.set_to
    return TabColour(found.name, lambda colour: _through_tmux(inner(colour)), _through_tmux(found.reset))


def _through_tmux(sequence: str) -> str:
    """As tmux(1) wants it, under allow-passthrough."""
    return f"{_ESC}Ptmux;{sequence.replace(_ESC, _ESC * 2)}{_ST}"


def _hexadecimal(colour: str) -> str:
    return colour.removeprefix("#")


def _by_slashes(colour: str) -> str:
    digits = _hexadecimal(colour)
    return "/".join((digits[:2], digits[2:4], digits[4:]))


def _kitty(active: str, inactive: str) -> str:
    colours = f'{{"active_bg":{active},"inactive_bg":{inactive}}}'
    payload = f'{{"self":true,"colors":{colours}}}'
    return f'{_ESC}P@kitty-cmd{{"cmd":"set_tab_color","version":[0,14,2],"no_response":true,"payload":{payload}}}{_ST}'


def _kitty_of(colour: str) -> str:
    number = str(int(_hexadecimal(colour), 16))
    return _kitty(number, number)


def _wezterm(value: str) -> str:
    return f"{_ESC}]1337;SetUserVar=burn_env={b64encode(value.encode()).decode()}{_BEL}"


_TERMINALS: tuple[tuple[Callable[[Mapping[str, str]], bool], TabColour], ...] = (
    (
        lambda environ: "iTerm" in (environ.get("TERM_PROGRAM", "") + environ.get("LC_TERMINAL", "")),
        TabColour(
            "iTerm2",
            lambda colour: f"{_ESC}]1337;SetColors=tab={_hexadecimal(colour)}{_BEL}",
            f"{_ESC}]1337;SetColors=tab=default{_BEL}",
        ),
    ),
    (
        lambda environ: environ.get("TERM_PROGRAM") == "WezTerm",
        TabColour("WezTerm", _wezterm, _wezterm("")),
    ),
    (
        lambda environ: bool(environ.get("KITTY_WINDOW_ID")),
        TabColour("kitty", _kitty_of, _kitty("null", "null")),
    ),
    (
        lambda environ: bool(environ.get("KONSOLE_VERSION")),
        # A colour that is none takes the one of the person away, who may well have had none.
        TabColour("Konsole", lambda colour: f"{_ESC}]34;{colour}{_BEL}", f"{_ESC}]34;{_BEL}"),
    ),
    (
        lambda environ: bool(environ.get("WT_SESSION")),
        TabColour(
            "Windows Terminal",
            lambda colour: f"{_ESC}]4;264;rgb:{_by_slashes(colour)}{_ST}",
            f"{_ESC}]104;264{_ST}",
        ),
    ),
)
