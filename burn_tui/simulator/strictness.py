"""What the real APIs turn away, so that a test against the simulator cannot pass with what a provider would refuse.

One function a dialect, each pure: the parsed body in, complaints out, in words close to the provider's own. What the
rules are taken from stands at the head of each; the tables of known fields are the API references' own.
"""

from collections.abc import Callable, Iterator

from burn_tui.simulator.strict_anthropic import complaints as anthropic
from burn_tui.simulator.strict_gemini import complaints as gemini
from burn_tui.simulator.strict_ollama import complaints as ollama
from burn_tui.simulator.strict_openai_chat import complaints as openai_chat
from burn_tui.simulator.strict_openai_responses import complaints as openai_responses
from burn_tui.simulator.strict_shared import Asked

_Complaints = Callable[[dict[str, object], Asked], Iterator[str]]

_RULES: dict[str, _Complaints] = {
    "anthropic-messages": anthropic,
    "openai-chat": openai_chat,
    "openai-responses": openai_responses,
    "gemini-generate": gemini,
    "ollama-chat": ollama,
}


def refusal(dialect: str, body: object, *, provider_name: str, model: str) -> str | None:
    """The sentence with which the API would refuse `body`; None = it would serve it.

    `provider_name`: whose signatures the API knows. `model`: as the path or the body names it.
    """
    if not isinstance(body, dict):
        return "The body must be a JSON object."
    return next(_RULES[dialect](body, Asked(provider_name, model)), None)
