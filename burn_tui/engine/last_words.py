"""What a request that nobody answered tells the person, so that they can go on."""

from burn_tui.core.catalog import Target
from burn_tui.core.events import Refused
from burn_tui.core.routing import Plan


def both_counts(target: Target, tokens: int, window: int | None) -> str:
    """Why the conversation is too long. `window`: what the target takes; None = nobody knows."""
    takes = f"{window:,} tokens" if window else "an unknown number of tokens"
    return f"The conversation has about {tokens:,} tokens, {target} takes {takes}, and no larger model is on the route."


def followed_by(message: str, words: str) -> str:
    """What a provider said, and our own sentence behind it; theirs often end without a full stop."""
    stop = "" if not message or message.rstrip().endswith((".", "!", "?", ":")) else "."
    return f"{message.rstrip()}{stop} {words}".strip() if words else message


def first_back(decided: Plan | Refused, now: float) -> str:
    """When it makes sense to ask again, after another look at the route; "" if that does not depend on waiting."""
    if not isinstance(decided, Refused) or decided.retry_at is None:
        return ""
    return f"All rest now; the first is back in {max(decided.retry_at - now, 0.0):.0f} s."
