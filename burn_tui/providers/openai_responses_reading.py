"""Answers of the Responses API, read: developers.openai.com/api/docs/api-reference/responses-streaming.

A stream tells everything up to three times: in deltas, when an item is done, and in the whole response at the end.
Deltas are passed on as they come; the later tellings add only what was not told yet, because some servers leave the
deltas out, others the items, and Codex's own backend the output of the last response.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from burn_tui.core.chat import FinishReason
from burn_tui.core.events import (
    FinishSeen,
    ModelSeen,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
    WireEvent,
)
from burn_tui.core.failure import Failure
from burn_tui.core.money import nanousd
from burn_tui.core.usage import Usage
from burn_tui.providers.openai_errors import error_in_answer
from burn_tui.providers.openai_responses_request import reasoning_text, signature_of
from burn_tui.providers.reading import compact, count, mapping, mappings, number, text, whole_text

_CALLS = frozenset({"function_call", "custom_tool_call"})
"""What the client must run; hosted tools (searches, code, MCP) are run by the provider and are no calls to us."""

_FINISHES: dict[str, FinishReason] = {
    "completed": "stop",
    "complete": "stop",
    "max_output_tokens": "length",
    "content_filter": "content_filter",
    "failed": "error",
    "queued": "pending",
    "in_progress": "pending",
}
"""By status, and by the reason of an incomplete one."""

_TICKS_PER_NANOUSD = 10
"""xAI's cost_in_usd_ticks are ten-thousand-millionths of a dollar."""

_Value = dict[str, object]


class _Call(Struct):
    """A tool call of which something was told."""

    index: int
    id: str
    told: list[str]


class Reader:
    """Reads one response, as a stream of events or whole."""

    def __init__(self) -> None:
        self._text = _Told()
        self._reasoning = _Told()
        self._calls: dict[int, _Call] = {}
        """By their place in the output."""
        self._model = ""
        self._readers: dict[str, Callable[[_Value], Iterable[WireEvent]]] = {
            "response.output_text.delta": self._read_text,
            "response.refusal.delta": self._read_text,
            "response.reasoning_summary_text.delta": self._read_reasoning,
            "response.reasoning_text.delta": self._read_reasoning,
            "response.function_call_arguments.delta": self._read_arguments,
            "response.custom_tool_call_input.delta": self._read_arguments,
            "response.output_item.added": self._begin_item,
            "response.output_item.done": self._end_item,
            "response.created": self._read_progress,
            "response.in_progress": self._read_progress,
            "response.queued": self._read_progress,
            "response.completed": self._read_end,
            "response.incomplete": self._read_end,
            "response.failed": self._read_end,
            "response.cancelled": self._read_end,
        }

    def read_event(self, value: object, name: str) -> Iterable[WireEvent]:
        """What one event of a stream means. Bedrock and OpenRouter leave out its name or set it too late."""
        if not isinstance(value, dict):
            return ()
        kind = value.get("type")
        reader = self._readers.get(kind if isinstance(kind, str) else name)
        if reader is not None:
            return reader(value)
        failure = error_in_answer(value, text(kind) or name)
        return () if failure is None else (failure,)

    def read_whole(self, value: object) -> Iterable[WireEvent]:
        """What a response means that was not streamed."""
        response = mapping(value)
        if "output" in response or "status" in response:
            yield from self._read_response(response, text(response, "status"))
        elif (failure := error_in_answer(value)) is not None:
            yield failure

    # --- deltas ---

    def _read_text(self, value: _Value) -> Iterable[WireEvent]:
        words = value.get("delta")
        if not isinstance(words, str) or not words:
            return ()
        self._text.add(_place(value), words)
        return (TextDelta(words),)

    def _read_reasoning(self, value: _Value) -> Iterable[WireEvent]:
        words = value.get("delta")
        if not isinstance(words, str) or not words:
            return ()
        self._reasoning.add(_place(value), words)
        return (ReasoningDelta(words),)

    def _read_arguments(self, value: _Value) -> Iterable[WireEvent]:
        words, call = value.get("delta"), self._calls.get(_place(value))
        if call is None or not isinstance(words, str) or not words:
            return ()
        call.told.append(words)
        return (ToolCallDelta(call.index, arguments=words),)

    # --- items ---

    def _begin_item(self, value: _Value) -> Iterable[WireEvent]:
        item, place = mapping(value, "item"), _place(value)
        if item.get("type") in _CALLS and place not in self._calls:
            yield self._begin_call(item, place)

    def _end_item(self, value: _Value) -> Iterable[WireEvent]:
        return self._read_item(mapping(value, "item"), _place(value))

    def _read_item(self, item: _Value, place: int) -> Iterator[WireEvent]:
        """What was not told yet of one item that is complete."""
        kind = item.get("type")
        if kind == "message":
            yield from self._say(self._text.missing(_message_text(item), place), place)
        elif kind == "reasoning":
            words, signature = self._reasoning.missing(reasoning_text(item), place), signature_of(item)
            if words or signature is not None:
                self._reasoning.add(place, words)
                yield ReasoningDelta(words, signature)
        elif kind in _CALLS:
            yield from self._end_call(item, place)

    def _say(self, words: str, place: int) -> Iterator[WireEvent]:
        if words:
            self._text.add(place, words)
            yield TextDelta(words)

    def _begin_call(self, item: _Value, place: int) -> WireEvent:
        index = len(self._calls)
        arguments = _arguments(item)
        call = _Call(index, text(item, "call_id") or text(item, "id") or f"call_{index}", [arguments])
        self._calls[place] = call
        return ToolCallDelta(index, call.id, text(item, "name"), arguments)

    def _end_call(self, item: _Value, place: int) -> Iterator[WireEvent]:
        if place not in self._calls:
            yield self._begin_call(item, place)
        call = self._calls[place]
        told = "".join(call.told)
        if words := _rest(told, _arguments(item)) or ("" if told else "{}"):
            call.told.append(words)
            yield ToolCallDelta(call.index, arguments=words)

    # --- the response as a whole ---

    def _read_progress(self, value: _Value) -> Iterable[WireEvent]:
        return self._see_model(mapping(value, "response"))

    def _read_end(self, value: _Value) -> Iterable[WireEvent]:
        response = mapping(value, "response")
        return self._read_response(response, text(response, "status") or text(value, "type").rpartition(".")[2])

    def _read_response(self, response: _Value, status: str) -> Iterator[WireEvent]:
        yield from self._see_model(response)
        yield from self._read_output(response)
        if (usage := _usage(mapping(response, "usage"))) != Usage():
            yield UsageSeen(usage)
        raw = text(response, "incomplete_details", "reason") or status
        if status == "cancelled":
            yield Failure("cancelled", "the response was cancelled at the provider")
        else:
            yield FinishSeen(_FINISHES.get(raw, "other"), raw)
        if status == "failed":
            yield error_in_answer(response) or Failure("transient", "the provider said that the response failed")

    def _see_model(self, response: _Value) -> Iterator[WireEvent]:
        if not self._model and (model := text(response, "model")):
            self._model = model
            yield ModelSeen(model)

    def _read_output(self, response: _Value) -> Iterator[WireEvent]:
        """What was not told yet. The output may lack items that were streamed, so that places mean nothing then."""
        output = list(mappings(response, "output"))
        if not (self._text.is_begun or self._reasoning.is_begun or self._calls):
            for place, item in enumerate(output):
                yield from self._read_item(item, place)
            return
        reasoning = "".join(reasoning_text(item) for item in output if item.get("type") == "reasoning")
        if words := self._reasoning.missing(reasoning):
            yield ReasoningDelta(words)
        words = "".join(_message_text(item) for item in output if item.get("type") == "message")
        yield from self._say(self._text.missing(words), len(output))
        known = {call.id: place for place, call in self._calls.items()}
        for item in output:
            if item.get("type") in _CALLS:
                new_place = max(self._calls, default=0) + 1
                yield from self._end_call(item, known.get(text(item, "call_id") or text(item, "id"), new_place))


