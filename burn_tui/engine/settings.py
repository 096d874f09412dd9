"""The user's settings: one YAML file, read whole or not at all.

Every problem is a SettingsError that names file, line and key; nothing starts half-configured.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import UNSET, Struct, structs

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.bottlenecks import SLOW_S
from burn_tui.core.budget import Budget
from burn_tui.core.catalog import Catalog, Target
from burn_tui.core.environment import Environment
from burn_tui.core.errors import UnknownTargetError, mend_by_name
from burn_tui.core.model_names import AUTO
from burn_tui.core.money import Price, Rates, nanousd
from burn_tui.core.narrowing import Base
from burn_tui.core.neighbours import Rule
from burn_tui.core.policy import Policy, TimeLimits
from burn_tui.core.routing import PINNED, Route
from burn_tui.engine.catalog_file import known_providers
from burn_tui.engine.keys import KeyReference
from burn_tui.engine.settings_auto import auto_policy
from burn_tui.engine.settings_providers import found, named
from burn_tui.engine.settings_schema import (
    AuditSettings,
    BudgetSettings,
    EnvironmentSettings,
    FileSettings,
    GatewaySettings,
    PriceSettings,
    RouteSettings,
    TeamSettings,
    TerminalSettings,
    TimeoutSettings,
)
from burn_tui.engine.settings_team import team_settings
from burn_tui.engine.settings_terminal import KeyChange, key_changes, neighbour_rules
from burn_tui.engine.text_file import text_of
from burn_tui.engine.yaml_source import Document, parse

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
_PRODUCTION = {"production", "prod", "live"}
_SCOPE = re.compile(r"all|(?:provider|environment|session|project):.+")
_NOTHING_FOUND: Mapping[str, str] = {}


class Settings(Struct, frozen=True, kw_only=True):
    """What the user has decided, checked."""

    origin: str
    """Where it comes from, for the screen: a file's path, or a sentence where there is none."""
    finds_providers: bool = False
    """True = nobody has said which providers there are, so servers on this machine are looked for, too."""
    directory: Path | None = None
    """Where the file is or would be, and the user's own themes; None = nowhere."""
    catalog: Catalog
    keys: Mapping[str, tuple[KeyReference, ...]]
    """By provider name; a provider that is not in it needs no key. Several = requests are spread over them."""
    prices: Mapping[Target, Price] = {}
    """The user's own prices; they beat the built-in data."""
    environments: Mapping[str, Environment] = {}
    """Empty = there is one, `development`."""
    routes: Mapping[str, Route] = {}
    budgets: tuple[Budget, ...] = ()
    policy: Policy = Policy()
    """For targets that are pinned and where there is no route; each route has its own."""
    limits: TimeLimits = TimeLimits()
    auto: AutoPolicy = AutoPolicy()
    gateway: GatewaySettings = GatewaySettings()
    terminal: TerminalSettings = TerminalSettings()
    key_changes: tuple[KeyChange, ...] = ()
    neighbours: tuple[Rule, ...] = ()
    """Where panes of tmux are; the first that fits holds."""
    team: TeamSettings | None = None
    """None = this machine is in no team."""
    base: Base = Base()
    """Of the repository: what was taken away already, and must stay so for what is found later."""
    remarks: tuple[str, ...] = ()
    """What the person must know of how these settings came about, each with its mend."""
    store_text: bool = True
    """False = prompts, answers and drafts are not kept on disk."""
    keep_text_days: int = 90
    """How long a session that nobody touches is kept."""
    slow_s: float = SLOW_S
    """An operation whose median call takes longer is called slow."""
    audit: AuditSettings = AuditSettings()
    theme: str | None = None
    """None = the default theme."""


def load(path: Path, environ: Mapping[str, str] = _NOTHING_FOUND) -> Settings:
    """The settings in `path`; SettingsError if it cannot be read or taken as it is.

    `environ`: where keys are found if the file names no providers.
    """
    document = parse(text_of(path, mend="Check --config."), file=str(path))
    return structs.replace(read(document, environ), directory=path.parent)


