"""`@name` before a prompt: who is to answer this one prompt.

@openai/gpt-5-mini why?     a model          @quick why?     a route
@openai why?                a provider       @cheap why?     the cheapest model, @strong the dearest
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from burn_tui.core.catalog import Catalog, Target
from burn_tui.core.errors import UnknownTargetError
from burn_tui.core.money import Price
from burn_tui.core.routing import Route

STRONG, CHEAP = "strong", "cheap"
"""A route of that name comes first. Without one, price is the only measure of strength there is here."""

SIGN = "@"


class Addressed(Struct, frozen=True):
    """A prompt without the name that stood before it."""

    text: str
    requested: str | None = None
    """As Session.requested; None = whom the session asks."""
    unknown: str = ""
    """What stands behind an @ and means nobody, in which case it is part of the text; "" = there is no such name."""


class Names(Struct, frozen=True, kw_only=True):
    """Everybody who can be called by name."""

    catalog: Catalog
    routes: Mapping[str, Route]
    price: Callable[[Target], Price | None]
    """None = unknown."""
    allows: Callable[[Target], bool]
    """Whether the target may be asked from where the prompt is typed."""

    def addressed(self, prompt: str) -> Addressed:
        """`prompt`, and who is to answer it."""
        if not prompt.startswith(SIGN):
            return Addressed(prompt)
        name, *rest = prompt.split(maxsplit=1)
        if (requested := self.meaning(name.removeprefix(SIGN))) is None:
            return Addressed(prompt, unknown=name)
        return Addressed("".join(rest), requested)

    def meaning(self, name: str) -> str | None:
        """Whom `name` asks, as Session.requested; None = nobody is called so."""
        if name in self.routes:
            return name
        if name in {STRONG, CHEAP}:
            target = self._by_price(dearest=name == STRONG)
            return str(target) if target else None
        try:
            return str(self.catalog.resolve(name)) if name else None
        except UnknownTargetError:
            return None

    def offered(self) -> dict[str, str]:
        """Every name that may be asked, with whom that is, in the order in which they are offered."""
        names = {name: self.meaning(name) for name in (STRONG, CHEAP)}
        routes = {name: " › ".join(str(target) for target in route.targets) for name, route in self.routes.items()}
        targets = {str(target): "" for target in self.catalog.targets if self.allows(target)}
        return {**{name: meaning for name, meaning in names.items() if meaning}, **routes, **targets}

    def _by_price(self, *, dearest: bool) -> Target | None:
        """None where no price is known."""
        priced = [(target, self.price(target)) for target in self.catalog.targets if self.allows(target)]
        rates = {target: (price.rates.output_rate, price.rates.input_rate) for target, price in priced if price}
        if not rates:
            return None
        return max(rates, key=lambda one: rates[one]) if dearest else min(rates, key=lambda one: rates[one])
