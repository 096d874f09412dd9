"""What the generations of Claude take differently: how they are told to think, and whether they can be cooled.

    up to 3.5       cannot think
    3.7 to 4.5      thinking {enabled, budget_tokens}; from 4.1 on temperature or top_p, not both
    4.6             thinking {adaptive} and output_config.effort up to high
    4.7 and later   the same up to xhigh; temperature and top_p are refused

Each row is a 400 where it is not heeded: platform.claude.com/docs/en/build-with-claude/{effort,adaptive-thinking}.
"""

import re

from burn_tui.core.chat import ChatRequest, NamedTool, ReasoningEffort

DEFAULT_MAX_TOKENS = 8192
"""Where the caller sets no limit; every model since Claude 3.5 can write so much."""

_EARLY_MAX_TOKENS = 4096
"""The most that Claude 3 and earlier can write."""

_SMALLEST_BUDGET = 1024
_BUDGETS: dict[ReasoningEffort, int] = {
    "minimal": _SMALLEST_BUDGET,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 23552,  # with the default for the answer just below 32,000, the most that Opus 4.1 can write
}

_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_NEWEST = (99, 0)

_Fields = dict[str, object]


def generation(model: str) -> tuple[int, int] | None:
    """Claude's version, the newest where the name has none; None for somebody else's model behind the same API."""
    if found := _VERSION.search(model):
        return int(found[1]), int(found[2] or 0)
    return _NEWEST if "claude" in model else None


def default_max_tokens(model: str) -> int:
    """What to allow where the caller sets no limit: the API demands a number."""
    version = generation(model)
    return DEFAULT_MAX_TOKENS if version is None or version >= (3, 5) else _EARLY_MAX_TOKENS


def sampling(request: ChatRequest, model: str, *, thinks: bool) -> _Fields:
    """temperature and top_p, as far as `model` takes them."""
    version = generation(model)
    if thinks or (version is not None and version >= (4, 7)):
        return {}
    if request.temperature is not None:
        # Other dialects go up to 2, this one refuses more than 1.
        fields: _Fields = {"temperature": min(request.temperature, 1.0)}
        return fields if request.top_p is None or _takes_one(version) else {**fields, "top_p": request.top_p}
    return {} if request.top_p is None else {"top_p": request.top_p}


def _takes_one(version: tuple[int, int] | None) -> bool:
    return version is not None and version >= (4, 1)


def thinking(request: ChatRequest, model: str, *, may_start: bool) -> _Fields:
    """How `model` is told to think as hard as the caller asked.

    `may_start`: False in the middle of a turn that began without thinking, where a budget would be refused.
    """
    effort, version = request.reasoning_effort, generation(model)
    if effort is None:
        return {}
    if version is not None and version >= (4, 6):
        return _adaptive(request, effort, version, is_always_on="fable" in model or "mythos" in model)
    cannot = version is not None and version < (3, 7)
    if effort == "none" or cannot or not may_start or _forces_a_tool(request):
        return {}
    budget = _BUDGETS[effort]
    if request.max_output_tokens is not None:
        budget = min(budget, request.max_output_tokens - 1)
    return {"thinking": {"type": "enabled", "budget_tokens": budget}} if budget >= _SMALLEST_BUDGET else {}


def _adaptive(
    request: ChatRequest, effort: ReasoningEffort, version: tuple[int, int], *, is_always_on: bool
) -> _Fields:
    match effort:
        case "none":
            return _effort("low") if is_always_on else {"thinking": {"type": "disabled"}}
        case "minimal":
            effort = "low"
        case "xhigh" if version < (4, 7):
            effort = "high"
        case _:
            pass
    return _effort(effort) if _forces_a_tool(request) else {"thinking": {"type": "adaptive"}, **_effort(effort)}


def _effort(effort: str) -> _Fields:
    return {"output_config": {"effort": effort}}


def _forces_a_tool(request: ChatRequest) -> bool:
    """A model that thinks may not be forced to call a tool, and the caller's choice of a tool is the stronger wish."""
    return bool(request.tools) and (request.tool_choice == "required" or isinstance(request.tool_choice, NamedTool))


def extra_tokens(fields: _Fields) -> int:
    """What `thinking` may write on top of an answer of the default length."""
    thought = fields.get("thinking")
    if not isinstance(thought, dict) or thought["type"] == "disabled":
        return 0
    budget = thought.get("budget_tokens")
    return budget if isinstance(budget, int) else _BUDGETS["high"]


def effort_of(kind: str, effort: str, budget: int | None) -> ReasoningEffort | None:
    """What a client asks for by thinking.type, output_config.effort and thinking.budget_tokens; None = the default."""
    match kind, effort:
        case "disabled", _:
            return "none"
        case _, "low" | "medium" | "high" | "xhigh" as asked:
            return asked
        case _, "max":
            return "xhigh"
        case "adaptive", _:
            return "high"
        case "enabled", _:
            return next((name for name, tokens in _BUDGETS.items() if (budget or 0) <= tokens), "xhigh")
        case _:
            return None
