"""A team whose day a test wrote down."""

from msgspec import structs

from burn_tui.core.errors import BurnError
from burn_tui.core.team import Line, Member, SharedBudget, TeamView, VersionFeedback

AT = 1_772_460_120.0
"""2026-03-02 14:02 UTC."""

_CENT = 10_000_000


def _line(member: str, session: str, model: str, environment: str, *figures: int, **fields: int) -> Line:
    """`figures`: cents and requests."""
    cents, requests = figures
    return Line(
        member=member,
        session=session,
        model=model,
        environment=environment,
        requests=requests,
        failures=fields.get("failures", 0),
        tokens=fields.get("tokens", requests * 9_400),
        cost_nanousd=cents * _CENT,
        unpriced=fields.get("unpriced", 0),
        last_at=AT - fields.get("ago_s", 60),
    )


BUSY = TeamView(
    where="burn at db.example.com",
    members=(
        Member(name="lee", cost_nanousd=1_840 * _CENT, expected_nanousd=610 * _CENT, last_at=AT - 4),
        Member(name="kim", cost_nanousd=482 * _CENT, expected_nanousd=430 * _CENT, last_at=AT - 60),
        Member(name="noor", cost_nanousd=31 * _CENT, expected_nanousd=None, last_at=AT - 5_400),
    ),
    lines=(
        _line("lee", "night-migration", "anthropic/claude-sonnet-4-5", "production", 1_620, 412, failures=38, ago_s=4),
        _line("kim", "api-refactor", "anthropic/claude-sonnet-4-5", "staging", 390, 96),
        _line("lee", "claude-code@web-frontend-monorepo", "openai/gpt-5-mini", "staging", 220, 301, ago_s=840),
        _line("kim", "scratch", "openai/gpt-5-mini", "local", 92, 120, unpriced=3, ago_s=2_000),
        _line("noor", "terraform", "gemini/gemini-2.5-flash", "sandbox", 31, 44, ago_s=5_400),
        _line("noor", "scratch", "ollama/qwen3:8b", "local", 0, 18, ago_s=7_000),
    ),
    budgets=(
        SharedBudget(
            name="whole team",
            limit_nanousd=3_000 * _CENT,
            period="day",
            scope="all",
            timezone="Europe/Berlin",
            spent_nanousd=2_353 * _CENT,
            reserved_nanousd=84 * _CENT,
        ),
        SharedBudget(
            name="billing project",
            limit_nanousd=40_000 * _CENT,
            period="month",
            scope="project:billing",
            timezone="UTC",
            spent_nanousd=11_200 * _CENT,
            reserved_nanousd=0,
        ),
    ),
    feedback=(
        VersionFeedback(
            prompt_name="triage", prompt_version="9f2c1a77b3d0" + "0" * 52, good=41, bad=3, pins="production"
        ),
        VersionFeedback(prompt_name="triage", prompt_version="77aa01c4e5f6" + "0" * 52, good=12, bad=9),
    ),
)
"""A day on which one of three burns three times the usual."""

AWAY = structs.replace(
    BUSY,
    problem="burn at db.example.com cannot be asked: connection refused. Nothing is lost: rows wait here and leave "
    "when it is back.",
    away_rule="Paid calls are refused meanwhile, because shared budgets cannot be asked.",
    waiting=1_204,
)
"""The same day, once the server is gone."""


class ScriptedMembership:
    """As Membership, of the dashboard's side."""

    def __init__(self) -> None:
        self.seen: TeamView | BurnError = TeamView(where="")
        """In no team."""

    async def view(self) -> TeamView:
        """As Membership.view."""
        if isinstance(self.seen, BurnError):
            raise self.seen
        return self.seen
