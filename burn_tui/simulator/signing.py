"""Proofs that a simulated provider wrote its own thinking and calls, which it wants back and knows from all others."""

from collections.abc import Iterable
from hashlib import sha256

from msgspec import structs

from burn_tui.core.events import ReasoningDelta, ToolCallDelta, WireEvent


def signature(signer: str, words: str) -> str:
    """What `signer` puts under `words`."""
    return f"{signer}.{sha256(words.encode()).hexdigest()[:16]}"


def is_signed_by(signer: str, proof: str) -> bool:
    """Whether `proof` is one of `signer`'s, whatever it stands under."""
    name, _, digest = proof.rpartition(".")
    return name == signer and len(digest) == 16


def signed(events: Iterable[WireEvent], signer: str) -> list[WireEvent]:
    """`events` with a proof at the end of the thinking and on the first call, unless they bring their own.

    No event is added, so that faults strike where the script wants them.
    """
    given = list(events)
    thoughts = [place for place, event in enumerate(given) if isinstance(event, ReasoningDelta)]
    calls = [place for place, event in enumerate(given) if isinstance(event, ToolCallDelta)]
    if any(getattr(given[place], "signature", None) for place in (*thoughts, *calls)):
        return given
    if thoughts:
        words = "".join(event.text for event in given if isinstance(event, ReasoningDelta))
        given[thoughts[-1]] = _with(given[thoughts[-1]], signature(signer, words))
    if calls:
        given[calls[0]] = _with(given[calls[0]], signature(signer, "call"))
    return given


def _with(event: WireEvent, proof: str) -> WireEvent:
    return structs.replace(event, signature=proof)
