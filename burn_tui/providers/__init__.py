"""Wire dialects, both directions, pure.

A new dialect is one file and one line here; a new provider of a known dialect is one entry in catalog.yaml.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module

from burn_tui.providers.dialect import Dialect

_HOMES = {
    "anthropic-messages": ("anthropic", "AnthropicMessages"),
    "openai-chat": ("openai_chat", "OpenAIChat"),
    "openai-responses": ("openai_responses", "OpenAIResponses"),
    "gemini-generate": ("gemini", "GeminiGenerate"),
    "ollama-chat": ("ollama", "OllamaChat"),
}
"""The one registry: the name that settings use -> module and class."""


class _Dialects(Mapping[str, Dialect]):
    """Imports a dialect when it is first asked for: most programs speak one or two, and all of them together take
    longer to import than the rest of the router.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, Dialect] = {}

    def __getitem__(self, name: str) -> Dialect:
        if name not in self._loaded:
            module, class_name = _HOMES[name]
            dialect: Dialect = getattr(import_module(f"burn_tui.providers.{module}"), class_name)()
            self._loaded[name] = dialect
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


DIALECTS: Mapping[str, Dialect] = _Dialects()
"""Every dialect by the name that settings use."""
