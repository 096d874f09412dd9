"""A run of Claude Code in another pane is a tab of the dashboard, by the log that it writes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from support.checkout import console_script
from support.command import as_a_shell_has_it, two_providers
from support.homes import claude_log, response, written
from support.tmux import terminal

SESSION = "5e551011-0000-4000-8000-000000000001"


def said_now(number: int, cost_usd: float) -> dict[str, Any]:
    """A line that Claude Code writes at this moment, which says itself what it cost."""
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return response(number, timestamp=now, sessionId=SESSION, costUSD=cost_usd)


def test_a_run_of_claude_code_is_a_tab_with_what_it_burns(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with two_providers(tmp_path) as world:
        world.add(f'audit: {{homes: ["{home}"]}}\n')
        command = [console_script("burn-tui"), *world.places]
        with terminal(command, size=(160, 45), cwd=tmp_path, environ=as_a_shell_has_it(world.environ)) as running:
            running.until_seen("primary/big")
            assert "UNKNOWN" not in running.screen
            log = claude_log(home, said_now(1, 1.25), session=SESSION)
            running.until_seen("4 ? UNKNOWN ≡ 5e551011")
            running.until_seen("$1.25 today")
            with log.open("ab") as file:
                file.write(written(said_now(2, 2.5)))
            running.press("M-4")
            running.until_seen("read from the log of claude_code")
            running.until_seen("cost $3.75")
