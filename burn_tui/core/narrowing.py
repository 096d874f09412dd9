"""What a repository asks of everybody who works in it: a person's own settings may be stricter, never more lenient."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct, structs

from burn_tui.core.budget import Budget
from burn_tui.core.catalog import Catalog, Provider, Target
from burn_tui.core.environment import DEVELOPMENT, Environment, Privacy


class Base(Struct, frozen=True, kw_only=True):
    """The settings of a repository. Everything in it only takes away."""

    environments: Mapping[str, Environment] = {}
    """Not empty = there are these and no others, each at least as strict as here."""
    targets: tuple[str, ...] | None = None
    """Patterns of provider/model, * and ? stand for anything: who may be asked; None = everybody."""
    privacy: Privacy = "any"
    """local = nothing leaves the machine, from whichever environment."""
    budgets: tuple[Budget, ...] = ()
    """Beside the person's own."""


def environments(own: Mapping[str, Environment], base: Base) -> dict[str, Environment]:
    """The person's environments under `base`."""
    wanted = base.environments or own
    if not wanted and base.privacy == "local":
        wanted = {DEVELOPMENT.name: DEVELOPMENT}  # which is what there is where none is configured
    return {
        name: _private(stricter(own[name], asked) if name in own else asked, base.privacy)
        for name, asked in wanted.items()
    }


def stricter(one: Environment, other: Environment) -> Environment:
    """What both allow, with every question that either asks. Its colour is that of `one`."""
    return structs.replace(
        one,
        allow=_both(one.allow, other.allow),
        confirm=one.confirm or other.confirm,
        confirm_over_nanousd=_lower(one.confirm_over_nanousd, other.confirm_over_nanousd),
        lock=one.lock or other.lock,
        unlock_s=min(one.unlock_s, other.unlock_s),
        unlock_requests=_lower(one.unlock_requests, other.unlock_requests),
        privacy="local" if "local" in {one.privacy, other.privacy} else "any",
        is_production=one.is_production or other.is_production,
    )


def allows(base: Base, target: Target) -> bool:
    """Whether the target may be asked at all."""
    return base.targets is None or any(fnmatchcase(str(target), pattern) for pattern in base.targets)


def catalog(own: Catalog, base: Base) -> Catalog:
    """The person's providers without the models that may not be asked, and without providers that have none left."""
    narrowed = {name: _provider(provider, base) for name, provider in own.providers.items()}
    return Catalog({name: provider for name, provider in narrowed.items() if provider is not None})


def _provider(own: Provider, base: Base) -> Provider | None:
    if base.privacy == "local" and not own.is_local:
        return None
    if base.targets is None:
        return own
    if not own.models:  # it takes any name, so all of them must be allowed
        return own if any(fnmatchcase(f"{own.name}/*", pattern) for pattern in base.targets) else None
    models = tuple(model for model in own.models if allows(base, Target(own.name, model.name)))
    return structs.replace(own, models=models) if models else None


def budgets(own: Iterable[Budget], base: Base) -> tuple[Budget, ...]:
    """Those of the repository after the person's own, under names of their own: all of them hold."""
    mine = tuple(own)
    taken = {budget.name for budget in mine}
    theirs = (
        structs.replace(budget, name=f"{budget.name} (repository)") if budget.name in taken else budget
        for budget in base.budgets
    )
    return (*mine, *theirs)


def _private(environment: Environment, privacy: Privacy) -> Environment:
    return structs.replace(environment, privacy="local") if privacy == "local" else environment


def _both(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if one is None or other is None:
        return one if other is None else other
    return tuple(name for name in one if name in other)


def _lower(one: int | None, other: int | None) -> int | None:
    """Of two limits, where None is no limit."""
    return min((limit for limit in (one, other) if limit is not None), default=None)
