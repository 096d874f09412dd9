"""Which provider a tool means, where it writes a name of its own or only the model's. Pure."""

_OURS = {
    "google": "gemini",
    "google-vertex": "gemini",
    "vertex_ai": "gemini",
    "openai-chat": "openai",
    "x-ai": "xai",
    "togetherai": "together",
    "together_ai": "together",
    "fireworks-ai": "fireworks",
    "fireworks_ai": "fireworks",
    "ollama_chat": "ollama",
    "lm_studio": "lmstudio",
}
"""Names of the tools for what burn-tui calls otherwise; all others are the same."""

_BEFORE_A_SLASH = frozenset(
    {"anthropic", "openai", "gemini", "openrouter", "groq", "deepseek", "mistral", "xai", "together", "fireworks"}
    | {"cerebras", "perplexity", "azure", "ollama", "lmstudio", "bedrock", "github"}
    | set(_OURS)
)
"""What stands before the first slash of a model's name only to say who serves it."""

_BEGINNINGS = (
    ("claude", "anthropic"),
    ("gpt-", "openai"),
    ("chatgpt", "openai"),
    ("codex", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("gemini", "gemini"),
    ("deepseek", "deepseek"),
    ("grok", "xai"),
    ("mistral", "mistral"),
    ("codestral", "mistral"),
)
"""Models that, without another word, are their makers' own."""


def provider(name: str) -> str:
    """What burn-tui calls the provider that a tool calls `name`."""
    return _OURS.get(name, name)


def provider_and_model(name: str) -> tuple[str, str]:
    """Of "openrouter/qwen/qwen3", "gemini/gemini-2.5-pro" or "claude-sonnet-4-5"; "" for a provider nobody can tell."""
    first, slash, rest = name.partition("/")
    if slash and first in _BEFORE_A_SLASH:
        return provider(first), rest
    return next((served_by for beginning, served_by in _BEGINNINGS if name.startswith(beginning)), ""), name
