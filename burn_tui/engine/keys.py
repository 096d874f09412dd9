"""API keys: where each is kept, and the key itself at the moment of the call. Keys are never stored or logged."""

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256

from msgspec import Struct

from burn_tui.core.catalog import Catalog
from burn_tui.core.environment import Environment


class KeyReference(Struct, frozen=True):
    """Where a key is kept: an environment variable, or an entry of the system's keyring."""

    place: str
    """"environment" or "keyring"."""
    name: str

    def __str__(self) -> str:
        return self.name if self.place == "environment" else f"keyring:{self.name}"


def from_keyring(name: str) -> str | None:
    """The password stored under service "burn-tui", user `name`; None if there is none or no keyring is installed."""
    try:
        import keyring  # noqa: PLC0415 - an optional extra, and slow to import
    except ImportError:
        return None
    password: str | None = keyring.get_password("burn-tui", name)
    return password


class Keys:
    """The keys of all providers. A provider may have several; lane N uses the Nth of them, counted round."""

    def __init__(
        self,
        references: Mapping[str, tuple[KeyReference, ...]],
        environ: Mapping[str, str],
        *,
        keyring: Callable[[str], str | None] = from_keyring,
    ) -> None:
        self._references = references
        self._environ = environ
        self._keyring = keyring

    def key(self, provider_name: str, lane: int = 0) -> str | None:
        """The key of that lane; None if the provider needs none or none is to be found."""
        reference = self._reference(provider_name, lane)
        if reference is None:
            return None
        if reference.place == "keyring":
            return self._keyring(reference.name)
        return self._environ.get(reference.name) or None

    def is_missing(self, provider_name: str, lane: int = 0) -> bool:
        """Whether that lane needs a key which is nowhere to be found."""
        return provider_name in self._references and self.key(provider_name, lane) is None

    def missing(self, catalog: Catalog) -> dict[str, str]:
        """Providers none of whose keys is to be found, with the place where the first was looked for."""
        return {
            provider.name: str(self._reference(provider.name, 0))
            for provider in catalog.providers.values()
            if all(self.is_missing(provider.name, lane) for lane in provider.lanes)
        }

    def place(self, provider_name: str, lane: int = 0) -> str | None:
        """Where the lane's key is kept, to be named in messages; None = it needs none."""
        reference = self._reference(provider_name, lane)
        return None if reference is None else str(reference)

    def fingerprint(self, provider_name: str, lane: int = 0) -> str | None:
        """Six hex digits that tell two keys apart and give neither away; None without a key."""
        key = self.key(provider_name, lane)
        return None if key is None else sha256(key.encode()).hexdigest()[:6]

    def _reference(self, provider_name: str, lane: int) -> KeyReference | None:
        references = self._references.get(provider_name)
        return references[lane % len(references)] if references else None


def shared_keys(environments: Iterable[Environment], catalog: Catalog, keys: Keys) -> list[str]:
    """A warning for each key with which production and another environment pay, whatever its provider is called."""
    known = list(environments)
    return [
        f"{production.name} and {other.name} pay with the same key of {provider_name} (fingerprint {fingerprint}): "
        f"what one of them burns, the other pays for. Give {other.name} a key of its own."
        for production in known
        for other in known
        if production.is_production and not other.is_production
        for fingerprint, provider_name in _payers(production, catalog, keys).items()
        if fingerprint in _payers(other, catalog, keys)
    ]


def _payers(environment: Environment, catalog: Catalog, keys: Keys) -> dict[str, str]:
    """Fingerprint -> provider, for every key that pays for calls from there."""
    return {
        fingerprint: provider.name
        for provider in catalog.providers.values()
        if environment.allows(provider.name) and not (environment.privacy == "local" and not provider.is_local)
        for lane in provider.lanes
        if (fingerprint := keys.fingerprint(provider.name, lane)) is not None
    }
