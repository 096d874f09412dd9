"""Where things are."""

import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The checkout."""

SHARED = ROOT.parent / "shared"
"""Recorded material beside the checkout; absent on most machines."""


def console_script(name: str) -> str:
    """The full path of a command that is installed beside this Python."""
    return str(Path(sysconfig.get_path("scripts")) / name)
