"""A widget that is a pure function of one value and its width."""

from typing import Generic, TypeVar

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

View = TypeVar("View")


class Drawn(Widget, Generic[View]):
    """Subclasses say how a value looks; showing an equal one again, or one that looks the same, paints nothing."""

    DEFAULT_CSS = """
    Drawn { height: auto; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's names
        super().__init__(id=id, classes=classes)
        self.view: View | None = None
        """None until something is shown."""
        self._painted: Content | None = None
        """As it was drawn for the screen last."""

    def show(self, view: View) -> None:
        """Draw `view` from now on."""
        if view == self.view:
            return
        self.view = view
        if not self._looks_as_painted(view):
            self.refresh(layout=self._needs_another_height())

    def _looks_as_painted(self, view: View) -> bool:
        # A figure that nobody sees, or one too small to see, has changed. To paint costs far more than to draw.
        painted, width = self._painted, self.content_size.width
        return painted is not None and width > 0 and painted.is_same(self.draw(view, width))

    def _needs_another_height(self) -> bool:
        # Laying out the whole screen is what costs, and figures change far more often than the number of lines.
        width, height = self.content_size
        return self.styles.is_auto_height and width > 0 and self._lines(width) != height

    def _lines(self, width: int) -> int:
        return 0 if self.view is None else len(self.draw(self.view, width).split("\n", allow_blank=True))

    def draw(self, view: View, width: int) -> Content:
        """How `view` looks in `width` columns; its lines are as many as the widget gets if its height is automatic."""
        raise NotImplementedError

    def render(self) -> Content:
        """Nothing before the first value."""
        self._painted = None if self.view is None else self.draw(self.view, self.content_size.width)
        return self._painted or Content()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's names
        """As many lines as are drawn."""
        return self._lines(width)
