"""The shape of the settings file, section by section. README's reference is made from these docstrings."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from burn_tui.core.bottlenecks import SLOW_S
from burn_tui.core.budget import Period, WhenFull
from burn_tui.core.environment import Privacy
from burn_tui.core.policy import OnCut, OnFilter
from burn_tui.core.routing_rules import Tier
from burn_tui.core.task_class import TaskClass
from burn_tui.core.team import WhenAway

Usd = Annotated[float, Meta(ge=0, le=1e9)]
"""Up to a billion dollars: in nano-USD just what the ledger's integers hold."""

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Count = Annotated[int, Meta(ge=1)]


class ModelSettings(Struct, forbid_unknown_fields=True):
    """One entry of `models:` where a name alone says too little."""

    name: str
    context_window: Count | None = None
    """Tokens of prompt and answer together; absent = as the built-in price data says."""
    tools: bool | None = None
    """false = it calls no functions, so it is not asked where tools are offered; absent = as far as is known."""
    images: bool | None = None
    """false = it takes no pictures; absent = as far as is known."""
    json: bool | None = None
    """false = it cannot be held to JSON; absent = as far as is known."""


class ProviderSettings(Struct, forbid_unknown_fields=True):
    """One entry of `providers:`. A provider known by name needs only what differs."""

    dialect: str | None = None
    """The wire it speaks; needed unless the provider is known by name."""
    base_url: str | list[str] | None = None
    """As the provider's own SDK takes it: OpenAI dialects with /v1, the others the root without a version.
    A list spreads requests."""
    api_key: str | list[str] | None = None
    """"${VARIABLE}" or "keyring:NAME", never the key itself; absent = needs none. A list spreads requests."""
    models: list[str | ModelSettings] = []
    """Names, or {name: ..., context_window: ..., tools: true, images: false, json: true}; what a model is said not to
    be able to do it is never asked for. The first is the one that a bare provider name means."""
    local: bool | UnsetType = UNSET
    """true = runs on this machine and is free."""
    options: dict[str, str] = {}
    """Peculiarities that the dialect knows by name, such as {max_tokens: max_completion_tokens}; absent = none."""


class PriceSettings(Struct, forbid_unknown_fields=True):
    """One entry of `prices:`, in US dollars per million tokens."""

    input_usd_per_million: Usd
    output_usd_per_million: Usd
    cache_read_usd_per_million: Usd | None = None
    """absent = as input"""
    cache_write_usd_per_million: Usd | None = None
    """absent = as input"""
    cache_write_1h_usd_per_million: Usd | None = None
    """absent = twice the input price where cache_write_usd_per_million is given, else as input"""


class EnvironmentSettings(Struct, forbid_unknown_fields=True):
    """One entry of `environments:`."""

    hue: str | None = None
    """blue, yellow, green, violet, grey, red or cyan; absent = the usual one of that name."""
    allow: list[str] | None = None
    """Providers that may be called from there; absent = all."""
    confirm: bool | UnsetType = UNSET
    """true = the first paid call of a session is asked about; absent = true for production, false elsewhere."""
    confirm_over_usd: Usd | None = None
    """A paid call estimated above this is always asked about; absent = never for its price alone."""
    lock: bool | UnsetType = UNSET
    """true = paid calls are locked until unlocked in the session; absent = as confirm."""
    unlock_minutes: Annotated[float, Meta(gt=0, le=1440)] = 15.0
    """How long an unlocking lasts."""
    unlock_requests: Count | None = None
    """How many requests it is good for; absent = any number."""
    privacy: Privacy = "any"
    """local = nothing leaves this machine."""
    production: bool | UnsetType = UNSET
    """true = requests marked as tests are blocked; absent = true where the name says production."""


class RouteSettings(Struct, forbid_unknown_fields=True):
    """One entry of `routes:`."""

    name: str
    """`default` is used when nothing else is asked for."""
    use: Annotated[list[str], Meta(min_length=1)]
    """provider/model, in order of preference."""
    on_cut: OnCut | None = None
    """absent = as for all routes"""
    on_filter: OnFilter | None = None
    """absent = as for all routes"""
    hedge: bool | None = None
    """absent = as for all routes"""
    patience_s: Seconds | None = None
    """absent = as for all routes"""


