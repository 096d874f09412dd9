"""Speaks the protocol of the routing quality benchmark: one number a prompt, higher = the stronger model.

    python bench.py --cmd "python tests/bench/route_quality.py" [--train] [--cascade]

Untrained it is the rule of core/complexity.py. Trained it is what auto uses: half of it the rule's word, half of it the
difference of two learned chances, that an answer of the cheap tier fails and that one of the strong tier does. With
--cascade what can be seen of the cheap answer is added by hand-set weights, for training says nothing of answers.

    python tests/bench/route_quality.py --time FILES     how long a decision takes, and what white space and case change

FILES are the benchmark's own, *.jsonl.gz with a prompt in each line.
"""

import gzip
import json
import math
import random
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from burn_tui.core.route_learning import Learner, chance_of, features, gain_of, rule_logit
from burn_tui.core.task_class import classify

PASSES = 5


class Routing:
    def __init__(self) -> None:
        self.cheap, self.strong = Learner(), Learner(leans_on_rule=False)
        self.examples: list[tuple[str, float, float]] = []
        self.labels = 0

    def fit(self) -> None:
        found = [(features(prompt), weak, strong) for prompt, weak, strong in self.examples]
        order = list(found)
        for seed in range(PASSES):
            random.Random(seed).shuffle(order)
            for (seen, one), weak, strong in order:
                self.cheap.learn(seen, one, failed=1 - weak)
                self.strong.learn(seen, one, failed=1 - strong)
        self.labels = len(found)

    def route(self, prompt: str, signals: Mapping[str, float] | None = None) -> float:
        seen, found = features(prompt)
        doubt = _doubt(signals) if signals else 0.0
        by_rule = rule_logit(seen) + doubt
        if not self.labels:
            return chance_of(by_rule)
        fails = chance_of(_logit(self.cheap.learned(seen, found)) + doubt)
        return gain_of(chance_of(by_rule), fails, self.strong.learned(seen, found), labels=self.labels)


def _logit(chance: float) -> float:
    return math.log(chance / (1 - chance))


def _doubt(signals: Mapping[str, float]) -> float:
    """What speaks against an answer: that it is none, and words of doubt. Its length says as much for as against it."""
    return 2.0 * (1 - signals.get("ok", 1)) + 0.3 * min(signals.get("hedge", 0), 3)


def time_decisions(files: list[str]) -> None:
    """A decision is features, class and two learned chances; each prompt is timed once, in time of the processor."""
    prompts = [
        json.loads(line)["prompt"] for file in files for line in gzip.decompress(Path(file).read_bytes()).splitlines()
    ]
    routing = Routing()
    routing.examples = [(prompt, float(number % 2), 1.0) for number, prompt in enumerate(prompts[:500])]
    routing.fit()
    times, numbers = [], []
    for prompt in prompts:
        began = time.thread_time()
        classify(prompt)
        numbers.append(routing.route(prompt))
        times.append(time.thread_time() - began)
    times.sort()
    marks = ", ".join(f"p{share} {times[len(times) * share // 100] * 1e3:.3f} ms" for share in (50, 90, 99))
    print(f"{len(prompts)} decisions: {marks}")
    for name, change in _CHANGES.items():
        same = sum(
            abs(routing.route(change(prompt)) - number) < 1e-9 for prompt, number in zip(prompts, numbers, strict=True)
        )
        print(f"the same decision after {name}: {same / len(prompts) * 100:.2f} %")


_CHANGES: Mapping[str, Callable[[str], str]] = {
    "upper case": str.upper,
    "lower case": str.lower,
    "double spaces": lambda prompt: prompt.replace(" ", "  "),
    "line breaks for spaces": lambda prompt: prompt.replace(" ", "\n"),
    "white space around it": lambda prompt: f"\n\n   {prompt}  \n",
}


def main() -> None:
    if "--time" in sys.argv:
        time_decisions(sys.argv[sys.argv.index("--time") + 1 :])
        return
    routing = Routing()
    for line in sys.stdin:
        said = json.loads(line)
        match said["op"]:
            case "train":
                routing.examples.append((said["prompt"], said["weak"], said["strong"]))
            case "fit":
                routing.fit()
                print(json.dumps({"op": "ready"}), flush=True)
            case "route":
                number = routing.route(said["prompt"], said.get("weak_signals"))
                print(json.dumps({"id": said["id"], "p": number}), flush=True)
            case _:
                return


if __name__ == "__main__":
    main()
