"""What models cost: the user's own prices first, then the built-in price data, reduced to rates once a day.

asked for ──in the day's cache file?──yes──> known
                    │ no
                    └──> price_data, a process of its own ──> known, and written to the cache file

On a new day (of UTC) they are looked up anew, and until that is done those of the day before hold.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

import msgspec
from msgspec import Struct

from burn_tui.core.catalog import Catalog, Target
from burn_tui.core.dated_price import DatedPrice
from burn_tui.core.money import FREE, Price
from burn_tui.engine.price_data import ModelFacts, Wanted

PATIENCE_S = 20.0
"""A price process that takes longer is given up: its models count as unpriced."""


class _Cache(Struct, frozen=True):
    package: str
    """Version of the price data."""
    day: date
    """Prices may change from one day to the next."""
    models: dict[str, ModelFacts]
    """By "provider/model at base URL"."""


class PriceBook:
    """The prices of every target of the catalog."""

    def __init__(
        self, own: Mapping[Target, Price], catalog: Catalog, *, today: Callable[[], date], cache: Path | None = None
    ) -> None:
        self.looked_up = 0
        """How often prices were looked up: after each time some may have changed."""
        self._own = own
        self._catalog = catalog
        self._today = today
        self._cache = cache
        """Where a day's rates are kept; None = nowhere."""
        self._facts: dict[str, ModelFacts] = {}
        self._loading: asyncio.Task[None] | None = None
        self._day: date | None = None
        """For which prices were looked up last, or are now."""

    def start_loading(self) -> asyncio.Task[None]:
        """Begin to look the prices up, once a day; needs a running event loop."""
        if self._loading is None or (self._loading.done() and self._day != self._today()):
            self._day = self._today()
            self._loading = asyncio.create_task(self._load(self._day))
        return self._loading

    async def ready(self) -> None:
        """Returns once prices are known as well as they ever will be. Nobody waits for those of a new day."""
        loading = self.start_loading()
        if not self.looked_up:
            # Shielded: one request that is cancelled while it waits must not take the prices from all others.
            await asyncio.shield(loading)

    async def aclose(self) -> None:
        """Wait for nobody's answer any more."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)

    def price(self, target: Target) -> Price | None:
        """None = unknown."""
        if (own := self._own.get(target)) is not None:
            return own
        provider = self._catalog.providers.get(target.provider_name)
        if provider is None:
            return None
        return FREE if provider.is_local else self._known(target).price

    def dated(self, target: Target) -> tuple[DatedPrice, ...]:
        """Its price at all times, where it has changed or depends on the hour; () = `price` is all that is known."""
        return () if target in self._own else self._known(target).dated

    def context_window(self, target: Target) -> int | None:
        """Tokens that the model takes; None = unknown."""
        return self._known(target).context_window

    def _known(self, target: Target) -> ModelFacts:
        provider = self._catalog.providers.get(target.provider_name)
        return (
            ModelFacts()
            if provider is None
            else self._facts.get(_key(_wanted(provider.base_url, target)), ModelFacts())
        )

    async def _load(self, day: date) -> None:
        try:
            self._facts = {**self._facts, **await self._found(day)}
        finally:
            self.looked_up += 1

    async def _found(self, day: date) -> dict[str, ModelFacts]:
        """What is known of every target on that day; {} where nobody can be asked."""
        asked = [
            _wanted(self._catalog.provider(target).base_url, target)
            for target in self._catalog.targets
            if target not in self._own and not self._catalog.provider(target).is_local
        ]
        if not asked:
            return {}
        package = _package_version()
        known = self._read_cache(package, day)
        wanted = [one for one in asked if _key(one) not in known]
        if not wanted or not package:
            return known
        found = await _ask_process(wanted)
        if found is not None:
            known |= {_key(one): facts for one, facts in zip(wanted, found, strict=True)}
            self._write_cache(package, day, known)
        return known

    def _read_cache(self, package: str, day: date) -> dict[str, ModelFacts]:
        if self._cache is None:
            return {}
        try:
            cache = msgspec.json.decode(self._cache.read_bytes(), type=_Cache)
        except (OSError, msgspec.DecodeError):
            return {}
        return cache.models if (cache.package, cache.day) == (package, day) else {}

    def _write_cache(self, package: str, day: date, known: dict[str, ModelFacts]) -> None:
        if self._cache is None:
            return
        # Only ever a saving of time: a directory that cannot be written costs the next start half a second.
        with suppress(OSError):
            fresh = self._cache.with_suffix(".new")
            fresh.write_bytes(msgspec.json.encode(_Cache(package, day, known)))
            fresh.replace(self._cache)


def _wanted(base_url: str, target: Target) -> Wanted:
    return Wanted(target.provider_name, base_url, target.model)


def _key(wanted: Wanted) -> str:
    return f"{wanted.provider_name}/{wanted.model} at {wanted.base_url}"


def _package_version() -> str:
    """Of the price data; "" where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - it loads all that mail needs

    try:
        return version("genai-prices")
    except PackageNotFoundError:
        return ""


async def _ask_process(wanted: list[Wanted]) -> list[ModelFacts] | None:
    """The answer of price_data; None if it has none."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "burn_tui.engine.price_data",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            answer, _ = await process.communicate(msgspec.json.encode(wanted))
        return msgspec.json.decode(answer, type=list[ModelFacts])
    except (TimeoutError, msgspec.DecodeError):
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