class BudgetSettings(Struct, forbid_unknown_fields=True):
    """One entry of `budgets:`."""

    name: str
    limit_usd: Usd
    """0 = nothing may be spent."""
    scope: str = "all"
    """all, provider:NAME, environment:NAME, session:NAME or project:NAME."""
    period: Period = "day"
    """day, week or month"""
    timezone: str = "UTC"
    """IANA name; its midnight starts the period."""
    when_full: WhenFull = "refuse"
    """queue = a request that does not fit waits while calls in flight may still turn out cheaper than reserved."""


class TimeoutSettings(Struct, forbid_unknown_fields=True):
    """The section `timeouts:`."""

    connect_s: Seconds = 5.0
    first_chunk_s: Seconds = 60.0
    """From sending the request to the first word."""
    idle_s: Seconds = 20.0
    """Between two pieces of a stream that has begun."""
    total_s: Seconds = 600.0
    """Of one attempt."""


class GatewaySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section `gateway:`."""

    port: Annotated[int, Meta(ge=0, le=65_535)] = 4141
    """Where `burn-tui gateway` listens; 0 = any free port."""
    models: dict[str, str] | None = None
    """What clients mean by a name: {"claude-*": quick, "gpt-5": openai/gpt-5-mini, "*": auto}, the first match counts;
    absent = claude-*, gpt-*, gemini-* and the like mean auto where no provider serves them."""
    body_limit_mb: Annotated[float, Meta(gt=0, le=1024)] = 32.0
    """Of one request; larger ones are refused."""


Notify = Literal["toast", "bell", "osc9"]


class TerminalSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section `terminal:`."""

    tab_colour: bool = False
    """true = the terminal's own tab has the colour of the session on screen: iTerm2, Windows Terminal, kitty, WezTerm
    and Konsole."""
    notify: tuple[Notify, ...] = ("toast",)
    """How something is told: toast = on the dashboard, bell = the terminal rings, osc9 = the desktop shows it."""
    reduced_motion: bool = False
    """true = nothing blinks, fades or slides."""
    mouse: bool = True
    """false = the mouse is left to the terminal, as with --no-mouse."""


class NeighbourSettings(Struct, forbid_unknown_fields=True):
    """One entry of `neighbours:`, a rule for panes of tmux. Each pattern that is given has to fit; * and ? stand for
    anything. The first rule that fits holds; what none fits counts as the most dangerous.
    """

    environment: str
    """Where such a pane is."""
    host: str | None = None
    """Of ssh, as it was typed."""
    container: str | None = None
    """Of docker and podman, or a pod."""
    context: str | None = None
    """Of docker or Kubernetes."""
    branch: str | None = None
    """Of git, where a script works."""
    path: str | None = None
    """Where a script works, or above it."""


class TeamSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section `team:`."""

    url: str = "${BURN_TEAM_URL}"
    """A PostgreSQL address, with what it says of TLS: postgresql://USER@HOST/DATABASE?sslmode=verify-full. Never with a
    password, which belongs into the variable or into ~/.pgpass."""
    member: str = "${USER}"
    """What this machine's rows are called by; several machines of one person say the same."""
    share_text: bool = False
    """true = notes that people write on answers leave with their verdicts. Prompts, answers and paths never leave."""
    hash_names: bool = False
    """true = names of projects and sessions leave as digests."""
    when_away: WhenAway = "refuse"
    """For paid calls under a shared budget while the server cannot be asked: refuse, or go_on within the budgets of
    this machine. Without shared budgets all goes on."""


class AuditSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section `audit:`, on the logs of other tools."""

    homes: tuple[str, ...] = ("~",)
    """Home directories whose logs are read; those of other machines may be copied or mounted anywhere."""
    trust_logged_costs: bool = True
    """false = a cost that a tool has noted in its log is not believed, and the price of the model is used instead."""
    follow: bool = True
    """false = the dashboard does not look for new lines in the logs of other tools while it runs."""


Share = Annotated[float, Meta(ge=0, le=1)]


class AutoSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The section `auto:`, on how a target is chosen where nobody has said which."""

    strong_share: Share = 0.2
    """The share of prompts that the strong tier answers: of the latest 300 those that gain most per dollar."""
    mid_share: Share = 0.3
    """The share that the tier below it answers."""
    local_share: Share = 0.2
    """The share that a model on this machine answers, where there is one: those that gain least."""
    premium_cap: Share = 0.4
    """Of a day's prompts at most this share goes to the strong tier by itself; 1 = no cap."""
    p50_s: Annotated[float, Meta(gt=0)] | None = None
    """Goal for the median time to the first word, as measured over the last day: who misses it comes later;
    absent = none."""
    p95_s: Annotated[float, Meta(gt=0)] | None = None
    """The same for what 95 % of the calls stay below."""
    explore: Annotated[float, Meta(ge=0, le=0.2)] = 0.02
    """The share of prompts that the cheap tier is tried on although they seem worth more; 0 = none."""
    cascade_ratio: Annotated[float, Meta(ge=1)] = 8.0
    """From this ratio of prices on, a cheap answer that can be checked comes before a strong one."""
    tiers: dict[str, Tier] = {}
    """local, cheap, mid or strong for single targets, as in {openai/gpt-5: strong}; the others are sorted by price."""
    task_classes: dict[TaskClass, list[str]] = {}
    """Patterns of your own, as in {infra_config: ["\\.nomad\\b"]}; one that is found in a prompt decides its class."""


class CheckSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of `checks:`, by name: a program that judges the answers that auto gets. It ends with 0 if the answer
    is good. It runs in a directory of its own and is told of no key; otherwise it may do what you may do.
    """

    run: Annotated[list[str], Meta(min_length=1)]
    """The program and its arguments, as in [pytest, -q]; no shell reads them."""
    file: str = "answer.txt"
    """Where the answer's code blocks are put in that directory; without any, the whole answer."""
    copy: list[str] = []
    """Files and folders of the working directory that are copied beside it."""
    timeout_s: Annotated[float, Meta(gt=0, le=600)] = 30.0
    """Then it is ended with all that it has started, and the answer has failed."""
    tasks: list[TaskClass] = []
    """The classes whose answers it judges; absent = only those of the rules that name it."""


class FileSettings(Struct, forbid_unknown_fields=True):
    """The sections of the file; each may be left out or empty."""

    providers: dict[str, Any] | None = None
    """absent = those whose key is in the environment, servers on this machine, and whoever the other sections speak
    of; {} = none."""
    prices: dict[str, Any] | None = None
    environments: dict[str, Any] | None = None
    routes: list[Any] | None = None
    budgets: list[Any] | None = None
    timeouts: TimeoutSettings | None = None
    gateway: GatewaySettings | None = None
    terminal: TerminalSettings | None = None
    keys: dict[str, str | list[str]] | None = None
    """Other keys for actions, by their id: {burn: f6, stop: [escape, ctrl+x]}; `burn-tui doctor` checks them."""
    neighbours: list[Any] | None = None
    auto: AutoSettings | None = None
    rules: list[Any] | None = None
    checks: dict[str, Any] | None = None
    team: TeamSettings | None = None
    audit: AuditSettings | None = None
    on_cut: OnCut = "continue"
    """When a stream is cut: continue = the next target goes on from the text, restart = it begins anew,
    ask = stop there."""
    on_filter: OnFilter = "stop"
    """When a provider blocks the content: stop, or fall_back to the next target."""
    hedge: bool = False
    """true = when the first target is far slower than usual, the next is asked as well and the faster one wins."""
    patience_s: Seconds = 0.0
    """How long a request waits when every target rests; 0 = it says at once when one will be back."""
    store_text: bool = True
    """false = prompts, answers and drafts are not kept on disk, and what was kept is erased at the next start."""
    keep_text_days: Count = 90
    """A session that nobody touches for so long is erased, with all its words; what it cost stays in the ledger."""
    slow_s: Seconds = SLOW_S
    """An operation whose median call takes longer than this is called slow."""
    theme: str | None = None
    """A name from themes/ or from the themes folder beside the settings file; absent = default."""
