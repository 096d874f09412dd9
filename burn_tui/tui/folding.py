"""Long texts as short marks, since a text of a megabyte cannot be edited on a screen without freezing it. Pure."""

FOLD_FROM = 8_000
"""Characters from which a text is folded."""

FOLD_FROM_LINES = 100
"""Or lines."""


_SHOWN_LINES, _SHOWN = 30, 3_000
"""Of a long text that is only looked at."""


class Folds:
    """Remembers what stands behind each mark."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def fold(self, text: str) -> str:
        """`text` as it can be edited: what was folded before is so again, and what is still too long becomes a mark."""
        for mark, folded in self._texts.items():
            if len(text) >= len(folded):
                text = text.replace(folded, mark)
        return self.mark_for(text) if is_long(text) else text

    def mark_for(self, text: str) -> str:
        """A mark that stands for `text` from now on."""
        lines = text.count("\n") + 1
        extent = f"{lines:,} lines, " if lines > 1 else ""
        mark = f"[text {len(self._texts) + 1}: {extent}{len(text):,} characters]"
        self._texts[mark] = text
        return mark

    def unfold(self, text: str) -> str:
        """`text` with everything in place of its mark."""
        for mark, folded in self._texts.items():
            text = text.replace(mark, folded)
        return text

    def mark_before(self, text: str) -> str:
        """The mark at the very end of `text`; "" = there is none."""
        return next((mark for mark in self._texts if text.endswith(mark)), "")


def is_long(text: str) -> bool:
    """Whether it has to be folded."""
    return len(text) >= FOLD_FROM or text.count("\n") >= FOLD_FROM_LINES


def beginning_of(text: str) -> tuple[str, str]:
    """As much of `text` as is worth looking at, and in words how much more there is; "" = that is all."""
    if not is_long(text):
        return text, ""
    beginning = "\n".join(text[:_SHOWN].split("\n")[:_SHOWN_LINES])
    lines = text.count("\n", len(beginning))
    if lines:
        return beginning, f"… and {lines:,} lines more"
    return beginning, f"… and {len(text) - len(beginning):,} characters more"
