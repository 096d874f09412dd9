"""What may be called: providers, their models, and the pair of both that a request is sent to."""

from collections.abc import Mapping

from msgspec import Struct, structs

from burn_tui.core.capabilities import Capabilities
from burn_tui.core.errors import UnknownTargetError


class Target(Struct, frozen=True, order=True):
    """One model at one provider: the thing that is called, priced, rested and fallen back from."""

    provider_name: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider_name}/{self.model}"


class Model(Struct, frozen=True):
    """A model as a provider offers it."""

    name: str
    context_window: int | None = None
    """Tokens of prompt and answer together; None = unknown, so nothing is refused for length beforehand."""
    capabilities: Capabilities = Capabilities()


class Provider(Struct, frozen=True, kw_only=True):
    """Somebody who serves models over one dialect."""

    name: str
    dialect: str
    """A key of burn_tui.providers.DIALECTS."""
    base_url: str
    """As the provider's own SDK takes it: OpenAI dialects with /v1, the others the root without a version."""
    models: tuple[Model, ...] = ()
    """Empty = any model name is passed on."""
    is_local: bool = False
    """True = on this machine: free, and allowed where nothing may leave it."""
    options: Mapping[str, str] = {}
    """Peculiarities that the dialect knows by name, from catalog.yaml."""
    more_base_urls: tuple[str, ...] = ()
    """Further addresses of the same service; requests are spread over all of them."""
    keys: int = 1
    """How many API keys there are to spread requests over; 1 also where none is needed."""

    @property
    def lanes(self) -> range:
        """The ways to the provider, each a pair of address and key, by number."""
        return range(max(1 + len(self.more_base_urls), self.keys))

    def at(self, lane: int) -> "Provider":
        """The provider at that lane's address."""
        addresses = (self.base_url, *self.more_base_urls)
        return self if len(addresses) == 1 else structs.replace(self, base_url=addresses[lane % len(addresses)])


class Catalog(Struct, frozen=True):
    """All providers by name, in the order of the settings."""

    providers: Mapping[str, Provider]

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every named model of every provider, in the order of the settings."""
        return tuple(Target(p.name, model.name) for p in self.providers.values() for model in p.models)

    def provider(self, target: Target) -> Provider:
        """The provider of `target`; UnknownTargetError if there is none of that name."""
        try:
            return self.providers[target.provider_name]
        except KeyError:
            raise UnknownTargetError(str(target), [str(known) for known in self.targets]) from None

    def model(self, target: Target) -> Model:
        """What is known of the target's model; a bare Model where the settings do not list it."""
        listed = (model for model in self.provider(target).models if model.name == target.model)
        return next(listed, Model(target.model))

    def resolve(self, name: str) -> Target:
        """The target called `name`: "provider/model", a provider (its first model) or a model id (its first provider).

        A model id may contain slashes itself (OpenRouter), so the provider is what stands before the first one.
        """
        provider_name, slash, model = name.partition("/")
        provider = self.providers.get(provider_name)
        if provider and model and (not provider.models or any(model == listed.name for listed in provider.models)):
            return Target(provider_name, model)
        if provider and not slash and provider.models:
            return Target(provider_name, provider.models[0].name)
        for target in self.targets:
            if target.model == name:
                return target
        raise UnknownTargetError(name, [str(known) for known in self.targets])
