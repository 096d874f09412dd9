"""The gauge, its word and its formula say the same."""

import pytest

from burn_tui.core.tension import Drift, Tension, tension
from burn_tui.tui.gauge import formula, gauge, reason


def _tension(
    *, ratio: float | None = None, left: float | None = None, failures: int = 0, drift: float = 1.0
) -> Tension:
    return tension(
        ratio=ratio,
        share_left=None if left is None else ("anthropic", left),
        attempts=100,
        failures=failures,
        drift=Drift("openai/gpt-5-mini", drift),
    )


@pytest.mark.parametrize(
    ("measured", "drawn", "why"),
    [
        (_tension(ratio=1.0), "░░░░░░░░ calm", ""),
        (_tension(ratio=2.0), "▓▓▓▓░░░░ warm", "burn 2.0x"),
        (_tension(ratio=9.0), "▓▓▓▓▓▓▓▓ hot", "burn 9.0x"),
        (_tension(left=0.12), "▓▓▓▓▓▓░░ hot", "12 % left at anthropic"),
        (_tension(failures=10), "▓▓▓▓░░░░ warm", "10 % of calls fail"),
        (_tension(drift=2.0), "▓▓▓▓░░░░ warm", "2.0x slower: openai/gpt-5-mini"),
    ],
    ids=["calm", "warm", "hot", "limits", "errors", "latency"],
)
def test_bar_word_and_reason(measured: Tension, drawn: str, why: str) -> None:
    assert gauge(measured, 8).plain == drawn
    assert reason(measured) == why


@pytest.mark.parametrize("width", [36, 76, 150])
def test_the_formula_names_every_strain_with_its_level_and_the_rule(width: int) -> None:
    text = "\n".join(line.plain for line in formula(_tension(ratio=2.0, left=0.3), width))
    assert all(name in text for name in ("burn", "rate limits", "errors", "latency", "0.50", "0.40"))
    assert "tension = the highest level." in " ".join(text.split())
    assert all(len(line) <= width for line in text.splitlines())
