"""The panels beside the conversation. A new one is a file here and its name in PANELS."""

from burn_tui.tui.panels.burn import BurnPanel
from burn_tui.tui.panels.panel import Panel
from burn_tui.tui.panels.providers import ProvidersPanel

PANELS: tuple[type[Panel], ...] = (BurnPanel, ProvidersPanel)
"""From top to bottom."""
