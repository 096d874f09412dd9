"""Between the ledger's rows and the core's records. Columns are named after fields, times apart."""

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from burn_tui.core.usage import AttemptOpened, Usage, UsageRecord

_OPENED = [name for name in AttemptOpened.__struct_fields__ if name != "started_at"]
_SETTLED = [name for name in UsageRecord.__struct_fields__ if name not in {"opened", "usage"}]
_USAGE = [name for name in Usage.__struct_fields__ if name not in {"cost_nanousd", "estimated"}]


def microseconds(epoch_s: float) -> int:
    """Seconds since the epoch as the ledger keeps them."""
    return round(epoch_s * 1_000_000)


def open_row(opened: AttemptOpened, *, owner: str) -> dict[str, object]:
    """The columns of an attempt whose call is about to leave."""
    return {**_opened(opened), "owner": owner}


def settled_row(record: UsageRecord) -> dict[str, object]:
    """The columns of a finished attempt."""
    return {
        **_opened(record.opened),
        **{name: getattr(record, name) for name in _SETTLED},
        **{name: getattr(record.usage, name) for name in _USAGE},
        "usage_estimated": int(record.usage.estimated),
        "settled_at_us": microseconds(record.opened.started_at + record.duration_s),
    }


def record_of(row: Mapping[str, Any]) -> UsageRecord:
    """The record that a settled row was made of."""
    # A provider's own figure is not kept twice: where there is one, it is the cost.
    charged = row["cost_nanousd"] if row["cost_source"] == "provider" else None
    usage = Usage(**{name: row[name] for name in _USAGE}, cost_nanousd=charged, estimated=bool(row["usage_estimated"]))
    opened = AttemptOpened(**{name: row[name] for name in _OPENED}, started_at=row["started_at_us"] / 1_000_000)
    return UsageRecord(opened=opened, usage=usage, **{name: row[name] for name in _SETTLED})


def _opened(opened: AttemptOpened) -> dict[str, object]:
    columns = structs.asdict(opened)
    columns["started_at_us"] = microseconds(columns.pop("started_at"))
    return columns
