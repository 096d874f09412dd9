"""The manual page says what the command line understands. BURN_TUI_ACCEPT_README=1 brings it up to date."""

import os
import sys

import pytest
from support.checkout import ROOT
from support.manual import manual_page

PAGE = ROOT / "burn_tui" / "man" / "burn-tui.1"


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="argparse words its usage differently in other Pythons")
def test_the_manual_page_is_that_of_the_command_line() -> None:
    if os.environ.get("BURN_TUI_ACCEPT_README") == "1":
        PAGE.write_text(manual_page())
    assert PAGE.read_text() == manual_page(), "run BURN_TUI_ACCEPT_README=1 pytest tests/rules/test_manual.py"
