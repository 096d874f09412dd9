"""What has become of a prompt: its versions and what they cost, and what its labels stood for."""

from typing import Literal

from msgspec import Struct

from burn_tui.core.prompt_form import PromptVersion

PinKind = Literal["pin", "rollback"]


class VersionUse(Struct, frozen=True, kw_only=True):
    """One version of a prompt and what it was used for. Zeros and None = it never was."""

    version: PromptVersion
    labels: tuple[str, ...] = ()
    """What stands for it now: `working`, and the labels of pins.yaml."""
    first_used_at: float | None = None
    """Seconds since the epoch."""
    first_day: int | None = None
    last_day: int | None = None
    """Of attempts, in days since the epoch, UTC."""
    attempts: int = 0
    answers: int = 0
    failures: int = 0
    cost_nanousd: int = 0
    unpriced: int = 0
    """Requests whose cost is unknown."""
    mean_s: float | None = None
    """A whole answer's duration."""
    thumbs_up: int = 0
    thumbs_down: int = 0

    @property
    def mean_nanousd(self) -> int | None:
        """What an answer costs, failed attempts included; None = there is none."""
        return round(self.cost_nanousd / self.answers) if self.answers else None


class PinChange(Struct, frozen=True, kw_only=True):
    """A label that was made to stand for something else."""

    at: float
    """Seconds since the epoch."""
    what: PinKind
    stem: str
    """Name, and variant if there is one."""
    label: str
    before: str | None
    """A version's digits, or `working`; None = the label was new."""
    after: str


class History(Struct, frozen=True, kw_only=True):
    """Everything about one prompt."""

    name: str
    uses: tuple[VersionUse, ...]
    """The working versions first, then the latest used first."""
    changes: tuple[PinChange, ...]
    """The latest first."""


def latest_first(uses: list[VersionUse], working: str) -> tuple[VersionUse, ...]:
    """In the order of History; `working`: the label of files as they are now."""
    ordered = sorted(uses, key=lambda use: (use.version.variant or "", use.version.version))
    ordered.sort(key=lambda use: (use.last_day or 0, use.first_used_at or 0.0), reverse=True)
    return tuple(sorted(ordered, key=lambda use: working not in use.labels))
