"""From a token and the headers of a request to who asks: environment, session, project, operation, privacy."""

import re
from collections.abc import Mapping
from typing import get_args

from msgspec import structs

from burn_tui.core.environment import Environment, Privacy, unknown
from burn_tui.engine.admission import Caller
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.setup import Setup
from burn_tui.gateway.refusals import forbidden, malformed, unauthorised
from burn_tui.gateway.tokens import Token, TokenBook

SESSION_HEADERS = ("x-burn-session", "x-claude-code-session-id", "x-session-id", "session-id")
"""Where clients say which of their sessions asks: ours, Claude Code's, opencode's, Codex's."""

_TEST_NAMES = frozenset({"test", "testing", "ci"})
"""Environments whose name alone says that no live credits are meant."""

_LONGEST_LABEL = 100
_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9._-]*(?:/[A-Za-z]+(?=\s))?")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


def token_of(headers: Mapping[str, str], tokens: TokenBook) -> Token:
    """The token that comes with a request, wherever its client puts a key; RefusalError without a valid one."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    given = [
        bearer.strip() if scheme.lower() == "bearer" else "",
        headers.get("x-api-key", ""),
        headers.get("x-goog-api-key", ""),
    ]
    for secret in filter(None, given):
        if (token := tokens.owner(secret)) is not None:
            return token
    mend = "Make one with burn-tui gateway token, or start the client with burn-tui run."
    if not any(given):
        raise unauthorised(f"The gateway wants a token as API key. {mend}")
    raise unauthorised(f"The API key is no token of this gateway, or was revoked. {mend}")


def caller_of(token: Token, headers: Mapping[str, str], runtime: Runtime) -> Caller:
    """Who asks. RefusalError for a header that means nothing, or asks for more than the token may."""
    environment = _environment(token, _label(headers, "x-burn-environment"), runtime)
    conversation = next((said for name in SESSION_HEADERS if (said := _label(headers, name))), None)
    is_test = environment.name in _TEST_NAMES
    return Caller(
        environment=_without_live_keys(environment, runtime) if is_test else environment,
        session_id=token.session or conversation or token.label,
        conversation_id=conversation,
        operation_name=_label(headers, "x-burn-operation") or _product(headers.get("user-agent", "")) or "chat",
        project=_label(headers, "x-burn-project"),
        source="gateway",
        privacy=_privacy(headers),
        is_confirmed=token.has_agreed,
        is_unlocked=token.has_agreed,
        test_mark=f"the environment is {environment.name}" if is_test else runtime.test_mark,
    )


def _environment(token: Token, wanted: str | None, runtime: Runtime) -> Environment:
    """The token's own. One that is bound to none may choose any that is not production."""
    if token.environment and wanted not in {None, token.environment}:
        raise forbidden(
            f"The token {token.label} is bound to {token.environment}, and the request wants {wanted}. "
            f"Make one for it: burn-tui gateway token --env {wanted}."
        )
    name = token.environment or wanted
    place = runtime.environment(name)
    if name is not None and place.name != name:
        # Where no environment is configured, every name would mean the one that there is.
        place = unknown(name)
    if place.is_production and not token.environment:
        raise forbidden(
            f"The token {token.label} may be used anywhere but in production, and {place.name} counts as that. "
            f"Make one for it: burn-tui gateway token --env {place.name}."
        )
    return place


def _without_live_keys(environment: Environment, runtime: Runtime) -> Environment:
    """The environment without the providers that are paid with a key of production, whatever its settings allow."""
    setup = runtime.router.setup
    live = {
        key
        for other in runtime.settings.environments.values()
        if other.is_production
        for name in setup.catalog.providers
        if other.allows(name)
        for key in _keys(name, setup)
    }
    safe = [name for name in setup.catalog.providers if environment.allows(name) and not live & set(_keys(name, setup))]
    return structs.replace(environment, allow=tuple(safe))


def withheld(caller: Caller, runtime: Runtime) -> str:
    """Why the caller may call fewer providers than the settings allow, with the mend; "" = it may call all of them."""
    place = caller.environment
    own = runtime.environment(place.name)
    held = [name for name in runtime.router.catalog.providers if own.allows(name) and not place.allows(name)]
    if not held:
        return ""
    return (
        f"From {place.name} no key is used that production pays with, so {', '.join(held)} cannot be called. "
        f"Give {place.name} a provider with a key of its own."
    )


def _keys(provider_name: str, setup: Setup) -> list[str]:
    """Fingerprints of all keys that pay for calls to a provider."""
    lanes = setup.catalog.providers[provider_name].lanes
    return [key for lane in lanes if (key := setup.keys.fingerprint(provider_name, lane)) is not None]


def _privacy(headers: Mapping[str, str]) -> Privacy:
    said = headers.get("x-burn-privacy", "any").strip().lower()
    for privacy in get_args(Privacy):
        if said == privacy:
            return "local" if said == "local" else "any"
    raise malformed(f"x-burn-privacy: {_printable(said)!r} means nothing. Write local or any.")


def _label(headers: Mapping[str, str], name: str) -> str | None:
    """What a header says, as it may stand on screen and in the ledger; None = nothing."""
    return _printable(headers.get(name, "")) or None


def _product(user_agent: str) -> str:
    """What calls itself by this name: "claude-cli", "OpenAI/Python", "opencode"; "" = nothing that is a name."""
    found = _PRODUCT.match(user_agent)
    return found[0][:_LONGEST_LABEL] if found else ""


def _printable(words: str) -> str:
    return _UNPRINTABLE.sub("?", words).strip()[:_LONGEST_LABEL]
