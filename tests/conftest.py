"""Every test, and every process that one starts, is kept on loopback and away from the person's own files."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.fuzz import examples

LOOPBACK_ONLY = Path(__file__).parent / "support" / "loopback"

_KEY_VARIABLES = (
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "OPENROUTER_API_KEY",
    "GROQ_API_KEY",
    "DEEPSEEK_API_KEY",
    "MISTRAL_API_KEY",
    "XAI_API_KEY",
    "TOGETHER_API_KEY",
    "FIREWORKS_API_KEY",
    "CEREBRAS_API_KEY",
    "PERPLEXITY_API_KEY",
    "PPLX_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "LITELLM_API_KEY",
)


_ADDRESS_VARIABLES = ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL")


def pytest_configure() -> None:
    """Install the guard here, and by PYTHONPATH in every child."""
    # What was started in the background ignores ctrl+c, and so would every child.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    exec(compile((LOOPBACK_ONLY / "sitecustomize.py").read_text(), "sitecustomize.py", "exec"), {})
    os.environ["PYTHONPATH"] = str(LOOPBACK_ONLY)
    # A slow machine is no finding.
    settings.register_profile(
        "burn-tui", max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("burn-tui")


@pytest.fixture(autouse=True)
def _home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (*_KEY_VARIABLES, *_ADDRESS_VARIABLES, "BURN_TUI_CONFIG", "BURN_TUI_DATA_DIR", "NO_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    # What the terminal can show decides how the dashboard looks, and a test may have been started from any terminal.
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "data"))
