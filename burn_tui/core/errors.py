"""Everything burn-tui raises on purpose. Each message says what is wrong, where, and how to mend it.

    BurnError
    ├── WrongCallError         a command line that means nothing
    ├── SettingsError          a settings, theme or catalog file: file, line, key, nearest known key
    ├── UnknownTargetError     a model or provider that is not configured
    ├── UnknownNameError       an environment, route, session or theme that is not configured
    ├── PromptError            a prompt that cannot be sent with these variables, or from here
    ├── EditorError            the person's editor cannot be run, or ended badly
    ├── GatewayError           the gateway did not start, or cannot be ended from here (engine/gateway_process.py)
    ├── TmuxError              tmux is not there, too old, or said no (engine/tmux/client.py)
    ├── TeamError              the team's server refuses, or is not set up
    │   └── TeamAwayError      it cannot be reached for now
    └── LedgerError            the ledger file cannot be opened, read or written
        └── LedgerUnavailableError   for now: the same may work later

What a provider does wrong is no exception but a value: core.failure.Failure.
"""

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be; None if nothing is close."""
    from difflib import get_close_matches  # noqa: PLC0415 - wanted only after a mistake, and slow to import

    matches = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return matches[0] if matches else None


def mend_by_name(name: str, known: Iterable[str]) -> str:
    """The sentence that helps after a misspelt name: the nearest one, or all there are."""
    names = list(known)
    if (match := nearest(name, names)) is not None:
        return f"Did you mean {match!r}?"
    return f"Known: {', '.join(names)}." if names else "None is configured."


class BurnError(Exception):
    """The root: something a person can mend."""


class WrongCallError(BurnError):
    """A command line that means nothing, or nothing safe."""

    def __init__(self, problem: str, *, mend: str) -> None:
        super().__init__(f"{problem} {mend}")


class SettingsError(BurnError):
    """A file of the user's that cannot be taken as it is."""

    def __init__(self, problem: str, *, file: str, line: int | None = None, key: str = "", mend: str) -> None:
        """`mend`: "" only where the problem says itself what was expected."""
        place = file if line is None else f"{file}, line {line}"
        subject = f"{key}: " if key else ""
        super().__init__(f"{place}: {subject}{problem}" + (f" {mend}" if mend else ""))
        self.line = line
        self.key = key


class UnknownTargetError(BurnError):
    """Asked for a model or provider that is not configured."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"No provider serves {name!r}. {mend_by_name(name, known)}")


class UnknownNameError(BurnError):
    """Asked for an environment, route, session or theme that is not configured."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no {kind} {name!r}. {mend_by_name(name, known)}")


class PromptError(BurnError):
    """A prompt that cannot be sent as it was asked for."""

    def __init__(self, problem: str, *, mend: str) -> None:
        super().__init__(f"{problem} {mend}")


class EditorError(BurnError):
    """The person's editor cannot be run, or ended badly; the text is as it was."""

    def __init__(self, problem: str, *, mend: str) -> None:
        super().__init__(f"{problem} {mend}")


class TeamError(BurnError):
    """The team's server, or what the settings say of it, cannot be used. Never holds a password."""

    def __init__(self, problem: str, *, mend: str) -> None:
        super().__init__(f"{problem} {mend}".strip())
        self.problem = problem


class TeamAwayError(TeamError):
    """The team's server cannot be reached for now: what should go there waits."""


class LedgerError(BurnError):
    """The ledger cannot be used."""

    def __init__(self, problem: str, *, file: str, mend: str) -> None:
        super().__init__(f"{file}: {problem} {mend}")


class LedgerUnavailableError(LedgerError):
    """The ledger's file or its disk is in a state that may pass, or be mended."""
