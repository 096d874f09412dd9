"""The real auto over the targets of a scripted router, without a ledger."""

from collections.abc import Mapping
from typing import cast

from burn_tui.core.auto import AutoDecision, AutoPolicy, Day, Standing, decide_auto, tiers_of
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest
from burn_tui.core.route_learning import features
from burn_tui.core.routing_rules import marked
from burn_tui.core.task_class import classify
from burn_tui.engine.auto.choosing import Auto, question
from burn_tui.engine.books import Books


class ScriptedAuto(Auto):
    """Measures nothing, and forgets everything when the test is over."""

    def __init__(self) -> None:
        super().__init__(cast("Books", None), now=lambda: 0.0)

    def decided(self, request: ChatRequest, costs: Mapping[Target, int], local: set[Target]) -> AutoDecision:
        """What it makes of `request`; `costs` has every target that may be asked, in nano-USD."""
        mark, prompt = marked(question(request))
        tiers = tiers_of(costs, local, {})
        standings = [
            Standing(target=target, tier=tiers[target], is_open=True, estimate_nanousd=cost)
            for target, cost in costs.items()
        ]
        classified, weighed = classify(prompt, (), self.corrections), self.weighed(*features(prompt))
        return decide_auto(classified, weighed, standings, policy=AutoPolicy(), day=Day(), mark=mark)
