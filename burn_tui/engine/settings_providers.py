"""Which providers there are: those that the settings name; where they name none, those that are found.

Found is whoever's key is in the environment, and whoever the file speaks of (`use: [ollama/qwen3:8b]`). So whether a
file can be taken does not depend on the shell that it is read in. Servers on this machine are added later, by
discovery.py.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from msgspec import UNSET, Struct, structs

from burn_tui.core.capabilities import Capabilities
from burn_tui.core.catalog import Catalog, Model, Provider
from burn_tui.core.errors import SettingsError, mend_by_name
from burn_tui.engine.catalog_file import KnownProvider, known_providers
from burn_tui.engine.keys import KeyReference
from burn_tui.engine.settings_schema import (
    AutoSettings,
    FileSettings,
    GatewaySettings,
    ModelSettings,
    ProviderSettings,
)
from burn_tui.engine.yaml_source import Document
from burn_tui.providers import DIALECTS

_KEY_REFERENCE = re.compile(r"\$\{(?P<variable>[A-Za-z_][A-Za-z0-9_]*)\}|keyring:(?P<entry>\S+)")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Providers(Struct, frozen=True):
    """Who may be called, and where the keys are kept."""

    catalog: Catalog
    keys: Mapping[str, tuple[KeyReference, ...]]
    """By provider name; a provider that is not in it needs no key. Several = requests are spread over them."""


def named(document: Document, sections: FileSettings) -> Providers:
    """The section `providers:`."""
    known = known_providers()
    references = {name: _key_references(document, name, known.get(name)) for name in sections.providers or ()}
    providers = {name: _provider(document, name, known.get(name), keys=len(keys)) for name, keys in references.items()}
    return Providers(Catalog(providers), {name: keys for name, keys in references.items() if keys})


def found(environ: Mapping[str, str], sections: FileSettings | None = None) -> Providers:
    """The known providers whose key or whose name is there. `sections`: of a file that names no providers."""
    sections = sections or FileSettings()
    gateway_port = (sections.gateway or GatewaySettings()).port
    spoken_of = _spoken_of(sections)
    providers: dict[str, Provider] = {}
    keys: dict[str, tuple[KeyReference, ...]] = {}
    for name, known in known_providers().items():
        variable = next((variable for variable in known.key if environ.get(variable)), None)
        if known.base_url is None or (variable is None and name not in spoken_of):
            continue
        at = _where(known, environ)
        if _is_gateway(at.base_url or "", gateway_port):
            continue
        models = known.models or tuple(dict.fromkeys(spoken_of.get(name, ())))  # a local server tells its own later
        providers[name] = known_provider(name, at, models)
        if known.key:
            keys[name] = (KeyReference("environment", variable or known.key[0]),)
    return Providers(Catalog(providers), keys)


def known_provider(name: str, known: KnownProvider, models: tuple[str, ...]) -> Provider:
    """A provider that has one address for everybody, with the models that it really has."""
    assert known.base_url is not None
    return Provider(
        name=name,
        dialect=known.dialect,
        base_url=known.base_url,
        models=tuple(Model(model, capabilities=known.capabilities(model)) for model in models),
        is_local=known.local,
        options=known.options,
    )


class _Variable(NamedTuple):
    name: str
    value: str


def _where(known: KnownProvider, environ: Mapping[str, str]) -> KnownProvider:
    """Where the provider's own SDK would go: a key that is meant for another address must not be sent to the usual."""
    given = next((_Variable(name, environ[name]) for name in known.base_url_variable if environ.get(name)), None)
    if given is None:
        return known
    if not _is_address(given.value):
        mend = f"Correct it, or unset {given.name}."
        raise SettingsError(f"{given.name} must be an http or https address.", file="the environment", mend=mend)
    return structs.replace(known, base_url=given.value.rstrip("/"))


def _is_gateway(address: str, port: int) -> bool:
    """Whether that is burn-tui's own gateway, which would go round in circles if it were its own provider."""
    parts = urlsplit(address)
    return parts.hostname in _LOOPBACK and parts.port == port


