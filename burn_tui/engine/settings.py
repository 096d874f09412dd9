"""The user's settings: one YAML file, read whole or not at all.

Every problem is a SettingsError that names file, line and key; nothing starts half-configured.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import UNSET, Meta, Struct, UnsetType

from burn_tui.core.budget import Budget, Period
from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.environment import Environment
from burn_tui.core.errors import SettingsError, UnknownTargetError, mend_by_name
from burn_tui.core.money import Price, Rates, nanousd
from burn_tui.core.routing import PINNED, Route
from burn_tui.engine.catalog_file import KnownProvider, known_providers
from burn_tui.engine.keys import KeyReference
from burn_tui.engine.yaml_source import Document, parse
from burn_tui.providers import DIALECTS

_Usd = Annotated[float, Meta(ge=0)]

HUES = ("blue", "yellow", "green", "violet", "grey", "red", "cyan")
_USUAL_HUES = {
    "production": "blue",
    "prod": "blue",
    "local": "yellow",
    "staging": "green",
    "stage": "green",
    "development": "violet",
    "dev": "violet",
}
_CONFIRMS_BY_DEFAULT = {"production", "prod"}
_SCOPE = re.compile(r"all|(?:provider|environment|session|project):.+")
_KEY_REFERENCE = re.compile(r"\$\{(?P<variable>[A-Za-z_][A-Za-z0-9_]*)\}|keyring:(?P<entry>\S+)")


class Settings(Struct, frozen=True, kw_only=True):
    """What the user has decided, checked."""

    origin: str
    """Where it comes from, for the screen: a file's path, or a sentence where there is none."""
    is_written: bool = True
    """False = there is no file, and what stands here was found."""
    catalog: Catalog
    keys: Mapping[str, KeyReference]
    """By provider name; a provider that is not in it needs no key."""
    prices: Mapping[Target, Price] = {}
    """The user's own prices; they beat the built-in data."""
    environments: Mapping[str, Environment] = {}
    """Empty = there is one, `development`."""
    routes: Mapping[str, Route] = {}
    budgets: tuple[Budget, ...] = ()
    theme: str | None = None
    """None = the default theme."""


class ProviderSettings(Struct, forbid_unknown_fields=True):
    """One entry of `providers:`. A provider known by name needs only what differs."""

    dialect: str | None = None
    """The wire it speaks; needed unless the provider is known by name."""
    base_url: str | None = None
    """As the provider's own SDK takes it: OpenAI dialects with /v1, the others the root without a version."""
    api_key: str | None = None
    """"${VARIABLE}" or "keyring:NAME", never the key itself; absent = needs none."""
    models: list[str] = []
    """The first is the one that a bare provider name means."""
    local: bool | UnsetType = UNSET
    """true = runs on this machine and is free."""


class PriceSettings(Struct, forbid_unknown_fields=True):
    """One entry of `prices:`, in US dollars per million tokens."""

    input_usd_per_million: _Usd
    output_usd_per_million: _Usd
    cache_read_usd_per_million: _Usd | None = None
    """absent = as input"""
    cache_write_usd_per_million: _Usd | None = None
    """absent = as input"""
    cache_write_1h_usd_per_million: _Usd | None = None
    """absent = twice the input price where cache_write_usd_per_million is given, else as input"""


class EnvironmentSettings(Struct, forbid_unknown_fields=True):
    """One entry of `environments:`."""

    hue: str | None = None
    """blue, yellow, green, violet, grey, red or cyan; absent = the usual one of that name."""
    allow: list[str] | None = None
    """Providers that may be called from there; absent = all."""
    confirm: bool | UnsetType = UNSET
    """true = paid calls are asked about first; absent = true for production, false elsewhere."""


class RouteSettings(Struct, forbid_unknown_fields=True):
    """One entry of `routes:`."""

    name: str
    """`default` is used when nothing else is asked for."""
    use: Annotated[list[str], Meta(min_length=1)]
    """provider/model, in order of preference."""


class BudgetSettings(Struct, forbid_unknown_fields=True):
    """One entry of `budgets:`."""

    name: str
    limit_usd: _Usd
    """0 = nothing may be spent."""
    scope: str = "all"
    """all, provider:NAME, environment:NAME, session:NAME or project:NAME."""
    period: Period = "day"
    timezone: str = "UTC"
    """IANA name; its midnight starts the period."""


class FileSettings(Struct, forbid_unknown_fields=True):
    """The sections of the file; each may be left out or empty."""

    providers: dict[str, Any] | None = None
    prices: dict[str, Any] | None = None
    environments: dict[str, Any] | None = None
    routes: list[Any] | None = None
    budgets: list[Any] | None = None
    theme: str | None = None
    """A name from themes/ or from the themes folder beside the settings file; absent = default."""


