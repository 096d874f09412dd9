"""Who may import whom."""

import subprocess
import sys

from support.checkout import ROOT, console_script


def test_every_import_contract_holds() -> None:
    result = subprocess.run([console_script("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_router_is_imported_without_any_interface() -> None:
    code = "import sys, burn_tui.engine.router; print([m for m in sys.modules if m.split('.')[0] in sys.argv[1:]])"
    result = subprocess.run(
        [sys.executable, "-c", code, "textual", "rich", "starlette", "uvicorn"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"
