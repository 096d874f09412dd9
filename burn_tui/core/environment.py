"""Where a session stands, and whether a request may leave it.

The accident this prevents: a test query on live credits. An unknown environment counts as the most dangerous one.
"""

from collections.abc import Mapping

from msgspec import Struct

from burn_tui.core.catalog import Target


class Environment(Struct, frozen=True, kw_only=True):
    """A place with its own rules and its own colour."""

    name: str
    hue: str
    """A colour name that themes know: blue, yellow, green, violet, red, cyan, grey."""
    allow: tuple[str, ...] | None = None
    """Names of the providers that may be called; None = all of them, () = none."""
    confirm: bool = False
    """True = paid calls are asked about first."""
    is_known: bool = True
    """False for a session that names no configured environment."""

    def allows(self, provider_name: str) -> bool:
        """Whether this environment may call the provider at all."""
        return self.allow is None or provider_name in self.allow


DEVELOPMENT = Environment(name="development", hue="violet")
"""The one environment there is when none is configured: everything found is allowed, nothing asks."""


def unknown(name: str) -> Environment:
    """The environment of a session that matches none of the configured ones: it may ask, never just send."""
    return Environment(name=name or "unknown", hue="grey", confirm=True, is_known=False)


def find(name: str | None, configured: Mapping[str, Environment]) -> Environment:
    """The environment called `name`. Without a name the least guarded configured one; unknown names are dangerous."""
    if not configured:
        return DEVELOPMENT
    if name is None:
        return min(configured.values(), key=lambda environment: environment.confirm)
    return configured.get(name) or unknown(name)


class Allowed(Struct, frozen=True):
    """Go ahead."""


class NeedsConfirmation(Struct, frozen=True):
    """A person has to say yes first."""

    why: str


class Denied(Struct, frozen=True):
    """Not from here, whatever anybody says."""

    why: str
    mend: str


Verdict = Allowed | NeedsConfirmation | Denied


def guard(environment: Environment, target: Target, *, is_free: bool, confirmed: bool) -> Verdict:
    """Whether a request may go from `environment` to `target`.

    `is_free`: the price is known to be 0; an unknown price is not free. `confirmed`: a person said yes to this request.
    """
    if not environment.allows(target.provider_name):
        allowed = ", ".join(environment.allow or ()) or "none"
        return Denied(
            f"{environment.name} may not call {target.provider_name}.",
            f"Allowed there: {allowed}. Switch the session's environment or provider, "
            f"or add {target.provider_name!r} to environments.{environment.name}.allow in the settings.",
        )
    if environment.confirm and not is_free and not confirmed:
        return NeedsConfirmation(f"{environment.name} asks before paid calls, and {target} is one.")
    return Allowed()
