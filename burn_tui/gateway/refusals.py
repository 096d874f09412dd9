"""Every no of the gateway, worded as a provider of the client's dialect words it, with the mend.

    400 malformed, 401 no token, 403 guard, 402 budget, 404 no such model, 408 late, 413 too large,
    429 everybody rests (retry-after says how long), 502 a provider refused our key, else as the last provider failed

Clients ask again by themselves after a 429 or a 5xx. The gateway has done that already, so it tells them not to.
"""

from collections.abc import Mapping
from math import ceil

from msgspec import structs

from burn_tui.core.events import Refused
from burn_tui.core.failure import ErrorType, Failure
from burn_tui.gateway.exchange import Exchange
from burn_tui.providers import DIALECTS

_OF_OUR_KEY: frozenset[ErrorType] = frozenset({"auth", "permission"})
"""The client's own token is in order: it must not be told otherwise."""


class RefusalError(Exception):
    """A no with its HTTP status; what the client is told stands in `failure`."""

    def __init__(
        self, failure: Failure, *, status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.status = status
        """None = as the dialect has it for such a failure."""
        self.headers = headers or {}


def malformed(words: str, *, status: int | None = None, headers: Mapping[str, str] | None = None) -> RefusalError:
    """The request means nothing, or nothing that can be passed on."""
    return RefusalError(Failure("caller_fault", words), status=status, headers=headers)


def forbidden(words: str) -> RefusalError:
    """Not from there, or not with that token."""
    return RefusalError(Failure("refused", words), status=403)


def unauthorised(words: str) -> RefusalError:
    """There is no token, or it is none of ours."""
    return RefusalError(Failure("auth", words), status=401)


def of_router(refused: Refused, *, environment: str, now: float, withheld: str = "") -> RefusalError:
    """The router's no to somebody in `environment`. `now` is seconds since the epoch; `withheld`: why the guard was
    stricter than the settings.
    """
    words = f"{refused.reason} {refused.mend}"
    match refused.kind:
        case "guard":
            words = f"{refused.reason} {withheld}" if withheld else words
            return RefusalError(Failure("refused", words), status=403)
        case "confirmation":
            token = f"burn-tui gateway token --env {environment} --yes"
            mend = f"Nobody can be asked here. Make a token that agrees beforehand: {token}."
            return RefusalError(Failure("refused", f"{refused.reason} {mend}"), status=403)
        case "budget":
            return RefusalError(Failure("quota_exhausted", words), status=402)
        case "context_length":
            return RefusalError(Failure("context_length", words))
        case "no_target":
            if refused.retry_at is None:
                return RefusalError(Failure("overloaded", words), status=503)
            return RefusalError(Failure("rate_limited", words, retry_after_s=max(refused.retry_at - now, 0.0)))


def of_failure(failure: Failure, words: str) -> RefusalError:
    """The end of a request whom nobody answered; `words` say who failed how."""
    if failure.error_type in _OF_OUR_KEY:
        return RefusalError(Failure("transient", words), status=502)
    return RefusalError(structs.replace(failure, message=words))


async def refuse(exchange: Exchange, error: RefusalError, *, dialect: str, headers: Mapping[str, str]) -> None:
    """Answer with the no. `headers` are added to it."""
    refusal = DIALECTS[dialect].encode_error(error.failure)
    told = {**refusal.headers, **error.headers, **headers, "x-should-retry": "false"}
    if error.failure.retry_after_s is not None:
        told.setdefault("retry-after", str(ceil(error.failure.retry_after_s)))
    await exchange.answer(error.status or refusal.status, told, refusal.body)
