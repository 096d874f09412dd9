"""What a terminal sends that knows no extended keyboard protocol, such as one inside tmux."""

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from burn_tui.tui.legacy_keys import understand_legacy_alt


@pytest.mark.parametrize(
    ("sent", "key"), [("\x1b\r", "alt+enter"), ("\x1b1", "alt+1"), ("\x1b9", "alt+9"), ("\r", "enter"), ("1", "1")]
)
def test_a_key_is_called_what_the_person_pressed(sent: str, key: str) -> None:
    understand_legacy_alt()
    parser = XTermParser()
    assert [token.key for token in parser.feed(sent) if isinstance(token, events.Key)] == [key]
