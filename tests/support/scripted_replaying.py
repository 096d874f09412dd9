"""Policies that a test wrote down, over a past that it invented."""

from pathlib import Path

from burn_tui.core.errors import WrongCallError
from burn_tui.core.route_replay import Outcome, Replay
from burn_tui.engine.auto.replaying import Candidate, Replayed


def outcome(cost_nanousd: int, median_s: float | None, **by_target: int) -> Outcome:
    """Of all requests together."""
    names = {name.replace("_", "/", 1): count for name, count in by_target.items()}
    return Outcome(
        requests=sum(names.values()), cost_nanousd=cost_nanousd, unpriced=0, median_s=median_s, by_target=names
    )


THEN = outcome(18_400_000_000, 2.1, anthropic_claude=240, openai_mini=172)

THRIFTY = Candidate(
    name="thrifty",
    file="policies/thrifty.yaml",
    text="auto:\n  strong_share: 0.1\n",
    replay=Replay(
        then=THEN,
        other=outcome(9_120_000_000, 1.4, anthropic_claude=41, openai_mini=371),
        by_tier={"cheap": 280, "mid": 91, "strong": 41},
        skipped_rules=2,
        unmeasured=0,
    ),
)
SWIFT = Candidate(
    name="swift",
    file="policies/swift.yaml",
    text="auto:\n  p95_s: 2\n",
    replay=Replay(
        then=THEN,
        other=outcome(19_900_000_000, 0.9, groq_llama=401, anthropic_claude=11),
        by_tier={"mid": 401, "strong": 11},
        skipped_rules=0,
        unmeasured=17,
    ),
)
BROKEN = Candidate(
    name="broken",
    file="policies/broken.yaml",
    text="auto: [",
    problem="policies/broken.yaml, line 1: is no YAML. Mend the brackets.",
)


class ScriptedReplaying:
    """As Replaying."""

    def __init__(self) -> None:
        self.candidates: tuple[Candidate, ...] = (SWIFT, THRIFTY, BROKEN)
        self.folder = "~/.config/burn-tui/policies"
        self.since: list[float] = []
        self.adopted: list[Candidate] = []
        self.lines = ["-   strong_share: 0.3", "+   strong_share: 0.1"]
        self.trouble = ""

    async def look(self, since: float) -> Replayed:
        """As Replaying.look."""
        self.since.append(since)
        return Replayed(candidates=self.candidates, folder=self.folder, requests=412 if self.candidates else 0)

    async def changes(self, one: Candidate) -> list[str]:
        """As Replaying.changes."""
        if self.trouble:
            raise WrongCallError(self.trouble, mend="Make one first.")
        return [] if one in self.adopted else self.lines

    async def adopt(self, one: Candidate) -> Path:
        """As Replaying.adopt."""
        self.adopted.append(one)
        return Path("config.yaml.before")
