"""Where burn-tui keeps its files."""

from collections.abc import Mapping
from pathlib import Path

import platformdirs

APP = "burn-tui"


def config_file(given: str | None, environ: Mapping[str, str]) -> Path:
    """The settings file: `--config`, else BURN_TUI_CONFIG, else config.yaml in the platform's config directory."""
    named = given or environ.get("BURN_TUI_CONFIG")
    return Path(named).expanduser() if named else platformdirs.user_config_path(APP) / "config.yaml"


def data_dir(given: str | None, environ: Mapping[str, str]) -> Path:
    """The data directory: `--data-dir`, else BURN_TUI_DATA_DIR, else the platform's data directory."""
    named = given or environ.get("BURN_TUI_DATA_DIR")
    return Path(named).expanduser() if named else platformdirs.user_data_path(APP)
