"""Which text of a prompt a target is sent: one that was written for it, or the plain one. Pure."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct, structs

from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, JsonFormat, Message
from burn_tui.core.prompt_form import Prompt
from burn_tui.core.usage import PromptUse


class Wording(Struct, frozen=True, kw_only=True):
    """One text of a prompt, rendered."""

    prompt: Prompt
    messages: tuple[Message, ...]
    use: PromptUse
    """What the ledger keeps of it; its rendered_hash is known when it is sent."""
    is_working: bool = False
    """True = the text of the file as it is now, which production does not send."""


class Wordings(Struct, frozen=True, kw_only=True):
    """The last question of a request as it reads at each target."""

    before: tuple[Message, ...] = ()
    """The conversation that stands before it."""
    usual: Wording
    others: tuple[Wording, ...] = ()
    """Those of variants."""

    def at(self, target: Target) -> Wording:
        """The wording that the target is sent."""
        named = {wording.use.variant: wording for wording in self.others if wording.use.variant}
        best = chosen(named, target)
        return named[best] if best is not None else self.usual

    def use(self, target: Target | None) -> PromptUse:
        """What the ledger keeps of what the target is sent; None = nobody was sent anything."""
        return (self.usual if target is None else self.at(target)).use

    def working_at(self, target: Target) -> str | None:
        """The prompt's name if the target would be sent a working version of it; None = what it is sent is pinned."""
        wording = self.at(target)
        return wording.use.name if wording.is_working else None


def chosen(variants: Iterable[str], target: Target) -> str | None:
    """The variant that was written for the target: for its model, else for the longest beginning of its model's name
    (the family), else for its provider. None = the plain text.
    """
    names = list(variants)
    model = target.model.rpartition("/")[2].lower()
    families = [name for name in names if f"{model}-".startswith((f"{name.lower()}-", f"{name.lower()}:"))]
    if families:
        return max(families, key=len)
    return next((name for name in names if name.lower() == target.provider_name.lower()), None)


def worded(request: ChatRequest, wordings: Wordings | None, target: Target) -> ChatRequest:
    """`request` as the target is sent it: what follows the question, such as the beginning of an answer, stays."""
    if wordings is None:
        return request
    wording = wordings.at(target)
    if wording is wordings.usual:
        return request
    start = len(wordings.before)
    rest = request.messages[start + len(wordings.usual.messages) :]
    messages = (*request.messages[:start], *wording.messages, *rest)
    return structs.replace(request, messages=messages, **asking(wording.prompt))


def asking(prompt: Prompt) -> dict[str, Any]:
    """The fields of a ChatRequest that a prompt decides, beside its words and its model."""
    options, output = prompt.model.options, prompt.output
    schema = msgspec.json.encode(output.schema).decode() if output.schema is not None else None
    form = JsonFormat(schema, prompt.name, output.strict) if output.format == "json" else None
    return {
        "max_output_tokens": options.max_output_tokens,
        "temperature": options.temperature,
        "top_p": options.top_p,
        "stop_sequences": options.stop_sequences,
        "seed": options.seed,
        "reasoning_effort": options.reasoning_effort,
        "response_format": form,
    }