def read(document: Document, environ: Mapping[str, str] = _NOTHING_FOUND) -> Settings:
    """A parsed settings file as Settings."""
    sections = document.convert((), FileSettings) if document.value is not None else FileSettings()
    is_named = sections.providers is not None
    providers = named(document, sections) if is_named else found(environ, sections)
    catalog = providers.catalog
    policy = Policy(
        on_cut=sections.on_cut, on_filter=sections.on_filter, hedge=sections.hedge, patience_s=sections.patience_s
    )
    timeouts = sections.timeouts or TimeoutSettings()
    routes = _routes(document, sections.routes or [], catalog, policy)
    allowed = catalog.providers if is_named else {**catalog.providers, **known_providers()}
    environments = _environments(document, sections.environments or {}, allowed)
    return Settings(
        origin=document.file,
        finds_providers=not is_named,
        catalog=catalog,
        keys=providers.keys,
        prices=_prices(document, sections.prices or {}, catalog),
        environments=environments,
        routes=routes,
        budgets=budgets_of(document, sections.budgets or []),
        policy=policy,
        limits=TimeLimits(**structs.asdict(timeouts)),
        gateway=_gateway(document, sections.gateway or GatewaySettings(), routes, catalog),
        terminal=sections.terminal or TerminalSettings(),
        key_changes=key_changes(document, sections.keys or {}),
        neighbours=neighbour_rules(document, sections.neighbours or [], environments),
        team=team_settings(document, sections.team),
        audit=sections.audit or AuditSettings(),
        auto=auto_policy(document, sections, catalog),
        store_text=sections.store_text,
        keep_text_days=sections.keep_text_days,
        slow_s=sections.slow_s,
        theme=sections.theme,
    )


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


def _environments(document: Document, entries: dict[str, Any], allowed: Collection[str]) -> dict[str, Environment]:
    """`allowed`: the providers that may be named."""
    environments = {}
    for name in entries:
        path = ("environments", name)
        given = document.convert(path, EnvironmentSettings)
        hue = given.hue or usual_hue(name)
        if hue not in HUES:
            raise document.error(f"there is no hue {hue!r}.", (*path, "hue"), mend=mend_by_name(hue, HUES))
        for position, provider in enumerate(given.allow or ()):
            if provider not in allowed:
                where = (*path, "allow", position)
                raise document.error(f"there is no provider {provider!r}.", where, mend=mend_by_name(provider, allowed))
        environments[name] = environment_of(name, hue, given)
    return environments


def usual_hue(name: str) -> str:
    """Of an environment of that name."""
    return _USUAL_HUES.get(name, "cyan")


def environment_of(name: str, hue: str, given: EnvironmentSettings) -> Environment:
    """What an entry of `environments:` means, with what its name says where it says nothing."""
    is_production = name in _PRODUCTION if given.production is UNSET else given.production
    confirm = is_production if given.confirm is UNSET else given.confirm
    return Environment(
        name=name,
        hue=hue,
        allow=None if given.allow is None else tuple(given.allow),
        confirm=confirm,
        confirm_over_nanousd=None if given.confirm_over_usd is None else nanousd(given.confirm_over_usd),
        lock=confirm if given.lock is UNSET else given.lock,
        unlock_s=given.unlock_minutes * 60,
        unlock_requests=given.unlock_requests,
        privacy=given.privacy,
        is_production=is_production,
    )


def _routes(document: Document, entries: list[Any], catalog: Catalog, policy: Policy) -> dict[str, Route]:
    routes: dict[str, Route] = {}
    for position in range(len(entries)):
        path = ("routes", position)
        given = document.convert(path, RouteSettings)
        if given.name in routes or given.name == PINNED:
            raise document.error(f"the name {given.name!r} is taken.", path, mend="Give the route another name.")
        targets = tuple(_target(document, (*path, "use", index), name, catalog) for index, name in enumerate(given.use))
        own = {name: value for name in Policy.__struct_fields__ if (value := getattr(given, name)) is not None}
        routes[given.name] = Route(given.name, tuple(dict.fromkeys(targets)), structs.replace(policy, **own))
    return routes


def _gateway(
    document: Document, given: GatewaySettings, routes: Mapping[str, Route], catalog: Catalog
) -> GatewaySettings:
    """As it is written, if every name is mapped to something that can be asked."""
    for name, meaning in (given.models or {}).items():
        if meaning != AUTO and meaning not in routes:
            _target(document, ("gateway", "models", name), meaning, catalog)
    return given


def budgets_of(document: Document, entries: list[Any]) -> tuple[Budget, ...]:
    """What the entries of `budgets:` mean."""
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
                when_full=given.when_full,
            )
        )
    return tuple(budgets)
