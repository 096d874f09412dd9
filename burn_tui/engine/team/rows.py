"""From rows of this machine's ledger to what its team sees of them. Whatever is not named here does not leave."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from burn_tui.core.team import Labels, SharedRow, SharedVerdict, Sharing, plain

CORRECTION = -1
"""In place of the number of an attempt."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_LONGEST_MS = 2**31 - 1

Row = Mapping[str, Any]


def attempt_of(row: Row, sharing: Sharing) -> SharedRow:
    """A settled row of the ledger's view `attempts`."""
    first_chunk_us = row["time_to_first_chunk_us"]
    return SharedRow(
        event_id=digest_of_id(row["event_id"]),
        attempt=min(row["attempt"], 32_767),
        error_type=row["error_type"] or "",
        cost_nanousd=row["cost_nanousd"],
        unpriced=int(row["cost_nanousd"] is None and row["error_type"] != "refused"),
        duration_ms=_ms(row["duration_us"]),
        first_chunk_ms=None if first_chunk_us is None else _ms(first_chunk_us),
        **_figures(row, sharing),
    )


def correction_of(row: Row, sharing: Sharing) -> SharedRow:
    """A row of the ledger's corrections, with what its attempt is grouped by."""
    return SharedRow(
        event_id=digest_of_id(row["raw_id"]),
        attempt=CORRECTION,
        error_type="",
        cost_nanousd=row["cost_nanousd"],
        unpriced=row["unpriced"],
        duration_ms=0,
        first_chunk_ms=None,
        **_figures(row, sharing),
    )


def verdict_of(row: Row, sharing: Sharing) -> SharedVerdict:
    """A row of the ledger's feedback."""
    return SharedVerdict(
        event_id=digest_of_id(row["raw_id"]),
        at_us=row["at_us"],
        labels=_labels(row, sharing),
        verdict=row["verdict"],
        note=(row["note"] or "").replace("\0", "") if sharing.share_text else "",
    )


def _figures(row: Row, sharing: Sharing) -> dict[str, Any]:
    return {
        "started_at_us": row["started_at_us"],
        "labels": _labels(row, sharing),
        "session": sharing.name(row["session"]),
        "input_tokens": row["input_tokens"] or 0,
        "output_tokens": row["output_tokens"] or 0,
        "cache_read_input_tokens": row["cache_read_input_tokens"] or 0,
        "cache_creation_input_tokens": row["cache_creation_input_tokens"] or 0,
        "reasoning_output_tokens": row["reasoning_output_tokens"] or 0,
    }


def _labels(row: Row, sharing: Sharing) -> Labels:
    return Labels(
        member=plain(row["member"] or sharing.member),
        provider_name=plain(row["provider_name"]),
        request_model=plain(row["request_model"]),
        environment=plain(row["environment"]),
        operation_name=plain(row["operation_name"]),
        project=sharing.name(row["project"]),
        source=plain(row["source"]),
        prompt_name=plain(row["prompt_name"]),
        prompt_version=plain(row["prompt_version"]),
    )


def _ms(duration_us: int) -> int:
    return min(duration_us // 1000, _LONGEST_MS)


def digest_of_id(event_id: str | bytes) -> str:
    """The id itself if it is a UUID; else the same digest of it on every machine."""
    if isinstance(event_id, bytes):
        return str(UUID(bytes=event_id))
    try:
        return str(UUID(event_id))
    except ValueError:
        return digest(event_id)


def digest(*words: str) -> str:
    """Of words, in the form of a UUID."""
    return str(UUID(bytes=hashlib.sha256("\0".join(words).encode()).digest()[:16]))


def time_of(at_us: int) -> datetime:
    """To the microsecond, as a float would not have it. What no calendar holds becomes its end."""
    try:
        return _EPOCH + timedelta(microseconds=at_us)
    except OverflowError:
        return datetime(9999, 1, 1, tzinfo=UTC) if at_us > 0 else datetime(1, 1, 2, tzinfo=UTC)