def load(path: Path) -> Settings:
    """The settings in `path`; SettingsError if it cannot be read or taken as it is."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(f"cannot be read: {reason}.", file=str(path), mend="Check --config.") from error
    except UnicodeDecodeError as error:
        raise SettingsError("is not UTF-8 text.", file=str(path), mend="Save it as UTF-8.") from error
    return read(parse(text, file=str(path)))


def read(document: Document) -> Settings:
    """A parsed settings file as Settings."""
    sections = document.convert((), FileSettings) if document.value is not None else FileSettings()
    known = known_providers()
    providers = {name: _provider(document, name, known.get(name)) for name in sections.providers or ()}
    catalog = Catalog(providers)
    references = {name: _key_reference(document, name, known.get(name)) for name in providers}
    return Settings(
        origin=document.file,
        catalog=catalog,
        keys={name: reference for name, reference in references.items() if reference},
        prices=_prices(document, sections.prices or {}, catalog),
        environments=_environments(document, sections.environments or {}, catalog),
        routes=_routes(document, sections.routes or [], catalog),
        budgets=_budgets(document, sections.budgets or []),
        theme=sections.theme,
    )


def _provider(document: Document, name: str, known: KnownProvider | None) -> Provider:
    path = ("providers", name)
    given = document.convert(path, ProviderSettings)
    dialect = given.dialect or (known.dialect if known else None)
    base_url = given.base_url or (known.base_url if known else None)
    if dialect is None:
        mend = f"Add `dialect: ...`, one of {', '.join(DIALECTS)}."
        raise document.error("'dialect' is missing, and no provider is known by that name.", path, mend=mend)
    if dialect not in DIALECTS:
        raise document.error(
            f"there is no dialect {dialect!r}.", (*path, "dialect"), mend=mend_by_name(dialect, DIALECTS)
        )
    if base_url is None or urlsplit(base_url).scheme not in {"http", "https"}:
        mend = 'Write it as the provider\'s SDK takes it, such as base_url: "https://api.openai.com/v1".'
        raise document.error("base_url must be an http or https address.", (*path, "base_url"), mend=mend)
    models = given.models or (list(known.models) if known else [])
    return Provider(
        name=name,
        dialect=dialect,
        base_url=base_url.rstrip("/"),
        models=tuple(Model(model) for model in models),
        is_local=(known is not None and known.local) if given.local is UNSET else given.local,
        options=known.options if known else {},
    )


def _key_reference(document: Document, name: str, known: KnownProvider | None) -> KeyReference | None:
    path = ("providers", name, "api_key")
    written = document.at(path)
    if written is None:
        return KeyReference("environment", known.key[0]) if known and known.key else None
    match = _KEY_REFERENCE.fullmatch(str(written))
    if match is None:
        variable = f"{re.sub('[^A-Za-z0-9]+', '_', name).upper()}_API_KEY"
        raise document.error(
            "a key must not stand in the settings file.",
            path,
            mend=f'Put it into an environment variable and write api_key: "${{{variable}}}", '
            f'or into the keyring and write api_key: "keyring:{name}".',
        )
    if variable := match["variable"]:
        return KeyReference("environment", variable)
    return KeyReference("keyring", match["entry"])


def _prices(document: Document, entries: dict[str, Any], catalog: Catalog) -> dict[Target, Price]:
    prices = {}
    for name in entries:
        path = ("prices", name)
        given = document.convert(path, PriceSettings)
        prices[_target(document, path, name, catalog)] = Price(
            rates=Rates(
                input_rate=nanousd(given.input_usd_per_million),
                output_rate=nanousd(given.output_usd_per_million),
                cache_read_rate=_optional_rate(given.cache_read_usd_per_million),
                cache_write_rate=_optional_rate(given.cache_write_usd_per_million),
                cache_write_1h_rate=_optional_rate(given.cache_write_1h_usd_per_million),
            )
        )
    return prices


def _optional_rate(usd_per_million: float | None) -> int | None:
    return None if usd_per_million is None else nanousd(usd_per_million)


def _target(document: Document, path: tuple[str | int, ...], name: str, catalog: Catalog) -> Target:
    try:
        return catalog.resolve(name)
    except UnknownTargetError as error:
        raise document.error(str(error), path, mend="Targets are written provider/model.") from error


def _environments(document: Document, entries: dict[str, Any], catalog: Catalog) -> dict[str, Environment]:
    environments = {}
    for name in entries:
        path = ("environments", name)
        given = document.convert(path, EnvironmentSettings)
        hue = given.hue or _USUAL_HUES.get(name, "cyan")
        if hue not in HUES:
            raise document.error(f"there is no hue {hue!r}.", (*path, "hue"), mend=mend_by_name(hue, HUES))
        for position, provider in enumerate(given.allow or ()):
            if provider not in catalog.providers:
                where = (*path, "allow", position)
                raise document.error(
                    f"there is no provider {provider!r}.", where, mend=mend_by_name(provider, catalog.providers)
                )
        environments[name] = Environment(
            name=name,
            hue=hue,
            allow=None if given.allow is None else tuple(given.allow),
            confirm=name in _CONFIRMS_BY_DEFAULT if given.confirm is UNSET else given.confirm,
        )
    return environments


def _routes(document: Document, entries: list[Any], catalog: Catalog) -> dict[str, Route]:
    routes: dict[str, Route] = {}
    for position in range(len(entries)):
        path = ("routes", position)
        given = document.convert(path, RouteSettings)
        if given.name in routes or given.name == PINNED:
            raise document.error(f"the name {given.name!r} is taken.", path, mend="Give the route another name.")
        targets = tuple(_target(document, (*path, "use", index), name, catalog) for index, name in enumerate(given.use))
        routes[given.name] = Route(given.name, tuple(dict.fromkeys(targets)))
    return routes


def _budgets(document: Document, entries: list[Any]) -> tuple[Budget, ...]:
    budgets = []
    for position in range(len(entries)):
        path = ("budgets", position)
        given = document.convert(path, BudgetSettings)
        if not _SCOPE.fullmatch(given.scope):
            mend = "Write all, provider:NAME, environment:NAME, session:NAME or project:NAME."
            raise document.error(f"{given.scope!r} is no scope.", (*path, "scope"), mend=mend)
        try:
            timezone = ZoneInfo(given.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            mend = "Write an IANA name such as Europe/Berlin."
            raise document.error(
                f"there is no time zone {given.timezone!r}.", (*path, "timezone"), mend=mend
            ) from error
        budgets.append(
            Budget(
                name=given.name,
                limit_nanousd=nanousd(given.limit_usd),
                period=given.period,
                timezone=timezone,
                scope=given.scope,
            )
        )
    return tuple(budgets)
