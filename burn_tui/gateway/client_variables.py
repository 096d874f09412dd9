"""What points a client at the gateway: variables that it reads by itself, and for one that reads none, arguments.

openai (Python, Node), the Vercel AI SDK, llm       OPENAI_BASE_URL, OPENAI_API_KEY
aider, LiteLLM, older OpenAI clients                OPENAI_API_BASE, OPENAI_API_KEY
anthropic (Python, Node), aider, LiteLLM            ANTHROPIC_BASE_URL, ANTHROPIC_API_KEY
Claude Code                                         ANTHROPIC_BASE_URL, ANTHROPIC_AUTH_TOKEN
google-genai, Gemini CLI                            GOOGLE_GEMINI_BASE_URL, GEMINI_API_KEY
opencode                                            OPENCODE_CONFIG_CONTENT
Codex                                               -c model_provider=...
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePath

import msgspec

from burn_tui.core.model_names import AUTO

TOKEN_VARIABLE = "BURN_TUI_TOKEN"  # noqa: S105 - a name, no secret
URL_VARIABLE = "BURN_TUI_GATEWAY"


def variables(command: Sequence[str], environ: Mapping[str, str], *, url: str, secret: str) -> dict[str, str]:
    """`environ` for `command`, so that whatever it starts asks the gateway at `url` (without a version)."""
    pointed = {
        **environ,
        URL_VARIABLE: url,
        TOKEN_VARIABLE: secret,
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_BASE": f"{url}/v1",
        "OPENAI_API_KEY": secret,
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_BASE": url,
        "ANTHROPIC_API_KEY": secret,
        "GOOGLE_GEMINI_BASE_URL": url,
        "GEMINI_API_KEY": secret,
        "GOOGLE_GENERATIVE_AI_API_KEY": secret,
        "OPENCODE_CONFIG_CONTENT": _opencode(url, secret),
        # A proxy for the outside has no business between a client and its own machine.
        "NO_PROXY": _with_loopback(environ.get("NO_PROXY", "")),
        "no_proxy": _with_loopback(environ.get("no_proxy", "")),
    }
    # Google's clients prefer it to the other, and it is the person's own.
    pointed.pop("GOOGLE_API_KEY", None)
    if _name(command) == "claude":
        # Claude Code warns about two of them, and asks a person about the other.
        pointed["ANTHROPIC_AUTH_TOKEN"] = secret
        del pointed["ANTHROPIC_API_KEY"]
    else:
        pointed.pop("ANTHROPIC_AUTH_TOKEN", None)
    return pointed


def arguments(command: Sequence[str], *, url: str) -> list[str]:
    """`command`, with what tells Codex about the gateway, which no variable does."""
    if _name(command) != "codex":
        return list(command)
    provider = "model_providers.burn-tui"
    told = {
        "model_provider": "burn-tui",
        f"{provider}.name": "burn-tui",
        f"{provider}.base_url": f"{url}/v1",
        f"{provider}.env_key": TOKEN_VARIABLE,
        f"{provider}.wire_api": "responses",
    }
    settings = [word for name, value in told.items() for word in ("-c", f'{name}="{value}"')]
    return [command[0], *settings, *command[1:]]


def _name(command: Sequence[str]) -> str:
    return PurePath(command[0]).stem


def _with_loopback(hosts: str) -> str:
    return ",".join(filter(None, [hosts, "127.0.0.1", "localhost"]))


def _opencode(url: str, secret: str) -> str:
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "burn-tui",
        "options": {"baseURL": f"{url}/v1", "apiKey": secret},
        "models": {AUTO: {"name": AUTO}},
    }
    config = {"provider": {"burn-tui": provider}, "model": f"burn-tui/{AUTO}", "small_model": f"burn-tui/{AUTO}"}
    return msgspec.json.encode(config).decode()
