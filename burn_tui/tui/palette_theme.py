"""A palette as Textual's style sheets know colours."""

from textual.theme import Theme

from burn_tui.tui.theme import DEFAULT, Palette


class PaletteTheme(Theme):
    """A Textual theme that remembers the palette it was made of."""

    def __init__(self, palette: Palette) -> None:
        interface = palette.interface
        super().__init__(
            name=palette.name,
            dark=palette.dark,
            primary=interface.primary,
            secondary=interface.secondary,
            accent=interface.accent,
            warning=palette.attention,
            error=interface.error,
            success=interface.success,
            foreground=interface.foreground,
            background=interface.background,
            surface=interface.surface,
            panel=interface.panel,
            boost=interface.surface,
            variables=_variables(palette),
        )
        self.palette = palette


def _variables(palette: Palette) -> dict[str, str]:
    """Textual's derived colours where its own derivation is too faint to be read, or too loud."""
    interface = palette.interface
    muted = ("text-muted", "text-disabled", "foreground-muted", "foreground-disabled")
    return {
        **dict.fromkeys(muted, interface.muted),
        "text-primary": interface.primary,
        "text-secondary": interface.secondary,
        "text-accent": interface.accent,
        "text-success": interface.success,
        "text-warning": palette.attention,
        "text-error": interface.error,
        "marked": interface.panel if palette.is_ansi else f"{interface.primary} 25%",
        "border": interface.accent,
        "border-blurred": interface.panel,
        "scrollbar": interface.panel,
        "scrollbar-hover": interface.muted,
        "scrollbar-active": interface.accent,
        "scrollbar-background": interface.background,
        "scrollbar-background-hover": interface.background,
        "scrollbar-background-active": interface.background,
        "scrollbar-corner-color": interface.background,
    }


def palette_of(theme: Theme) -> Palette:
    """The palette that `theme` was made of; the default one for a theme of Textual's own."""
    return theme.palette if isinstance(theme, PaletteTheme) else DEFAULT
