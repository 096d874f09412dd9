"""Fields that only one dialect has words for: kept when a client sends them, put back for a provider that has them."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from msgspec import Raw

from burn_tui.core.chat import ChatRequest, Extras
from burn_tui.providers.reading import compact


def extras_in(
    body: Mapping[str, object], dialect: str, *, known: AbstractSet[str], headers: Mapping[str, str] | None = None
) -> Extras | None:
    """What `body` holds beside the `known` fields. None = nothing."""
    unknown = {name: compact(value) for name, value in body.items() if name not in known and value is not None}
    return Extras(dialect, unknown, headers or {}) if unknown or headers else None


def fields_for(request: ChatRequest, dialect: str) -> dict[str, object]:
    """The extra fields of `request` that a provider of `dialect` is sent."""
    extras = request.extras
    if extras is None or extras.dialect != dialect:
        return {}
    return {name: Raw(value.encode()) for name, value in extras.fields.items()}


def headers_for(request: ChatRequest, dialect: str) -> Mapping[str, str]:
    """The headers that go with `fields_for`."""
    extras = request.extras
    return extras.headers if extras is not None and extras.dialect == dialect else {}
