"""Where burn-tui keeps its files."""

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs

APP = "burn-tui"


def config_file(given: str | None, environ: Mapping[str, str]) -> Path:
    """The settings file: `--config`, else BURN_TUI_CONFIG, else config.yaml in the platform's config directory."""
    named = given or environ.get("BURN_TUI_CONFIG")
    return _at_home(named) if named else platformdirs.user_config_path(APP) / "config.yaml"


def data_dir(given: str | None, environ: Mapping[str, str]) -> Path:
    """The data directory: `--data-dir`, else BURN_TUI_DATA_DIR, else the platform's data directory."""
    named = given or environ.get("BURN_TUI_DATA_DIR")
    return _at_home(named) if named else platformdirs.user_data_path(APP)


def _at_home(named: str) -> Path:
    """With ~ as shells read it: where there is no such home, it is an ordinary name."""
    return Path(os.path.expanduser(named))  # noqa: PTH111 - Path's own raises where there is no such home
