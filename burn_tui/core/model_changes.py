"""Another model behind the same name: nobody asked for it, and answers may differ from now on."""

from msgspec import Struct


class ModelChange(Struct, frozen=True, kw_only=True, tag="model"):
    """A provider answered a known name with a model that it never named before: a silent upgrade."""

    provider_name: str
    request_model: str
    """What is asked for, as ever."""
    before: str
    """What answered until now, in the provider's own words."""
    after: str
