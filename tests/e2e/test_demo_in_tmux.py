"""The main job, end to end, as a person does it: the real command in a real terminal."""

import os
import re
import signal
import urllib.request
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct
from support.checkout import console_script
from support.command import burn_tui
from support.tmux import Terminal, terminal


class Client(Struct, frozen=True):
    """A program that asks a gateway."""

    url: str
    secret: str

    def ask(self) -> str:
        """Who served."""
        body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}
        headers = {"authorization": f"Bearer {self.secret}", "content-type": "application/json"}
        request = urllib.request.Request(f"{self.url}/v1/chat/completions", msgspec.json.encode(body), headers)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return str(answer.headers["x-burn-served-by"])


PROMPT = "why does the retry loop never stop?"


def _spent(running: Terminal) -> Decimal:
    """What the status line says was spent today."""
    found = re.search(r"\$([\d.,]+)(?: today| [\d.]+x|\s*$)", running.screen.splitlines()[1])
    assert found is not None, running.screen
    return Decimal(found.group(1).replace(",", ""))


def _shown(running: Terminal, pattern: str) -> str:
    found = re.search(pattern, running.words)
    assert found is not None, running.screen
    return found[0]


def _can_be_dismissed(running: Terminal) -> bool:
    """Whether the banner says so; where it is narrow, in fewer words."""
    return any(words in running.words for words in ("Escape dismisses", "Escape hides"))


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
        running.until(lambda: "●" not in running.screen.splitlines()[1], "the end of the answer")
        running.until(lambda: _can_be_dismissed(running), "how to be rid of the banner")
        running.until(lambda: "gpt-5-mini" in running.screen, "who served")
        running.until(lambda: _spent(running) > before, "that the spend moves")

        running.press("Escape")
        running.until(lambda: not _can_be_dismissed(running), "that the banner goes")
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


def test_a_key_starts_a_gateway_over_the_demos_providers_and_kill_9_leaves_nothing_of_it(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environ = {"TMPDIR": str(temporary)}
    command = [console_script("burn-tui"), "--demo"]
    with terminal(command, size=(160, 45), cwd=tmp_path, environ=environ) as running:
        running.until_seen("DEMO")
        running.until(lambda: "$" in running.screen.splitlines()[1], "the spend of today")
        running.press("M-g")
        running.until_seen("each client becomes a tab")  # below the others, so that they stand there
        client = Client(_shown(running, r"http://127\.0\.0\.1:\d+"), _shown(running, r"sk-burn-[\w-]+"))
        assert client.ask().startswith("ollama/")
        running.press("Escape")
        running.until_seen("⇄ demo")
        os.kill(int(running.tmux("display-message", "-p", "#{pane_pid}")), signal.SIGKILL)
        running.until(lambda: not running.screen.strip(), "the end of burn-tui")
    with pytest.raises(OSError, match="refused"):
        client.ask()
    assert list(temporary.glob("burn-tui-*"))
    assert burn_tui("ask", "--demo", "hi", environ=environ).code == 0
    assert not list(temporary.glob("burn-tui-*"))
