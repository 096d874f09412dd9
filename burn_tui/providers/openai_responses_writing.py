"""Answers of the Responses API, written in the order in which OpenAI sends their events.

    response.created, response.in_progress
      reasoning   output_item.added, reasoning_summary_part.added, reasoning_summary_text.delta ..., the three .done
      message     output_item.added, content_part.added, output_text.delta ..., output_text.done and the two others
      call        output_item.added, function_call_arguments.delta ..., function_call_arguments.done, output_item.done
    response.completed | response.incomplete | error, response.failed

OpenAI's own client raises at `error`, Codex reads `response.failed`: a stream that fails has both, as at OpenAI.
"""

import msgspec
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
from burn_tui.core.money import NANOUSD
from burn_tui.core.usage import Usage
from burn_tui.providers.openai_errors import error_object
from burn_tui.providers.openai_responses_request import signed

_STATUSES: dict[FinishReason, tuple[str, str | None]] = {
    "length": ("incomplete", "max_output_tokens"),
    "content_filter": ("incomplete", "content_filter"),
    "other": ("incomplete", None),
    "error": ("failed", None),
    "pending": ("queued", None),
}
"""Status and reason; ("completed", None) for the rest: the API has no word for a stop at a tool call."""

_Item = dict[str, object]


class _Open(Struct):
    """An item of the output that is still being written."""

    place: int
    """In the output."""
    id: str
    item: _Item
    """As it began."""
    pieces: list[str]

    @property
    def words(self) -> str:
        """All of it up to now."""
        return "".join(self.pieces)

    @property
    def where(self) -> _Item:
        """What every event about the item says of it."""
        return {"item_id": self.id, "output_index": self.place}


