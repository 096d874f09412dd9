"""What OpenAI's `usage` object counts, and what those who imitate it count otherwise.

Everybody's peculiarity is recognised by the numbers themselves: whoever copies it tomorrow is read correctly as well.
"""

from burn_tui.core.money import NANOUSD, nanousd
from burn_tui.core.usage import Usage
from burn_tui.providers.reading import count, mapping, number

_TICKS_PER_NANOUSD = 10
"""xAI's cost_in_usd_ticks are ten-thousand-millionths of a dollar."""


def read_usage(raw: dict[str, object]) -> Usage:
    """The counts in our terms. `raw` is all that was stated so far, merged."""
    prompt, completion = count(raw, "prompt_tokens"), count(raw, "completion_tokens")
    reasoning = _first(raw, ("completion_tokens_details", "reasoning_tokens"), ("reasoning_tokens",))
    prompt, completion = _with_the_hidden(raw, prompt, completion, reasoning)
    read = _first(
        raw,
        ("prompt_tokens_details", "cached_tokens"),
        ("cache_read_input_tokens",),
        ("prompt_cache_hit_tokens",),  # DeepSeek
        ("cached_tokens",),  # Together, Moonshot
        ("num_cached_tokens",),  # Mistral
    )
    written = _first(
        raw,
        ("prompt_tokens_details", "cache_write_tokens"),  # OpenRouter
        ("prompt_tokens_details", "cache_creation_tokens"),  # LiteLLM
        ("cache_creation_input_tokens",),  # Vercel
    )
    # Azure-hosted Grok states more cached tokens than the prompt has.
    read = read if read is None or prompt is None else min(read, prompt)
    written = written if written is None or prompt is None else min(written, prompt - (read or 0))
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
        reasoning_output_tokens=reasoning,
        cost_nanousd=_cost(raw),
    )


def write_usage(usage: Usage) -> dict[str, object]:
    """The object as OpenAI writes it, without what is unknown. The cost is OpenRouter's addition."""
    written: dict[str, object] = {}
    if usage.input_tokens is not None:
        written["prompt_tokens"] = usage.input_tokens
    if usage.output_tokens is not None:
        written["completion_tokens"] = usage.output_tokens
    if usage.input_tokens is not None and usage.output_tokens is not None:
        written["total_tokens"] = usage.input_tokens + usage.output_tokens
    prompt_details = {
        "cached_tokens": usage.cache_read_input_tokens,
        "cache_write_tokens": usage.cache_creation_input_tokens,
    }
    if stated := {name: tokens for name, tokens in prompt_details.items() if tokens is not None}:
        written["prompt_tokens_details"] = stated
    if usage.reasoning_output_tokens is not None:
        written["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_output_tokens}
    if usage.cost_nanousd is not None:
        written["cost"] = usage.cost_nanousd / NANOUSD
    return written


def _with_the_hidden(
    raw: dict[str, object], prompt: int | None, completion: int | None, reasoning: int | None
) -> tuple[int | None, int | None]:
    """Prompt and completion with the tokens that only the total, or a detail, gives away."""
    total = count(raw, "total_tokens")
    if prompt is None or completion is None:
        return prompt, completion
    if total is not None and total > prompt + completion:
        hidden = total - prompt - completion
        audio = count(raw, "prompt_tokens_details", "audio_tokens")
        # Mistral leaves the audio out of the prompt; xAI and Gemini the thinking out of the completion.
        is_audio = audio == hidden and reasoning != hidden
        return (prompt + hidden, completion) if is_audio else (prompt, completion + hidden)
    if reasoning is not None and reasoning > completion:
        # Thinking that is more than all output is no part of it: Vercel about Gemini.
        return prompt, completion + reasoning
    return prompt, completion


def _first(raw: dict[str, object], *paths: tuple[str, ...]) -> int | None:
    return next((found for path in paths if (found := count(raw, *path)) is not None), None)


def _cost(raw: dict[str, object]) -> int | None:
    ticks = count(raw, "cost_in_usd_ticks")
    if ticks is not None:
        return (ticks + _TICKS_PER_NANOUSD // 2) // _TICKS_PER_NANOUSD
    # OpenRouter and Vercel state one number, Perplexity an account of it.
    usd = number(raw, "cost", "total_cost") if mapping(raw, "cost") else number(raw, "cost")
    return None if usd is None or usd < 0.0 else nanousd(usd)
