"""What a member of a team shares with the others, and what all of them see of it. No text, no paths."""

import hashlib
import re
from typing import Literal

from msgspec import Struct

from burn_tui.core.budget import Budget

WhenAway = Literal["refuse", "go_on"]
"""What becomes of a paid call under a shared budget while the team's server cannot be asked."""

BURNS_HIGH = 2.0
"""Times the usual from which a member stands out."""

LONGEST_NAME = 120
"""Characters; what is cut off was no name."""

_PATH = re.compile(r"(?<![\w.])(?:~|\.{1,2}|[A-Za-z]:)?(?:[\\/][^\\/\s:]+){2,}[\\/]?|(?<![\w.])~[\\/][^\\/\s]+")
"""What looks like a place on a disk; "meta-llama/Llama-3" does not."""


class Sharing(Struct, frozen=True, kw_only=True):
    """How one member's rows leave the machine."""

    member: str
    hash_names: bool = False
    """True = names of projects and sessions leave as digests."""
    share_text: bool = False
    """True = the notes that people write on answers leave with their verdicts."""
    team_id: str = ""
    """Makes digests those of this team: the same name has another one elsewhere."""

    def name(self, name: str | None) -> str:
        """Of a project or a session, as others may see it; "" = it has none."""
        if not name:
            return ""
        if self.hash_names:
            return "#" + hashlib.sha256(f"{self.team_id}\0{name}".encode()).hexdigest()[:12]
        return plain(name)


def without_paths(name: str) -> str:
    """Of whatever looks like a path only its last part: "run in /home/kim/app" -> "run in app"."""
    return _PATH.sub(lambda found: re.split(r"[\\/]", found[0].rstrip("\\/"))[-1], name)


def plain(name: str | None) -> str:
    """A name that may leave and that every database takes: without paths, of bounded length; "" for None.

    llama.cpp calls a model by the path of its file.
    """
    return without_paths(name or "").replace("\0", "")[:LONGEST_NAME]


class Labels(Struct, frozen=True, kw_only=True):
    """What a row is grouped by, the session apart. "" = it has none."""

    member: str
    provider_name: str
    request_model: str
    environment: str
    operation_name: str
    project: str
    source: str
    prompt_name: str
    prompt_version: str
    """SHA-256 of its canonical form."""


class SharedRow(Struct, frozen=True, kw_only=True):
    """One attempt, or the correction of one, as it leaves the machine: this and nothing else."""

    event_id: str
    """A UUID; of ids that are none, a digest of that form."""
    started_at_us: int
    """Microseconds since the epoch; a correction has that of its attempt."""
    labels: Labels
    session: str
    attempt: int
    """-1 = a correction, whose figures are differences."""
    error_type: str
    """"" = answered."""
    cost_nanousd: int | None
    """None = unknown."""
    unpriced: int
    """1 = the cost is unknown; -1 in a correction that tells it."""
    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int
    cache_creation_input_tokens: int
    reasoning_output_tokens: int
    duration_ms: int
    first_chunk_ms: int | None
    """None = no byte came."""


class SharedVerdict(Struct, frozen=True, kw_only=True):
    """What somebody thought of an answer, as it leaves the machine."""

    event_id: str
    at_us: int
    labels: Labels
    verdict: int | None
    """1 = thumbs up, -1 = down, None = taken back."""
    note: str
    """"" unless text is shared."""


class Line(Struct, frozen=True, kw_only=True):
    """What one member burnt today in one session with one model from one environment."""

    member: str
    session: str
    model: str
    """"provider/model"."""
    environment: str
    requests: int
    failures: int
    tokens: int
    cost_nanousd: int
    """Known costs only."""
    unpriced: int
    """Attempts of unknown cost."""
    last_at: float
    """When the latest attempt began, seconds since the epoch."""


class Member(Struct, frozen=True, kw_only=True):
    """One person's day."""

    name: str
    cost_nanousd: int
    expected_nanousd: int | None
    """What this person usually has spent by this time of the day; None = nothing is known."""
    last_at: float

    @property
    def ratio(self) -> float | None:
        """Times the usual; None while that is unknown."""
        return self.cost_nanousd / self.expected_nanousd if self.expected_nanousd else None

    @property
    def burns_high(self) -> bool:
        """Whether it is at least BURNS_HIGH times the usual."""
        return (self.ratio or 0.0) >= BURNS_HIGH


class SharedBudget(Struct, frozen=True, kw_only=True):
    """A limit of the whole team. Its period begins when the server's clock says so."""

    name: str
    limit_nanousd: int
    period: str
    scope: str
    timezone: str
    spent_nanousd: int
    """In this period, by all members."""
    reserved_nanousd: int
    """For calls in flight, and for those whose rows have not arrived yet."""


class VersionFeedback(Struct, frozen=True, kw_only=True):
    """What people thought of one version of a prompt."""

    prompt_name: str
    prompt_version: str
    good: int
    bad: int
    pins: str = ""
    """The labels that stand for it, such as "production, staging"; "" = none does."""


class TeamView(Struct, frozen=True, kw_only=True):
    """What the team screen shows."""

    where: str
    """The server, without any password; "" = no team is configured."""
    problem: str | None = None
    """Why figures are missing or old; None = all is well."""
    waiting: int = 0
    """Rows of this machine that have not left yet."""
    away_rule: str = ""
    """What holds for shared budgets while the server is away; "" = it is not, or there are none."""
    members: tuple[Member, ...] = ()
    lines: tuple[Line, ...] = ()
    budgets: tuple[SharedBudget, ...] = ()
    feedback: tuple[VersionFeedback, ...] = ()


class Reserved(Struct, frozen=True):
    """What became of a reservation under the shared budgets."""

    refused_by: SharedBudget | None = None
    """The budget that it does not fit into; None = it is reserved."""
    near: tuple[SharedBudget, ...] = ()
    """Those that are nearly used up."""


def scope_of(budget: Budget) -> tuple[str, str]:
    """Kind and name of what it covers: ("all", ""), ("project", "billing")."""
    kind, _, name = budget.scope.partition(":")
    return kind, name
