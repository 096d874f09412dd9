"""Sentences about failures, the same on screen, on stderr and in the ledger."""

from burn_tui.core.breaker import PASSES_BY_ITSELF
from burn_tui.core.catalog import Target
from burn_tui.core.failure import IN_WORDS, Failure


def failure_sentence(target: Target, failure: Failure, key_variable: str | None = None) -> str:
    """Who did what, until when, and which key it is about: "anthropic refused: rate limited, back in 43 s."."""
    who = str(target) if failure.error_type == "model_gone" else target.provider_name
    sentence = f"{who} {IN_WORDS[failure.error_type]}"
    if failure.error_type == "auth" and key_variable:
        sentence += f" in {key_variable}"
    if failure.retry_after_s is not None and failure.error_type in PASSES_BY_ITSELF:
        sentence += f", back in {failure.retry_after_s:.0f} s"
    return sentence + "."