class _Told:
    """The words of one kind that were passed on already."""

    def __init__(self) -> None:
        self._pieces: dict[int, list[str]] = {}
        """By the item's place in the output."""

    @property
    def is_begun(self) -> bool:
        """Whether there were any."""
        return bool(self._pieces)

    def add(self, place: int, words: str) -> None:
        """Words of the item at `place`."""
        if place in self._pieces:
            self._pieces[place].append(words)
        else:
            self._pieces[place] = [words]

    def missing(self, whole: str, place: int | None = None) -> str:
        """What of `whole` was not told; None = it is the words of all items. "" where the two tellings differ."""
        places = sorted(self._pieces) if place is None else [place]
        return _rest("".join(piece for place in places for piece in self._pieces.get(place, ())), whole)


def _rest(told: str, whole: str) -> str:
    if not whole.startswith(told):
        told = whole_text(told)  # A character may have been told in two halves.
    return whole[len(told) :] if whole.startswith(told) else ""


def _place(value: _Value) -> int:
    place = value.get("output_index")
    return place if isinstance(place, int) else 0


def _message_text(item: _Value) -> str:
    content = item.get("content")
    if isinstance(content, str):
        return content
    return "".join(text(piece, "text") or text(piece, "refusal") for piece in mappings(content))


def _arguments(item: _Value) -> str:
    arguments = item.get("arguments")
    return compact(arguments) if isinstance(arguments, dict) else text(arguments) or text(item, "input")


def _usage(raw: _Value) -> Usage:
    prompt = count(raw, "input_tokens")
    read, written = (
        count(raw, "input_tokens_details", "cached_tokens"),
        count(raw, "input_tokens_details", "cache_write_tokens"),
    )
    # Azure-hosted Grok states more cached tokens than the prompt has.
    read = read if read is None or prompt is None else min(read, prompt)
    written = written if written is None or prompt is None else min(written, prompt - (read or 0))
    return Usage(
        input_tokens=prompt,
        output_tokens=count(raw, "output_tokens"),
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
        reasoning_output_tokens=count(raw, "output_tokens_details", "reasoning_tokens"),
        cost_nanousd=_cost(raw),
    )


def _cost(raw: _Value) -> int | None:
    """OpenRouter's dollars or xAI's ticks; the others state none."""
    if (ticks := count(raw, "cost_in_usd_ticks")) is not None:
        return (ticks + _TICKS_PER_NANOUSD // 2) // _TICKS_PER_NANOUSD
    usd = number(raw, "cost")
    return None if usd is None or usd < 0.0 else nanousd(usd)
