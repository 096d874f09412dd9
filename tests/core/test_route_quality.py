"""The routing quality benchmark's side of the protocol, as the benchmark itself speaks it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parents[1] / "bench" / "route_quality.py"
_TASK = "Prove that the polynomial x^3 - 2 has no rational root, and name every step that you take."
_CHORE = "Fix the typo in this line."


def _numbers(*said: dict[str, object]) -> list[float]:
    asked = [*said, {"op": "fit"}]
    asked += [{"op": "route", "id": place, "prompt": prompt} for place, prompt in enumerate((_TASK, _CHORE))]
    asked += [{"op": "route", "id": 2, "prompt": _CHORE, "weak_signals": {"ok": 0, "oc": 90, "hedge": 2}}]
    lines = "".join(json.dumps(one) + "\n" for one in [*asked, {"op": "quit"}])
    run = subprocess.run([sys.executable, _SCRIPT], input=lines, capture_output=True, text=True, check=True)
    ready, *answers = map(json.loads, run.stdout.splitlines())
    assert ready == {"op": "ready"}
    assert [answer["id"] for answer in answers] == [0, 1, 2]
    return [answer["p"] for answer in answers]


def test_untrained_it_ranks_by_the_rule_and_what_shows_of_the_answer_speaks_for_the_strong_model() -> None:
    task, chore, doubted = _numbers()
    assert task > chore
    assert doubted > chore


@pytest.mark.parametrize("is_good", [True, False])
def test_trained_it_leans_to_where_the_strong_model_was_better(is_good: bool) -> None:
    label = {"op": "train", "prompt": _CHORE, "weak": float(is_good), "strong": float(not is_good)}
    _, before, _ = _numbers(*[{"op": "train", "prompt": _TASK, "weak": 1.0, "strong": 1.0}] * 50)
    _, after, _ = _numbers(*[label] * 50)
    assert (after < before) is is_good
