"""Fields that only one dialect has words for: kept when a client sends them, put back for a provider that has them."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import msgspec

from burn_tui.core.chat import ChatRequest, Extras
from burn_tui.providers.reading import compact

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def extras_in(
    body: Mapping[str, object], dialect: str, *, known: AbstractSet[str], headers: Mapping[str, str] | None = None
) -> Extras | None:
    """What `body` holds beside the `known` fields. None = nothing."""
    unknown = {name: value for name, value in body.items() if name not in known and value is not None}
    return Extras(dialect, compact(unknown), headers or {}) if unknown or headers else None


def fields_for(request: ChatRequest, dialect: str) -> dict[str, object]:
    """The extra fields of `request` that a provider of `dialect` is sent."""
    extras = request.extras
    return dict(_FIELDS.decode(extras.fields)) if extras is not None and extras.dialect == dialect else {}


def headers_for(request: ChatRequest, dialect: str) -> Mapping[str, str]:
    """The headers that go with `fields_for`."""
    extras = request.extras
    return extras.headers if extras is not None and extras.dialect == dialect else {}
