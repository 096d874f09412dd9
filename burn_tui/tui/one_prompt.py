"""Which of the project's prompts a screen shows, and which comes before and after it, round and round."""

from collections.abc import Sequence

from msgspec import Struct


class OnePrompt(Struct, frozen=True, kw_only=True):
    """One of all prompts."""

    names: tuple[str, ...]
    """Of all prompts."""
    name: str
    """Of this one; "" = there is none."""

    @property
    def place(self) -> str:
        """As in "2 of 5"; "" where there is nothing else to turn to."""
        return f"{self.names.index(self.name) + 1} of {len(self.names)}" if self.can_turn else ""

    @property
    def can_turn(self) -> bool:
        """Whether there is another one."""
        return len(self.names) > 1

    def turned(self, step: int) -> str:
        """The name of the one that is so many steps further."""
        return self.names[(self.names.index(self.name) + step) % len(self.names)]


def still_there(wanted: str | None, names: Sequence[str]) -> str:
    """The wanted prompt; where none is wanted or it is gone, the first one; "" = there is none at all."""
    return wanted if wanted is not None and wanted in names else next(iter(names), "")
