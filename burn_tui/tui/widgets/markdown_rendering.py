"""rich's Markdown, drawn in the colours of a palette, with nothing cut off and no way to speak to the terminal."""

from collections.abc import Iterable, Iterator

from markdown_it.token import Token
from rich import box, markdown
from rich.console import Console, ConsoleOptions, RenderResult
from rich.rule import Rule
from rich.segment import Segment
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.table import Table
from rich.text import Text

from burn_tui.tui.legible import legible
from burn_tui.tui.markdown_blocks import parser
from burn_tui.tui.theme import Palette

_TAB_COLUMNS = 4


class CodeColours:
    """How code looks, made of a palette so that it is readable wherever text is."""

    def __init__(self, palette: Palette) -> None:
        interface = palette.interface
        self.ground = Style(color=interface.foreground, bgcolor=interface.surface)
        colours: dict[tuple[str, ...], str] = {
            ("Keyword",): interface.secondary,
            ("Keyword", "Type"): interface.accent,
            ("Keyword", "Constant"): palette.attention,
            ("Name", "Tag"): interface.secondary,
            ("Name", "Function"): interface.primary,
            ("Name", "Class"): interface.primary,
            ("Name", "Decorator"): interface.primary,
            ("Name", "Attribute"): interface.primary,
            ("Name", "Builtin"): interface.accent,
            ("Name", "Exception"): interface.accent,
            ("Operator",): interface.muted,
            ("Operator", "Word"): interface.secondary,
            ("Punctuation",): interface.muted,
            ("Literal",): palette.attention,
            ("Literal", "String"): interface.success,
            ("Comment",): interface.muted,
            ("Generic", "Inserted"): interface.success,
            ("Generic", "Deleted"): interface.error,
        }
        self.tokens = ANSISyntaxTheme({kind: Style(color=colour) for kind, colour in colours.items()})
        """By Pygments' names of tokens, the nearest one above each."""


class TranscriptMarkdown(markdown.Markdown):
    """One instance draws any number of sources, one after the other."""

    def __init__(self, colours: CodeColours) -> None:
        super().__init__("", hyperlinks=False)
        self.colours = colours
        self._parser = parser()

    def of(self, source: str) -> "TranscriptMarkdown":
        """This renderable with another text, which is safe to show afterwards whatever it was."""
        self.parsed = self._parser.parse(legible(source))
        for token in _all(self.parsed):
            # Entities such as &#x202e; become characters only now.
            token.content = legible(token.content)
            token.attrs = {name: _legible_value(value) for name, value in token.attrs.items()}
        return self


def _all(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or ())


def _legible_value(value: str | float) -> str | float:
    return legible(value) if isinstance(value, str) else value


class Heading(markdown.Heading):
    """At the left like everything else."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The text alone."""
        yield self.text


class HorizontalRule(markdown.HorizontalRule):
    """Without an empty line of its own."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A line across."""
        yield Rule(style="markdown.hr", characters="─")


class CodeBlock(markdown.CodeBlock):
    """Highlighted, on a ground as wide as the text, with long lines continued below."""

    colours: CodeColours

    @classmethod
    def create(cls, markdown: markdown.Markdown, token: Token) -> "CodeBlock":
        """With the colours of the Markdown that it stands in."""
        assert isinstance(markdown, TranscriptMarkdown)
        block = cls(token.info.partition(" ")[0], "")
        block.colours = markdown.colours
        return block

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines between one column of padding."""
        ground, width = self.colours.ground, max(options.max_width - 2, 1)
        edge = Segment(" ", ground)
        for row in self._rows(console, width):
            yield edge
            yield from Segment.adjust_line_length(list(row.render(console)), width, ground)
            yield edge
            yield Segment.line()

    def _rows(self, console: Console, width: int) -> Iterator[Text]:
        code = self.text.plain.rstrip("\n").expandtabs(_TAB_COLUMNS)
        if not code:
            return
        highlighted = Syntax("", self.lexer_name, theme=self.colours.tokens).highlight(code)
        highlighted.rstrip()
        for line in highlighted.split("\n", allow_blank=True):
            line.style = self.colours.ground
            yield from [line] if line.cell_len <= width else line.wrap(console, width, overflow="fold")


class TableElement(markdown.TableElement):
    """Long words are folded in their cells."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lines between heading and rows only."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, style="markdown.table.border")
        for cell in self.header.row.cells if self.header and self.header.row else ():
            heading = cell.content.copy()
            heading.stylize("markdown.table.header")
            table.add_column(heading, justify=cell.justify, overflow="fold")
        for row in self.body.rows if self.body else ():
            table.add_row(*(cell.content for cell in row.cells))
        yield table


TranscriptMarkdown.elements = markdown.Markdown.elements | {
    "heading_open": Heading,
    "hr": HorizontalRule,
    "fence": CodeBlock,
    "code_block": CodeBlock,
    "table_open": TableElement,
}
