"""Prompts as a test wrote them down: one that was changed twice, one for two providers, one that is broken."""

from support.prompts import TRIAGE, prompt_of

from burn_tui.core.environment import Environment
from burn_tui.core.errors import SettingsError, UnknownNameError
from burn_tui.core.prompt_form import WORKING, PromptVersion
from burn_tui.core.prompt_history import History, PinChange, VersionUse
from burn_tui.core.prompt_variants import Wordings
from burn_tui.engine.prompts.library import Chosen, Prepared, wording_of

NOW = 1_772_460_120.0
"""2026-03-02 14:02 UTC."""

TODAY = int(NOW // 86_400)

PINNED = prompt_of(TRIAGE.replace("the team {{team}}", "{{team}}").replace("0.2", "0.7")).version
OLDEST = prompt_of(TRIAGE.replace("Who has to look at this?", "Sort this.")).version
TICKETS = prompt_of(TRIAGE).version
FOR_CLAUDE = prompt_of(TRIAGE.replace("Who has", "Think first. Who has"), variant="anthropic").version
REVIEW = prompt_of("user:\nReview this diff:\n\n{{diff}}\n", "review-diff").version

TRIAGE_HISTORY = History(
    name="triage",
    uses=(
        VersionUse(
            version=TICKETS,
            labels=(WORKING, "staging"),
            first_used_at=NOW - 7_200,
            first_day=TODAY,
            last_day=TODAY,
            attempts=14,
            answers=12,
            failures=2,
            cost_nanousd=41_200_000,
            mean_s=1.9,
            thumbs_up=3,
        ),
        VersionUse(
            version=PINNED,
            labels=("production",),
            first_used_at=NOW - 6 * 86_400,
            first_day=TODAY - 6,
            last_day=TODAY,
            attempts=1_310,
            answers=1_302,
            failures=8,
            cost_nanousd=3_870_000_000,
            mean_s=2.4,
            thumbs_up=21,
            thumbs_down=4,
        ),
        VersionUse(
            version=OLDEST,
            labels=("previous",),
            first_used_at=NOW - 31 * 86_400,
            first_day=TODAY - 31,
            last_day=TODAY - 6,
            attempts=4_010,
            answers=3_984,
            failures=26,
            cost_nanousd=12_904_000_000,
            mean_s=2.6,
            thumbs_up=40,
            thumbs_down=17,
        ),
        VersionUse(version=FOR_CLAUDE, labels=(WORKING,)),
    ),
    changes=(
        PinChange(
            at=NOW - 6 * 86_400,
            what="pin",
            stem="triage",
            label="production",
            before=OLDEST.version,
            after=PINNED.version,
        ),
    ),
)


class ScriptedPrompts:
    """None, unless `fill` was called."""

    def __init__(self) -> None:
        self.histories: dict[str, History] = {}
        self.problems: dict[str, SettingsError] = {}
        self.changed: list[tuple[str, str, str]] = []
        """What was done, to what, for which label."""

    def fill(self) -> None:
        """The prompts of this file."""
        review = History(name="review-diff", uses=(VersionUse(version=REVIEW, labels=(WORKING,)),), changes=())
        broken = SettingsError("its head has no end.", file="prompts/sort.prompt.md", line=1, mend="Put a line ---.")
        self.histories = {"review-diff": review, "triage": TRIAGE_HISTORY}
        self.problems = {"sort": broken}

    def file_names(self) -> list[str]:
        """As Prompts.file_names."""
        return sorted({*self.histories, *self.problems})

    async def names(self) -> list[str]:
        """As Prompts.names."""
        return self.file_names()

    async def history(self, name: str) -> History:
        """As Prompts.history."""
        if name in self.problems:
            raise self.problems[name]
        return self.histories[name]

    async def choose(self, asked: str, environment: Environment | None = None) -> Chosen:
        """As Prompts.choose, working versions only."""
        name, _, digits = asked.partition("@")
        if name not in self.histories:
            raise UnknownNameError("prompt", name, self.histories)
        known: list[PromptVersion] = [use.version for use in self.histories[name].uses]
        found = next(one for one in known if one.version.startswith(digits))
        return Chosen(version=found, label=None if digits else WORKING, is_working=not digits)

    async def prepare(self, asked: str, variables: dict[str, object], environment: Environment) -> Prepared:
        """As Prompts.prepare."""
        chosen = await self.choose(asked, environment)
        return Prepared(chosen=chosen, wordings=Wordings(usual=wording_of(chosen, variables)))

    async def drafted(self, asked: str, variables: dict[str, object], environment: Environment) -> Prepared:
        """As Prompts.drafted."""
        return await self.prepare(asked, variables, environment)

    async def pin(self, asked: str, label: str) -> PinChange:
        """As Prompts.pin."""
        self.changed.append(("pin", asked, label))
        after = asked.partition("@")[2]
        return PinChange(at=NOW, what="pin", stem="triage", label=label, before=PINNED.version, after=after)

    async def rollback(self, stem: str, label: str) -> PinChange:
        """As Prompts.rollback."""
        self.changed.append(("rollback", stem, label))
        before, after = PINNED.version, OLDEST.version
        return PinChange(at=NOW, what="rollback", stem=stem, label=label, before=before, after=after)
