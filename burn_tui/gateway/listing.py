"""What may be asked for, as one object that OpenAI's, Anthropic's and Google's clients all take for theirs."""

from collections.abc import Iterator

from burn_tui.core.environment import Environment
from burn_tui.core.failure import Failure
from burn_tui.core.model_names import AUTO
from burn_tui.engine.runtime import Runtime
from burn_tui.gateway.refusals import RefusalError

_Json = dict[str, object]

_EPOCH = "1970-01-01T00:00:00Z"
"""When a model was made is nothing that providers tell alike; clients want a time all the same."""


def listing(runtime: Runtime, environment: Environment) -> _Json:
    """Everything that may be asked for from `environment`."""
    names = list(_names(runtime, environment))
    return {
        "object": "list",
        "data": [_model(name, owner) for name, owner in names],
        "has_more": False,
        "first_id": names[0][0],
        "last_id": names[-1][0],
        "models": [_google_model(name) for name, _ in names],
    }


def one(name: str, runtime: Runtime, environment: Environment) -> _Json:
    """The model of that name; RefusalError if there is none."""
    for known, owner in _names(runtime, environment):
        if known == name:
            return {**_google_model(known), **_model(known, owner)}
    raise RefusalError(Failure("model_gone", f"There is no model {name!r} here. GET /v1/models lists what there is."))


def _names(runtime: Runtime, environment: Environment) -> Iterator[tuple[str, str]]:
    """Each with whose it is: auto, the routes, the names that the user has mapped, provider/model."""
    yield AUTO, "burn-tui"
    setup = runtime.router.setup
    for route in setup.routes:
        yield route, "burn-tui"
    for name in runtime.settings.gateway.models or {}:
        if not set("*?[") & set(name):
            yield name, "burn-tui"
    for target in setup.catalog.targets:
        is_kept_in = environment.privacy == "local" and not setup.is_local(target)
        if environment.allows(target.provider_name) and not is_kept_in:
            yield str(target), target.provider_name


def _model(name: str, owner: str) -> _Json:
    return {
        "id": name,
        "object": "model",
        "type": "model",
        "display_name": name,
        "created": 0,
        "created_at": _EPOCH,
        "owned_by": owner,
    }


def _google_model(name: str) -> _Json:
    return {
        "name": f"models/{name}",
        "displayName": name,
        "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
    }
