"""What a person must know when a conversation does not fit: how short it would have to be, or who could carry it."""

from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, estimate_input_tokens
from burn_tui.core.context import shortened
from burn_tui.core.events import TooLong
from burn_tui.engine.admission import Admission, Caller

ANSWER_TOKENS = 1_000
"""Room that is kept for an answer whose length nobody has limited, but at most a quarter of the window."""


def too_long(request: ChatRequest, caller: Caller, *, admission: Admission, tokens: int, window: int) -> TooLong:
    """The facts about a request that needs `tokens` where `window` is the most there is."""
    carrier = _carrier(request, caller, admission, tokens)
    answer = request.max_output_tokens or min(ANSWER_TOKENS, window // 4)
    return TooLong(
        tokens_needed=tokens,
        window=window,
        shorten_to=max(window - answer, 0),
        shortest=estimate_input_tokens(shortened(request.messages, 0)),
        carrier=carrier,
        carrier_window=admission.setup.context_window(carrier) if carrier else None,
        carrier_cost_nanousd=admission.estimate(request, carrier) if carrier else None,
    )


def _carrier(request: ChatRequest, caller: Caller, admission: Admission, tokens: int) -> Target | None:
    """The target with the largest window of all that may be asked and hold everything; None = there is none."""
    setup = admission.setup
    windows = {target: setup.context_window(target) or 0 for target in setup.catalog.targets}
    large = [
        target
        for target, size in windows.items()
        if size >= tokens
        and setup.lanes(target)
        and setup.unable(target, request) is None
        and admission.forbidden(request, target, caller) is None
    ]
    return max(large, key=lambda target: windows[target], default=None)
