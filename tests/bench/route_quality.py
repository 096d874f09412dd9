"""Speaks the protocol of the routing quality benchmark: one number a prompt, higher = the stronger model.

    python bench.py --cmd "python tests/bench/route_quality.py" [--train] [--cascade]

Untrained it is the rule of core/complexity.py. Trained it is what auto uses: the difference of two learned chances, that
an answer of the cheap tier fails and that one of the strong tier does. With --cascade what can be seen of the cheap
answer is added by hand-set weights, for training says nothing of answers.

    python tests/bench/route_quality.py --time FILE.jsonl.gz      how long a decision takes, and what white space changes
"""

import json
import math
import random
import sys
from collections.abc import Mapping

from burn_tui.core.complexity import Complexity
from burn_tui.core.route_learning import Features, Learner, chance_of, features, rule_logit

PASSES = 2


class Routing:
    def __init__(self) -> None:
        self.cheap, self.strong = Learner(), Learner(leans_on_rule=False)
        self.examples: list[tuple[str, float, float]] = []
        self.is_trained = False

    def fit(self) -> None:
        found = [(features(prompt), weak, strong) for prompt, weak, strong in self.examples]
        order = list(found)
        for seed in range(PASSES):
            random.Random(seed).shuffle(order)
            for (seen, one), weak, strong in order:
                self.cheap.learn(seen, one, failed=1 - weak)
                self.strong.learn(seen, one, failed=1 - strong)
        self.is_trained = bool(found)

    def route(self, prompt: str, signals: Mapping[str, float] | None = None) -> float:
        seen, found = features(prompt)
        doubt = _doubt(signals) if signals else 0.0
        if not self.is_trained:
            return chance_of(rule_logit(seen) + doubt)
        return self._gain(seen, found, doubt)

    def _gain(self, seen: Complexity, found: Features, doubt: float) -> float:
        fails = self.cheap.learned(seen, found)
        return chance_of(_logit(fails) + doubt) - self.strong.learned(seen, found)


def _logit(chance: float) -> float:
    return math.log(chance / (1 - chance))


def _doubt(signals: Mapping[str, float]) -> float:
    return (
        2.0 * (1 - signals.get("ok", 1))
        + 0.3 * min(signals.get("hedge", 0), 3)
        + 0.4 * (math.log2(1 + signals.get("oc", 0)) - 9)
    )


def main() -> None:
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
