"""How far an import is, and how long it will still take."""

from msgspec import Struct


class Progress(Struct, frozen=True, kw_only=True):
    """At one moment of an import."""

    files: int
    """That are to be read, of all."""
    files_done: int = 0
    bytes: int
    """Of those files."""
    bytes_done: int = 0
    rows: int = 0
    """New ones, written to the ledger so far."""
    elapsed_s: float = 0.0

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return min(self.bytes_done / self.bytes, 1.0) if self.bytes else 1.0

    @property
    def bytes_per_s(self) -> float:
        """So far."""
        return self.bytes_done / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds to the end if it goes on like this; None = nothing is known yet."""
        if not self.bytes_per_s:
            return None
        return max(self.bytes - self.bytes_done, 0) / self.bytes_per_s
