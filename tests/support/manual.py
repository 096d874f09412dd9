"""The manual page, made from what the command line understands."""

import os
from unittest.mock import patch

from argparse_manpage.manpage import Manpage

from burn_tui.cli import parser


def manual_page() -> str:
    """As man(7) reads it; the date is left out, so that it changes only with the commands."""
    with patch.dict(os.environ, {"COLUMNS": "100", "SOURCE_DATE_EPOCH": "0"}):
        page = str(Manpage(parser(), _data={"manual_title": "burn-tui", "project_name": "burn-tui"}))
    return page.replace('"1970\\-01\\-01"', '""') + "\n"
