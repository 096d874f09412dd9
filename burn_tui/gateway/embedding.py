"""POST /v1/embeddings: to the provider that the model names, with nothing changed but that name."""

from collections.abc import Mapping

from burn_tui.core.catalog import Target
from burn_tui.core.events import Refused
from burn_tui.core.failure import Failure
from burn_tui.core.model_names import meant
from burn_tui.core.money import NANOUSD
from burn_tui.engine.admission import Caller
from burn_tui.engine.embeddings import CAPABLE, embed
from burn_tui.engine.network import TransportError
from burn_tui.engine.runtime import Runtime
from burn_tui.gateway.callers import withheld
from burn_tui.gateway.exchange import Exchange
from burn_tui.gateway.refusals import RefusalError, malformed, of_failure, of_router
from burn_tui.providers.reading import mapping, parsed, text


async def serve_embeddings(exchange: Exchange, body: bytes, *, caller: Caller, runtime: Runtime) -> None:
    """Answer the request. RefusalError where nobody may or can."""
    try:
        asked = mapping(parsed(body))
    except ValueError as error:
        raise malformed(f"The body is no JSON: {error}.") from error
    if not asked.get("input"):
        raise malformed("The body must be a JSON object with an input.")
    await exchange.while_there(_pass_on(exchange, asked, caller, runtime))


async def _pass_on(exchange: Exchange, asked: Mapping[str, object], caller: Caller, runtime: Runtime) -> None:
    target = _target(text(asked, "model"), caller, runtime)
    try:
        embedded = await embed(runtime.router, asked, target, caller)
    except (TransportError, TimeoutError) as error:
        failure = Failure("transient", str(error) or "nothing came in time")
        raise of_failure(failure, f"{target} failed: {failure.message}") from error
    if isinstance(embedded, Refused):
        stricter = withheld(caller, runtime)
        raise of_router(embedded, environment=caller.environment.name, now=runtime.clock.now(), withheld=stricter)
    spent = embedded.record.cost_nanousd
    headers = {
        "content-type": embedded.content_type,
        "x-burn-served-by": str(target),
        "x-burn-request-id": embedded.record.opened.request_id,
        "x-burn-reason": embedded.record.opened.route_reason,
        "x-burn-attempts": "1",
        "x-burn-cost-usd": "unknown" if spent is None else f"{spent / NANOUSD:.9f}",
    }
    await exchange.answer(embedded.status, headers, embedded.body)


def _target(name: str, caller: Caller, runtime: Runtime) -> Target:
    """The provider and what the model is called there: as the settings map it, "provider/model", or a plain name, which
    goes to the first provider that may be asked.
    """
    catalog = runtime.router.catalog
    able = {one.name: one for one in catalog.providers.values() if one.dialect in CAPABLE}
    wanted = meant(name, runtime.settings.gateway.models or {}, lambda _: True) or name
    provider_name, _, model = wanted.partition("/")
    if provider_name in able and model:
        return Target(provider_name, model)
    for provider in able.values():
        if caller.environment.allows(provider.name) and any(model.name == wanted for model in provider.models):
            return Target(provider.name, wanted)
    for provider in able.values():
        if caller.environment.allows(provider.name) and wanted:
            return Target(provider.name, wanted)
    raise RefusalError(Failure("model_gone", f"Nobody makes embeddings with {name!r}. Write provider/model."))