def _spoken_of(sections: FileSettings) -> dict[str, list[str]]:
    """Models by known provider, as other sections than `providers:` name them; what is no target is passed over."""
    spoken: dict[str, list[str]] = {}
    for written in _targets_in(sections):
        name, _, model = written.partition("/")
        if name in known_providers():
            spoken.setdefault(name, []).extend([model] if model else [])
    return spoken


def _targets_in(sections: FileSettings) -> Iterator[str]:
    yield from sections.prices or ()
    yield from (sections.auto or AutoSettings()).tiers
    yield from ((sections.gateway or GatewaySettings()).models or {}).values()
    for entry in (*(sections.routes or ()), *(sections.rules or ())):
        use = entry.get("use") if isinstance(entry, dict) else None
        yield from (one for one in (use if isinstance(use, list) else [use]) if isinstance(one, str))


def _provider(document: Document, name: str, known: KnownProvider | None, *, keys: int) -> Provider:
    path = ("providers", name)
    given = document.convert(path, ProviderSettings)
    dialect = given.dialect or (known.dialect if known else None)
    if dialect is None:
        mend = f"Add `dialect: ...`, one of {', '.join(DIALECTS)}."
        raise document.error("'dialect' is missing, and no provider is known by that name.", path, mend=mend)
    if dialect not in DIALECTS:
        raise document.error(
            f"there is no dialect {dialect!r}.", (*path, "dialect"), mend=mend_by_name(dialect, DIALECTS)
        )
    base_url, *more_base_urls = _base_urls(document, path, given, known)
    return Provider(
        name=name,
        dialect=dialect,
        base_url=base_url,
        more_base_urls=tuple(more_base_urls),
        keys=max(keys, 1),
        models=tuple(_model(model, known) for model in given.models or (known.models if known else ())),
        is_local=(known is not None and known.local) if given.local is UNSET else given.local,
        options={**(known.options if known else {}), **given.options},
    )


def _base_urls(
    document: Document, path: tuple[str, ...], given: ProviderSettings, known: KnownProvider | None
) -> list[str]:
    written = given.base_url or (known.base_url if known else None)
    addresses = written if isinstance(written, list) else [written or ""]
    for address in addresses:
        if not _is_address(address):
            mend = 'Write it as the provider\'s SDK takes it, such as base_url: "https://api.openai.com/v1".'
            raise document.error("base_url must be an http or https address.", (*path, "base_url"), mend=mend)
    return [address.rstrip("/") for address in addresses]


def _is_address(written: str) -> bool:
    try:
        parts = urlsplit(written)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, or a port that no machine has
        return False


def _model(written: str | ModelSettings, known: KnownProvider | None) -> Model:
    given = ModelSettings(written) if isinstance(written, str) else written
    built_in = known.capabilities(given.name) if known else Capabilities()
    said = {name: value for name in Capabilities.__struct_fields__ if (value := getattr(given, name)) is not None}
    return Model(given.name, given.context_window, structs.replace(built_in, **said))


def _key_references(document: Document, name: str, known: KnownProvider | None) -> tuple[KeyReference, ...]:
    """Where the provider's keys are kept, () = it needs none."""
    written = document.at(("providers", name, "api_key"))
    if written is None:
        return (KeyReference("environment", known.key[0]),) if known and known.key else ()
    return tuple(_key_reference(document, name, one) for one in (written if isinstance(written, list) else [written]))


def _key_reference(document: Document, name: str, written: object) -> KeyReference:
    match = _KEY_REFERENCE.fullmatch(str(written))
    if match is None:
        variable = f"{re.sub('[^A-Za-z0-9]+', '_', name).upper()}_API_KEY"
        raise document.error(
            "a key must not stand in the settings file.",
            ("providers", name, "api_key"),
            mend=f'Put it into an environment variable and write api_key: "${{{variable}}}", '
            f'or into the keyring and write api_key: "keyring:{name}".',
        )
    if variable := match["variable"]:
        return KeyReference("environment", variable)
    return KeyReference("keyring", match["entry"])
