"""Where a session stands, and whether a request may leave it.

The accident this prevents: a test query on live credits. An unknown environment counts as the most dangerous one.
What costs nothing and stays on this machine is never held up by locks and questions.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from burn_tui.core.catalog import Target

Privacy = Literal["any", "local"]
"""local = nothing may leave this machine, not even by fallback."""

UNLOCK_S = 900.0
"""How long an unlocked environment stays so."""


class Environment(Struct, frozen=True, kw_only=True):
    """A place with its own rules and its own colour."""

    name: str
    hue: str
    """A colour name that themes know: blue, yellow, green, violet, red, cyan, grey."""
    allow: tuple[str, ...] | None = None
    """Names of the providers that may be called; None = all of them, () = none."""
    confirm: bool = False
    """True = the first paid call of a session is asked about."""
    confirm_over_nanousd: int | None = None
    """A paid call estimated above this is always asked about; None = never for its price alone."""
    lock: bool = False
    """True = paid calls are locked until somebody unlocks them."""
    unlock_s: float = UNLOCK_S
    unlock_requests: int | None = None
    """How many requests an unlocking is good for; None = any number."""
    privacy: Privacy = "any"
    is_production: bool = False
    """True = requests that are marked as tests are blocked."""
    is_known: bool = True
    """False for a session that names no configured environment."""

    def allows(self, provider_name: str) -> bool:
        """Whether this environment may call the provider at all."""
        return self.allow is None or provider_name in self.allow


DEVELOPMENT = Environment(name="development", hue="violet")
"""The one environment there is when none is configured: everything found is allowed, nothing asks."""


def unknown(name: str) -> Environment:
    """The environment of a session that matches none of the configured ones: it may ask, never just send."""
    return Environment(name=name or "unknown", hue="grey", confirm=True, lock=True, is_production=True, is_known=False)


def find(name: str | None, configured: Mapping[str, Environment]) -> Environment:
    """The environment called `name`. Without a name the least guarded configured one; unknown names are dangerous."""
    if not configured:
        return DEVELOPMENT
    if name is None:
        return min(configured.values(), key=lambda environment: (environment.is_production, environment.confirm))
    return configured.get(name) or unknown(name)


class Standing(Struct, frozen=True, kw_only=True):
    """What the guard must know of one request besides where it comes from and where it wants to go."""

    is_local: bool = False
    """The target's provider runs on this machine."""
    estimate_nanousd: int | None = None
    """What it will roughly cost; 0 = free; None = the price is unknown, which is not free."""
    privacy: Privacy = "any"
    """What the session demands; the stricter of this and the environment's holds."""
    is_confirmed: bool = False
    """A person has agreed to paid calls of this session."""
    is_confirmed_now: bool = False
    """A person has agreed to this very request."""
    is_unlocked: bool = False
    test_mark: str | None = None
    """What marks the request as a test, such as "CI is set"; None = nothing does."""
    working_prompt: str | None = None
    """The prompt that would be sent as its file is now, pinned by nobody; None = it is pinned, or no prompt."""


class Allowed(Struct, frozen=True):
    """Go ahead."""


class NeedsConfirmation(Struct, frozen=True):
    """A person has to say yes first."""

    why: str
    unlocks: bool = False
    """True = a yes also unlocks the environment for this session."""


class Denied(Struct, frozen=True):
    """Not from here, whatever anybody says."""

    why: str
    mend: str


Verdict = Allowed | NeedsConfirmation | Denied


def guard(environment: Environment, target: Target, standing: Standing) -> Verdict:
    """Whether a request may go from `environment` to `target`. The strictest rule that applies speaks."""
    if (denied := forbidden(environment, target, standing)) is not None:
        return denied
    if standing.estimate_nanousd == 0:
        return Allowed()
    if environment.lock and not (standing.is_unlocked or standing.is_confirmed_now):
        return NeedsConfirmation(f"{environment.name} is locked, and {target} is a paid call.", unlocks=True)
    if environment.confirm and not (standing.is_confirmed or standing.is_confirmed_now):
        return NeedsConfirmation(f"{environment.name} asks before paid calls, and {target} is one.")
    if _is_dear(environment, standing) and not standing.is_confirmed_now:
        return NeedsConfirmation(f"{environment.name} asks about every call as dear as this one.")
    return Allowed()


def forbidden(environment: Environment, target: Target, standing: Standing) -> Denied | None:
    """Why no yes would help; None where it might."""
    if not environment.allows(target.provider_name):
        allowed = ", ".join(environment.allow or ()) or "none"
        return Denied(
            f"{environment.name} may not call {target.provider_name}.",
            f"Allowed there: {allowed}. Switch the session's environment or provider, "
            f"or add {target.provider_name!r} to environments.{environment.name}.allow in the settings.",
        )
    if "local" in {environment.privacy, standing.privacy} and not standing.is_local:
        return Denied(
            f"{target} is not on this machine, and privacy is local.",
            "Choose a model that runs here, or lift `privacy: local` for this session.",
        )
    if (prompt := standing.working_prompt) is not None and environment.is_production:
        return Denied(
            f"{environment.name} is production and sends no working version, and {prompt} is at its working version.",
            f"Pin it: burn-tui prompts pin {prompt} --label {environment.name}; or ask from another environment.",
        )
    if standing.test_mark and environment.is_production and standing.estimate_nanousd != 0:
        return Denied(
            f"A test must not burn live credits: {standing.test_mark}, and {environment.name} is production.",
            "Ask from another environment (--env), take a model on this machine, "
            f"or set BURN_ENV={environment.name} if this is no test.",
        )
    return None


def _is_dear(environment: Environment, standing: Standing) -> bool:
    limit, estimate = environment.confirm_over_nanousd, standing.estimate_nanousd
    return limit is not None and (estimate is None or estimate > limit)


def test_mark(environ: Mapping[str, str]) -> str | None:
    """What in a process's environment variables marks its requests as tests, in words; None = nothing does.

    BURN_ENV says it outright, and then nothing else counts: "test", "testing" or "ci" is a test, any other word is not.
    """
    said = environ.get("BURN_ENV", "").strip().lower()
    if said:
        return f"BURN_ENV is {said}" if said in {"test", "testing", "ci"} else None
    if environ.get("CI", "").strip().lower() not in {"", "0", "false", "no"}:
        return "CI is set"
    return "pytest is running" if environ.get("PYTEST_CURRENT_TEST") else None
