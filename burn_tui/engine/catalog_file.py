"""Reads providers/catalog.yaml: the providers that need no explaining."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

from burn_tui.core.capabilities import Capabilities, Capability
from burn_tui.engine.yaml_source import parse


class KnownProvider(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the file; its head explains the fields."""

    dialect: str
    base_url: str | None = None
    """None = the user must give one, so a key in the environment is not enough."""
    base_url_variable: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    """Empty = needs no key."""
    models: tuple[str, ...] = ()
    local: bool = False
    probe: str | None = None
    """An address that answers 200 when the server runs; None = never looked for."""
    options: dict[str, str] = {}
    lacks: dict[str, tuple[Capability, ...]] = {}

    def capabilities(self, model: str) -> Capabilities:
        """What is known of that model."""
        return Capabilities(**dict.fromkeys(self.lacks.get(model, ()), False))


@cache
def known_providers() -> Mapping[str, KnownProvider]:
    """By name, in the file's order."""
    text = (Path(__file__).parents[1] / "providers" / "catalog.yaml").read_text(encoding="utf-8")
    document = parse(text, file="catalog.yaml", is_ours=True)
    return {name: document.convert((name,), KnownProvider) for name in document.mapping(())}
