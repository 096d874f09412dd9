"""What the doctor finds in the set-up: settings, keys, prices, who may read the files, and whether providers answer."""

import asyncio
import stat
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import msgspec

from burn_tui.core.catalog import Catalog, Provider
from burn_tui.core.errors import SettingsError
from burn_tui.engine.catalog_file import KnownProvider, known_providers
from burn_tui.engine.clock import Clock
from burn_tui.engine.discovery import beside, local_servers
from burn_tui.engine.doctor import Finding
from burn_tui.engine.keys import Keys, shared_keys
from burn_tui.engine.network import TransportError
from burn_tui.engine.settings import Settings
from burn_tui.engine.settings_file import settings_for
from burn_tui.engine.transport import Transport
from burn_tui.providers.dialect import HttpRequest

PATIENCE_S = 5.0
"""A provider that says nothing for so long is not reached."""

SKEW_S = 60.0
"""A clock that differs by more puts attempts on the wrong day and makes signatures of clouds fail."""

PRICES_OLD_DAYS = 60
"""Providers change their prices several times a year."""

_PRICE_PACKAGE = "genai-prices"


class _Reduced(msgspec.Struct):
    """The part of the day's cache of prices that is read here."""

    day: date


def settings_file(path: Path, environ: Mapping[str, str], *, is_explicit: bool) -> tuple[Finding, Settings | None]:
    """Whether the settings can be taken, and what they are; None = they cannot."""
    try:
        settings = settings_for(path, environ, is_explicit=is_explicit)
    except SettingsError as error:
        return Finding("settings", "cannot be taken, so nothing starts", str(error)), None
    return Finding("settings", settings.origin), settings


async def with_servers(settings: Settings, wanted: Mapping[str, KnownProvider] | None = None) -> Settings:
    """The settings with the servers that run on this machine, as the dashboard finds them.

    `wanted`: what to look for, by name; None = every server that the catalog knows.
    """
    if not settings.finds_providers:
        return settings
    transport = Transport()
    try:
        return beside(settings, await local_servers(transport, known_providers() if wanted is None else wanted))
    finally:
        await transport.aclose()


def keys(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Each provider's key by its fingerprint, and what is missing or shared."""
    held = Keys(settings.keys, environ)
    if not settings.catalog.providers:
        mend = "Set a key such as ANTHROPIC_API_KEY, or start a local server."
        if not settings.finds_providers:
            mend = "Name one in the settings: providers: {anthropic: {}}. Without that section, keys and local servers "
            mend += "are found."
        yield Finding("keys", "no provider is known", mend)
    for provider in settings.catalog.providers.values():
        for lane in provider.lanes:
            yield _key(provider, held, lane)
    for warning in shared_keys(settings.environments.values(), settings.catalog, held):
        words, mend = warning.rsplit(": ", 1)
        yield Finding("keys", words, mend)


def _key(provider: Provider, held: Keys, lane: int) -> Finding:
    place = held.place(provider.name, lane)
    if place is None:
        return Finding("keys", f"{provider.name} needs none")
    if held.is_missing(provider.name, lane):
        return Finding("keys", f"{provider.name} has none in {place}", f"Set {place}, or take the provider out.")
    return Finding("keys", f"{provider.name}: {place}, fingerprint {held.fingerprint(provider.name, lane)}")


def prices(data_dir: Path, *, today: date) -> Iterator[Finding]:
    """How old the price data is, and when it was last reduced to the models in use."""
    try:
        package = distribution(_PRICE_PACKAGE)
    except PackageNotFoundError:
        mend = f"Install it: pip install {_PRICE_PACKAGE}."
        yield Finding("prices", "the price data is not installed, so every cost is unknown", mend)
        return
    words = f"{_PRICE_PACKAGE} {package.version}, {_reduced(data_dir / 'prices.json')}"
    days = _days_installed(package, today)
    if days is not None and days > PRICES_OLD_DAYS:
        mend = f"pip install --upgrade {_PRICE_PACKAGE}"
        yield Finding("prices", f"{words}; installed {days} days ago", mend)
        return
    yield Finding("prices", words)


def _reduced(cache: Path) -> str:
    try:
        return f"reduced to your models on {msgspec.json.decode(cache.read_bytes(), type=_Reduced).day}"
    except (OSError, msgspec.DecodeError):
        return "not yet reduced to your models"


def _days_installed(package: Distribution, today: date) -> int | None:
    metadata = next((file for file in package.files or () if file.name == "METADATA"), None)
    if metadata is None:
        return None
    try:
        changed = Path(str(metadata.locate())).stat().st_mtime
    except OSError:
        return None
    return (today - datetime.fromtimestamp(changed, UTC).date()).days


def permissions(paths: Mapping[str, Path]) -> Iterator[Finding]:
    """What other users of this machine can read or change. `paths`: by what they are; missing ones are passed over."""
    if sys.platform == "win32":
        return
    open_to_others = []
    for what, path in paths.items():
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError:
            continue
        # Settings hold no secret, so others may read them; whoever may write them decides where keys are sent.
        others = 0o022 if what == "settings" else 0o077
        if mode & others:
            open_to_others.append((what, path, mode & ~others))
    for what, path, mode in open_to_others:
        yield Finding("permissions", f"{what} is open to other users", f"Run chmod {mode:o} {path}.")
    if not open_to_others:
        yield Finding("permissions", "nothing is open to other users of this machine")


async def reachability(catalog: Catalog, clock: Clock) -> AsyncIterator[Finding]:
    """Whether each provider's address answers. No key is sent and nothing is asked, so nothing is billed."""
    transport = Transport()
    try:
        looks = [asyncio.create_task(_look(provider, transport, clock)) for provider in catalog.providers.values()]
        skews = []
        for look in looks:
            finding, skew_s = await look
            yield finding
            if skew_s is not None:
                skews.append(skew_s)
        if skews:
            yield _clock(min(skews, key=abs))
    finally:
        await transport.aclose()


async def _look(provider: Provider, transport: Transport, clock: Clock) -> tuple[Finding, float | None]:
    """The finding, and by how many seconds this machine's clock is ahead; None = nobody said."""
    request = HttpRequest(method="HEAD", url=provider.base_url, headers={}, body=b"")
    began = clock.monotonic()
    try:
        async with asyncio.timeout(PATIENCE_S):
            response = await transport.send(request, connect_s=PATIENCE_S)
            await response.aclose()
    except TimeoutError:
        return _unreached(provider, "nothing came in time"), None
    except TransportError as error:
        return _unreached(provider, error.failure.message), None
    took_ms = (clock.monotonic() - began) * 1000
    finding = Finding("providers", f"{provider.name} answers in {took_ms:.0f} ms ({provider.base_url})")
    return finding, _ahead(response.headers.get("date"), clock)


def _unreached(provider: Provider, why: str) -> Finding:
    mend = "Start it." if provider.is_local else "Check base_url, the network, and HTTPS_PROXY."
    return Finding("providers", f"{provider.name} is not reached at {provider.base_url}: {why}", mend)


def _ahead(said: str | None, clock: Clock) -> float | None:
    try:
        return None if said is None else clock.now() - parsedate_to_datetime(said).timestamp()
    except ValueError:
        return None


def _clock(skew_s: float) -> Finding:
    if abs(skew_s) <= SKEW_S:
        return Finding("clock", "agrees with the providers'")
    direction = "ahead of" if skew_s > 0 else "behind"
    mend = "Let the system set its clock, as with timedatectl set-ntp true."
    return Finding("clock", f"is {abs(skew_s):.0f} s {direction} the providers'", mend)
