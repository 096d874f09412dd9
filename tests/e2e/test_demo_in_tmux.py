"""The main job, end to end, as a person does it: the real command in a real terminal."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from support.checkout import console_script
from support.tmux import Terminal, terminal

PROMPT = "why does the retry loop never stop?"


def _spent(running: Terminal) -> Decimal:
    """What the status line says was spent today."""
    found = re.search(r"\$([\d.,]+)(?: today| [\d.]+x|\s*$)", running.screen.splitlines()[1])
    assert found is not None, running.screen
    return Decimal(found.group(1).replace(",", ""))


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (40, 15)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_prompt_is_answered_after_a_fallback_in_plain_sight_and_the_spend_moves(
    size: tuple[int, int], tmp_path: Path
) -> None:
    with terminal([console_script("burn-tui"), "--demo"], size=size, cwd=tmp_path) as running:
        running.until_seen("DEMO")
        running.until(lambda: "$" in running.screen.splitlines()[1], "the spend of today")
        before = _spent(running)

        running.type(PROMPT)
        running.press("Enter")
        running.until_seen("send this paid call?")
        running.press("y")

        running.until_seen("anthropic refused: rate limited")
        running.until_seen("Now openai/gpt-5-mini")
        running.until_seen("Escape dismisses")
        running.until(lambda: "●" not in running.screen.splitlines()[1], "the end of the answer")
        running.until(lambda: "gpt-5-mini" in running.screen, "who served")
        running.until(lambda: _spent(running) > before, "that the spend moves")

        running.press("Escape")
        running.until(lambda: "Escape dismisses" not in running.words, "that the banner goes")
        running.press("C-q")
        running.until(lambda: not running.screen.strip(), "the end of burn-tui")


REPORTS = {
    "M-i": "Request",
    "F6": "Bottlenecks of 24 hours",
    "M-w": "Latency of 24 hours",
    "M-p": "Providers",
    "M-m": "Budgets and alerts",
    "M-r": "Pressure",
}


def test_the_key_of_every_report_comes_through_a_default_tmux(tmp_path: Path) -> None:
    with terminal([console_script("burn-tui"), "--demo"], size=(80, 24), cwd=tmp_path) as running:
        running.until_seen("DEMO")
        running.until(lambda: "$" in running.screen.splitlines()[1], "the spend of today")
        for key, title in REPORTS.items():
            running.press(key)
            running.until_seen(title)
            running.press("Escape")
            running.until(lambda: "DEMO" in running.screen, "the dashboard again")
        running.press("M-a")
        # What was burnt in the hours before is out of the usual at night, and usual in the afternoon.
        told = ("Nothing out of the usual", "Requests")
        running.until(lambda: any(words in running.words for words in told), "what the alarm is about")
