"""Between the ledger's rows and the core's records.

A row is written in numbers, words by way of ledger_names.py, and read in words, from the view `attempts`.
"""

from collections.abc import Mapping
from typing import Any

from burn_tui.core.latency import bucket_of
from burn_tui.core.usage import AttemptOpened, PromptUse, Usage, UsageRecord
from burn_tui.engine.ledger_names import Names

LATE_S = 300.0
"""An imported attempt that ended longer ago is late: it is in all sums and alarms nobody."""

SHORTEST_GENERATION_S = 0.05
"""An answer that came in one piece was not generated in the microseconds between its first byte and its last."""

_OPENED = tuple(
    name for name in AttemptOpened.__struct_fields__ if name not in {"started_at", "waited_s", "prompt", "git_is_dirty"}
)
_SETTLED = (
    "response_model",
    "cost_nanousd",
    "cost_source",
    "price_as_of",
    "finish_reason",
    "error_type",
    "http_status",
    "malformed_events",
)
_USAGE = tuple(name for name in Usage.__struct_fields__ if name not in {"cost_nanousd", "estimated"})

_NO_PROMPT = PromptUse(name="", version="")

_UUID_DASHES = (8, 13, 18, 23)


def microseconds(duration_s: float) -> int:
    """Seconds, also those since the epoch, as the ledger keeps them."""
    return round(duration_s * 1_000_000)


def identifier(text: str) -> bytes | str:
    """The 16 bytes of a UUID in its usual form; whatever else somebody's ids look like stays as it is."""
    if len(text) == 36 and all(text[place] == "-" for place in _UUID_DASHES) and text == text.lower():
        try:
            digits = bytes.fromhex(text.replace("-", ""))
        except ValueError:
            return text
        return digits if len(digits) == 16 else text
    return text


def open_row(opened: AttemptOpened, names: Names, *, owner: str | None) -> tuple[object, ...]:
    """The columns of OPENED in tables/ledger.py."""
    prompt = opened.prompt or _NO_PROMPT
    return (
        identifier(opened.event_id),
        identifier(opened.request_id),
        opened.attempt,
        microseconds(opened.started_at),
        names.labels_of(opened),
        names.number(opened.session_id),
        names.number(opened.conversation_id),
        names.number(opened.requested),
        names.number(opened.route),
        names.number(opened.route_reason),
        names.number(opened.fell_back_from),
        opened.lane,
        microseconds(opened.waited_s),
        names.number(owner),
        opened.input_tokens_estimate,
        opened.cost_estimate_nanousd,
        _hash(prompt.variables_hash),
        _hash(prompt.rendered_hash),
        names.number(opened.git_commit),
        opened.git_is_dirty,
    )


def settled_row(record: UsageRecord, names: Names) -> tuple[object, ...]:
    """The columns of OPENED and SETTLED in tables/ledger.py."""
    usage = record.usage
    return (
        *open_row(record.opened, names, owner=None),
        microseconds(record.duration_s),
        None if record.time_to_first_chunk_s is None else microseconds(record.time_to_first_chunk_s),
        names.number(record.response_model),
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        usage.cache_creation_1h_input_tokens,
        usage.reasoning_output_tokens,
        usage.estimated,
        record.cost_nanousd,
        record.cost_source,
        names.number(record.price_as_of),
        record.finish_reason,
        record.error_type,
        record.http_status,
        record.malformed_events,
        record.is_late,
        *_buckets(record),
    )


def _buckets(record: UsageRecord) -> tuple[int | None, int | None, int | None]:
    """Where the attempt counts among first chunks, durations and tokens per second; None = it is no sample.

    Whole answers only have a duration worth comparing: a refusal after 80 ms would make its provider look fast.
    """
    first_chunk_s = record.time_to_first_chunk_s
    first_chunk = None if first_chunk_s is None else bucket_of(first_chunk_s)
    if record.error_type is not None:
        return first_chunk, None, None
    generating_s = record.duration_s - (first_chunk_s or 0.0)
    tokens = record.usage.output_tokens
    has_speed = first_chunk_s is not None and tokens and generating_s >= SHORTEST_GENERATION_S
    speed = bucket_of(tokens / generating_s) if tokens and has_speed else None
    # Who takes over other people's logs may not know how long a call took, and says 0.
    return first_chunk, bucket_of(record.duration_s) if record.duration_s > 0 else None, speed


def record_of(row: Mapping[str, Any]) -> UsageRecord:
    """The record that a settled row of the view `attempts` was made of."""
    # A provider's own figure is not kept twice: where there is one, it is the cost.
    charged = row["cost_nanousd"] if row["cost_source"] == "provider" else None
    usage = Usage(**{name: row[name] for name in _USAGE}, cost_nanousd=charged, estimated=bool(row["usage_estimated"]))
    first_chunk_us = row["time_to_first_chunk_us"]
    return UsageRecord(
        opened=opened_of(row),
        usage=usage,
        duration_s=row["duration_us"] / 1_000_000,
        time_to_first_chunk_s=None if first_chunk_us is None else first_chunk_us / 1_000_000,
        is_late=bool(row["is_late"]),
        **{name: row[name] for name in _SETTLED},
    )


def opened_of(row: Mapping[str, Any]) -> AttemptOpened:
    """What a row of the view `attempts` was opened with."""
    return AttemptOpened(
        **{name: row[name] for name in _OPENED},
        started_at=row["started_at_us"] / 1_000_000,
        waited_s=row["waited_us"] / 1_000_000,
        prompt=_prompt(row),
        git_is_dirty=None if row["git_is_dirty"] is None else bool(row["git_is_dirty"]),
    )


def _prompt(row: Mapping[str, Any]) -> PromptUse | None:
    if row["prompt_name"] is None:
        return None
    return PromptUse(
        name=row["prompt_name"],
        version=row["prompt_version"],
        variant=row["prompt_variant"],
        label=row["prompt_label"],
        variables_hash=row["variables_hash"],
        rendered_hash=row["rendered_hash"],
    )


def _hash(digits: str | None) -> bytes | None:
    return None if digits is None else bytes.fromhex(digits)
