"""Wire dialects, one file each, both directions, pure.

A new dialect is one file and one line here; a new provider of a known dialect is one entry in catalog.yaml.
"""

from burn_tui.providers.anthropic import AnthropicMessages
from burn_tui.providers.dialect import Dialect
from burn_tui.providers.gemini import GeminiGenerate
from burn_tui.providers.ollama import OllamaChat
from burn_tui.providers.openai_chat import OpenAIChat
from burn_tui.providers.openai_responses import OpenAIResponses

DIALECTS: dict[str, Dialect] = {
    "anthropic-messages": AnthropicMessages(),
    "openai-chat": OpenAIChat(),
    "openai-responses": OpenAIResponses(),
    "gemini-generate": GeminiGenerate(),
    "ollama-chat": OllamaChat(),
}
"""The one registry, by the name that settings use."""
