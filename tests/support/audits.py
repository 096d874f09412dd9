"""One month of work in two projects, by several tools: what an audit says of it is reckoned, not written down."""

from typing import Any

from burn_tui.core.audit import Audit, Priced, ToolSeen
from burn_tui.core.audit_progress import Progress
from burn_tui.core.audit_routes import SizedCalls, alternatives
from burn_tui.core.audit_savings import cache_uses, served_as_well
from burn_tui.core.audit_switches import Call, Place, switches
from burn_tui.core.audit_tasks import Task, TaskUse, concentration, ranked
from burn_tui.core.catalog import Target
from burn_tui.core.money import Price, Rates, nanousd
from burn_tui.core.routing import Route
from burn_tui.core.usage import Usage

SONNET = Target("anthropic", "claude-sonnet-4-5")
OPUS = Target("anthropic", "claude-opus-4-5")
HAIKU = Target("anthropic", "claude-haiku-4-5")
CODEX = Target("openai", "gpt-5-codex")

DAY_S = 86_400.0
UNTIL = 1_772_460_120.0

WEB, API = "/srv/someone/code/web", "/srv/someone/code/api"


def rates(input_usd: str, output_usd: str, read_usd: str, write_usd: str | None = None) -> Price:
    """In dollars per million tokens."""
    return Price(
        rates=Rates(
            input_rate=nanousd(input_usd),
            output_rate=nanousd(output_usd),
            cache_read_rate=nanousd(read_usd),
            cache_write_rate=nanousd(write_usd) if write_usd else None,
        )
    )


PRICES = {
    SONNET: rates("3", "15", "0.3", "3.75"),
    OPUS: rates("5", "25", "0.5", "6.25"),
    HAIKU: rates("1", "5", "0.1", "1.25"),
    CODEX: rates("1.25", "10", "0.125"),
}


def use(operation: str = "edit", target: Target = SONNET, **fields: Any) -> TaskUse:
    """A task in web at a model, forty calls of four sessions unless something else is said."""
    project, branch = fields.pop("project", WEB), fields.pop("branch", "")
    given = {
        "sessions": 4,
        "attempts": 40,
        "failures": 0,
        "input_tokens": 40_000,
        "output_tokens": 8_000,
        "cost_nanousd": nanousd("0.24"),
    }
    return TaskUse(
        task=Task(project, branch, operation),
        provider_name=target.provider_name,
        request_model=target.model,
        **(given | fields),
    )


def _use(operation: str, target: Target, cost: str, calls: int, **fields: Any) -> TaskUse:
    written, read = calls * 900, calls * 40_000
    counts = {
        "attempts": calls,
        "sessions": max(calls // 30, 1),
        "input_tokens": written + read + 200 * calls,
        "output_tokens": 700 * calls,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
        "cost_nanousd": nanousd(cost),
    }
    return use(operation, target, **(counts | fields))


TASKS = ranked(
    (
        _use("edit", OPUS, "61.2", 1_240, failures=4),
        _use("edit", SONNET, "38.4", 1_910, failures=5, branch="checkout"),
        _use("edit", HAIKU, "2.1", 420, failures=2),
        _use("shell", SONNET, "19.8", 990, failures=1),
        _use("/review", OPUS, "14.4", 210, project=API),
        _use("subagent explore", HAIKU, "3.2", 610, unread_cache_tokens=310_000, cache_read_input_tokens=190_000),
        _use("read", SONNET, "9.1", 640, project=API, unread_cache_tokens=12_000),
        _use("edit", CODEX, "7.7", 480, project=API, cache_creation_input_tokens=0),
        _use("chat", Target("ollama", "qwen3:8b"), "0", 88, cache_creation_input_tokens=0, sessions=6),
        _use("plan", Target("unknown", "house-model"), "0", 31, cost_nanousd=None, unpriced_attempts=31),
    )
)


def calls_of_a_day() -> list[Call]:
    """Prompts that go to and fro between two projects, with a few calls behind each."""
    calls: list[Call] = []
    at_us = round((UNTIL - DAY_S) * 1e6)
    for number in range(60):
        place = (1, 2, 1, 3)[number % 4]
        calls += [(at_us + call * 4_000_000, place, place) for call in range(5)]
        at_us += 150_000_000 + 7_000_000 * (number % 5)
    return calls


class ScriptedImport:
    """An import that a test moves on."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        self.said = ""
        self.unread: dict[str, int] = {}

    def start(self) -> None:
        """As LogImport.start: two fifths of two gigabytes are read."""
        self.progress = Progress(
            files=10_112, files_done=4_100, bytes=2_146_000_000, bytes_done=880_000_000, rows=410_000, elapsed_s=9.2
        )


PLACES = {1: Place("anthropic", "web"), 2: Place("anthropic", "api"), 3: Place("openai", "api")}

SIZED = [
    SizedCalls(
        target=one.target,
        calls=one.attempts,
        usage=Usage(one.input_tokens, one.output_tokens, one.cache_read_input_tokens, one.cache_creation_input_tokens),
        largest_input_tokens=90_000,
        largest_tokens=92_000,
        cost_nanousd=one.cost_nanousd or 0,
        unpriced_calls=one.unpriced_attempts,
    )
    for one in TASKS
]

ROUTES = (
    Route("quick", (HAIKU, CODEX)),
    Route("careful", (OPUS, SONNET)),
    Route(str(SONNET), (SONNET,)),
    Route(str(CODEX), (CODEX,)),
)

_LONG = "at the rates above 200000 input tokens for the whole request"

PRICED = tuple(
    Priced(
        cost_source=source,
        rule=rule,
        calls=calls,
        cost_nanousd=nanousd(usd),
        first_as_of=first,
        last_as_of="2026-03-02" if first else None,
    )
    for source, rule, calls, usd, first in (
        ("price", "", 5_422, "139.3", "2026-02-01"),
        ("price", _LONG, 35, "16.6", "2026-03-02"),
        (None, "", 31, "0", None),
        ("logged", "which notes the cost", 12, "0.04", None),
    )
)

AUDIT = Audit(
    since=UNTIL - 30 * DAY_S,
    until=UNTIL,
    tasks=TASKS,
    tools=(
        ToolSeen(name="aider", attempts=12, cost_nanousd=None),
        ToolSeen(name="claude_code", attempts=5_020, cost_nanousd=nanousd("148.2")),
        ToolSeen(name="codex", attempts=480, cost_nanousd=nanousd("7.7")),
        ToolSeen(name="router", attempts=1_107, cost_nanousd=None),
    ),
    cheaper=served_as_well(TASKS, PRICES.get),
    caches=cache_uses(TASKS, PRICES.get),
    providers=concentration(TASKS),
    switches=switches(calls_of_a_day(), PLACES),
    routes=alternatives(ROUTES, SIZED, price=PRICES.get, window=lambda _: 200_000),
    priced=PRICED,
    estimated_attempts=12,
    unpriced_attempts=31,
)