class StreamWriter:
    """Writes a response as events."""

    def __init__(self, *, response_model: str, response_id: str, created: int) -> None:
        self._model = response_model
        self._name = response_id.removeprefix("resp_")
        self._created = created
        self._output: list[_Item] = []
        """Every item, complete or as it began."""
        self._open: _Open | None = None
        """The reasoning or message that is being written."""
        self._calls: dict[int, _Open] = {}
        """By their index. They stay open until the end, for their pieces may come in turns."""
        self._usage = Usage()
        self._finish: FinishReason = "stop"
        self._failure: Failure | None = None
        self._sequence = 0
        self._is_over = False
        self._written: list[bytes] = []

    def encode(self, event: WireEvent) -> bytes:
        """The events that `event` adds."""
        if isinstance(event, ModelSeen):
            self._model = event.response_model
        if not self._is_over:
            self._begin()
            self._take(event)
        return self._flushed()

    def finish(self) -> bytes:
        """The events that end the response."""
        if not self._is_over:
            self._begin()
            self._end()
        return self._flushed()

    def response(self) -> _Item:
        """The response as it stands."""
        status, reason = _STATUSES.get(self._finish, ("completed", None))
        error = None if self._failure is None else error_object(self._failure)["error"]
        if not self._is_over:
            status = "in_progress"
        elif status == "failed" and error is None:
            error = {"code": "server_error", "message": "the model failed"}
        return {
            "id": f"resp_{self._name}",
            "object": "response",
            "created_at": self._created,
            "status": status,
            "background": False,
            "error": error,
            "incomplete_details": None if status != "incomplete" or reason is None else {"reason": reason},
            "instructions": None,
            "max_output_tokens": None,
            "metadata": {},
            "model": self._model,
            "output": self._output,
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "reasoning": {"effort": None, "summary": None},
            "store": False,
            "temperature": None,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_p": None,
            "truncation": "disabled",
            "usage": _usage(self._usage) if self._is_over else None,
            "user": None,
        }

    def _take(self, event: WireEvent) -> None:
        match event:
            case TextDelta(text) if text:
                self._write_text(text)
            case ReasoningDelta():
                self._write_reasoning(event)
            case ToolCallDelta():
                self._write_call(event)
            case UsageSeen(usage):
                self._usage = self._usage.updated(usage)
            case FinishSeen(reason):
                self._finish = reason
            case Failure():
                self._failure, self._finish = event, "error"
                self._end()
            case _:
                pass

    # --- items ---

    def _write_text(self, text: str) -> None:
        message = self._opened("message", "msg")
        message.pieces.append(text)
        self._say("response.output_text.delta", message.where, content_index=0, delta=text, logprobs=[])

    def _write_reasoning(self, event: ReasoningDelta) -> None:
        if not event.text and event.signature is None:
            return
        thought = self._opened("reasoning", "rs")
        if event.text:
            thought.pieces.append(event.text)
            self._say("response.reasoning_summary_text.delta", thought.where, summary_index=0, delta=event.text)
        if event.signature is not None:
            thought.item |= {name: value for name, value in signed(event.signature).items() if name != "id"}
            self._close()

    def _write_call(self, event: ToolCallDelta) -> None:
        if event.index not in self._calls:
            self._close()
            call_id = event.id or f"call_{self._name}_{event.index}"
            about: _Item = {"call_id": call_id, "name": event.name, "arguments": "", "status": "in_progress"}
            self._calls[event.index] = self._add("function_call", "fc", about)
        call = self._calls[event.index]
        if event.arguments:
            call.pieces.append(event.arguments)
            self._say("response.function_call_arguments.delta", call.where, delta=event.arguments)

    def _opened(self, kind: str, prefix: str) -> _Open:
        """The item that is being written, if it is of that kind; else a new one."""
        if self._open is not None and self._open.item["type"] == kind:
            return self._open
        self._close()
        if kind == "message":
            opened = self._add(kind, prefix, {"role": "assistant", "content": [], "status": "in_progress"})
            self._say("response.content_part.added", opened.where, content_index=0, part=_text_part(""))
        else:
            opened = self._add(kind, prefix, {"summary": []})
            self._say("response.reasoning_summary_part.added", opened.where, summary_index=0, part=_summary_part(""))
        self._open = opened
        return opened

    def _add(self, kind: str, prefix: str, about: _Item) -> _Open:
        place = len(self._output)
        item: _Item = {"id": f"{prefix}_{self._name}_{place}", "type": kind, **about}
        self._output.append(item)
        self._say("response.output_item.added", {"output_index": place, "item": item})
        return _Open(place, f"{prefix}_{self._name}_{place}", item, [])

    def _close(self, status: str = "completed") -> None:
        """End the message or the reasoning that is being written."""
        opened, self._open = self._open, None
        if opened is None:
            return
        words = opened.words
        if opened.item["type"] == "message":
            self._say("response.output_text.done", opened.where, content_index=0, text=words, logprobs=[])
            self._say("response.content_part.done", opened.where, content_index=0, part=_text_part(words))
            self._settle(opened, {"content": [_text_part(words)], "status": status})
        else:
            self._say("response.reasoning_summary_text.done", opened.where, summary_index=0, text=words)
            self._say("response.reasoning_summary_part.done", opened.where, summary_index=0, part=_summary_part(words))
            self._settle(opened, {"summary": [_summary_part(words)] if words else []})

    def _close_call(self, call: _Open, status: str) -> None:
        arguments = call.words
        name = call.item["name"]
        self._say("response.function_call_arguments.done", call.where, name=name, arguments=arguments)
        self._settle(call, {"arguments": arguments, "status": status})

    def _settle(self, opened: _Open, final: _Item) -> None:
        item = {**opened.item, **final}
        self._output[opened.place] = item
        self._say("response.output_item.done", {"output_index": opened.place, "item": item})

    # --- the response ---

    def _begin(self) -> None:
        if self._sequence == 0:
            for kind in ("response.created", "response.in_progress"):
                self._say(kind, {"response": self.response()})

    def _end(self) -> None:
        status, _ = _STATUSES.get(self._finish, ("completed", None))
        item_status = "completed" if status == "completed" else "incomplete"
        self._close(item_status)
        for call in self._calls.values():
            self._close_call(call, item_status)
        self._is_over = True
        response = self.response()
        if status == "failed":
            self._say("error", {"error": response["error"]})
        self._say(f"response.{status}", {"response": response})

    def _say(self, kind: str, about: _Item, **more: object) -> None:
        data = msgspec.json.encode({"type": kind, "sequence_number": self._sequence, **about, **more})
        self._sequence += 1
        self._written.append(b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n")

    def _flushed(self) -> bytes:
        written, self._written = b"".join(self._written), []
        return written


class WholeWriter:
    """Writes a response as one JSON object."""

    def __init__(self, stream: StreamWriter) -> None:
        self._stream = stream

    def encode(self, event: WireEvent) -> bytes:
        """Nothing yet."""
        self._stream.encode(event)
        return b""

    def finish(self) -> bytes:
        """Everything."""
        self._stream.finish()
        return msgspec.json.encode(self._stream.response())


def _text_part(words: str) -> _Item:
    return {"type": "output_text", "text": words, "annotations": [], "logprobs": []}


def _summary_part(words: str) -> _Item:
    return {"type": "summary_text", "text": words}


def _usage(usage: Usage) -> _Item | None:
    """None where a total is unknown: OpenAI's clients take numbers or nothing. Unknown details are 0 to them."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    written: _Item = {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read_input_tokens or 0,
            "cache_write_tokens": usage.cache_creation_input_tokens or 0,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_output_tokens or 0},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
    return written if usage.cost_nanousd is None else {**written, "cost": usage.cost_nanousd / NANOUSD}
