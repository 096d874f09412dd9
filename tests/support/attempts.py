"""Attempts as the ledger's and the core's tests need them: one with the fields that matter, or any at all."""

from itertools import count
from typing import Any

from hypothesis import strategies as st
from msgspec import structs

from burn_tui.core.failure import IN_WORDS
from burn_tui.core.usage import AttemptOpened, PromptUse, Usage, UsageRecord

HOUR_S = 3600.0
NOW = 1_772_460_000.0
"""2026-03-02 14:00 UTC: the start of an hour."""

_ids = count(1)


def opened(event_id: str | None = None, **fields: Any) -> AttemptOpened:
    """An attempt that is about to leave, with an id of its own unless one is given."""
    plain = AttemptOpened(
        event_id=event_id or f"attempt-{next(_ids)}",
        request_id="request",
        attempt=1,
        started_at=NOW,
        provider_name="openai",
        request_model="gpt-5-mini",
    )
    return structs.replace(plain, **fields)


def settled(attempt: AttemptOpened | None = None, **fields: Any) -> UsageRecord:
    """A finished attempt that cost 5 nano-USD."""
    plain = UsageRecord(
        opened=attempt or opened(),
        duration_s=2.0,
        time_to_first_chunk_s=0.5,
        response_model="gpt-5-mini-2025-08-07",
        usage=Usage(input_tokens=100, output_tokens=20),
        cost_nanousd=5,
        cost_source="price",
        finish_reason="stop",
        http_status=200,
    )
    return structs.replace(plain, **fields)


counts = st.none() | st.integers(0, 10**7)
seconds = st.integers(0, 1_000_000_000).map(lambda us: us / 1_000_000)
"""To the microsecond, as the ledger keeps durations."""
moments = st.integers(-3 * 3_600_000_000, 3 * 3_600_000_000).map(lambda us: NOW + us / 1_000_000)
"""Within three hours of NOW, to the microsecond."""

edges = st.builds(
    lambda hours, us: NOW + hours * HOUR_S + us / 1_000_000, st.integers(-3, 3), st.sampled_from([-1, 0, 1])
)
"""On full hours and a microsecond beside them."""

_hashes = st.none() | st.sampled_from(["ab" * 32, "0f" * 32])

prompts = st.builds(
    PromptUse,
    name=st.sampled_from(["triage", "summary"]),
    version=st.sampled_from(["12" * 32, "34" * 32]),
    variant=st.none() | st.just("anthropic"),
    label=st.none() | st.sampled_from(["production", "staging"]),
    variables_hash=_hashes,
    rendered_hash=_hashes,
)

_openings = st.builds(
    opened,
    started_at=moments | edges,
    attempt=st.integers(1, 4),
    request_id=st.sampled_from(["r1", "r2", "r3"]),
    provider_name=st.sampled_from(["anthropic", "openai", "ollama"]),
    request_model=st.sampled_from(["big", "small"]),
    environment=st.sampled_from(["", "production", "local"]),
    operation_name=st.sampled_from(["chat", "review"]),
    session_id=st.none() | st.sampled_from(["s1", "s2"]),
    project=st.none() | st.sampled_from(["p1", "p2"]),
    input_tokens_estimate=st.integers(0, 10**6),
    cost_estimate_nanousd=st.none() | st.integers(0, 10**10),
    waited_s=seconds,
    fell_back_from=st.none() | st.just("openai/big"),
    member=st.none() | st.just("kim"),
    prompt=st.none() | prompts,
    git_commit=st.none() | st.sampled_from(["1a" * 20, "2b" * 20]),
    git_is_dirty=st.none() | st.booleans(),
)

openings: st.SearchStrategy[AttemptOpened] = _openings
"""Any attempt that is about to leave."""


def _finished(attempt: AttemptOpened, **fields: Any) -> UsageRecord:
    """The fields made to agree: a refusal reached nobody, so it used and cost nothing."""
    if fields["error_type"] == "refused":
        fields |= {"usage": Usage(0, 0), "cost_nanousd": 0, "time_to_first_chunk_s": None}
    if fields["cost_nanousd"] is None:
        fields["cost_source"] = None
    if fields["cost_source"] == "provider":
        fields["usage"] = structs.replace(fields["usage"], cost_nanousd=fields["cost_nanousd"])
    return settled(attempt, **fields)


records: st.SearchStrategy[UsageRecord] = st.builds(
    _finished,
    openings,
    duration_s=seconds,
    time_to_first_chunk_s=st.none() | seconds,
    usage=st.builds(Usage, counts, counts, counts, counts, counts, counts, estimated=st.booleans()),
    cost_nanousd=st.none() | st.integers(0, 10**10),
    cost_source=st.sampled_from(["price", "estimated", "provider"]),
    error_type=st.none() | st.sampled_from(sorted(IN_WORDS)),
    http_status=st.none() | st.sampled_from([200, 429, 500]),
    is_late=st.booleans(),
)
"""Any finished attempt."""
