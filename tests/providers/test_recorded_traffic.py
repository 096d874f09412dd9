"""What real providers sent, read by the dialects, must mean what somebody found in it by hand.

The recordings stand beside the checkout (support.checkout.SHARED); their README says how to read one.
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.answered import Answered, decoded, folded
from support.checkout import SHARED

from burn_tui.core.catalog import Provider
from burn_tui.core.failure import Failure
from burn_tui.engine.catalog_file import known_providers
from burn_tui.providers import DIALECTS

WIRE = SHARED / "wire"
CHUNKS = (1, 7, 1024, 1 << 30)
"""Bytes per piece; the last is the whole body."""

FINISH_REASONS = {"tool": "tool_call", "filter": "content_filter"}
ERROR_TYPES = {
    "not_found": "model_gone",
    "bad_request": "caller_fault",
    "request_too_large": "context_length",
    "unavailable": "overloaded",
    "server_error": "transient",
    "malformed_body": "bad_answer",
}
TOKEN_FIELDS = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_tokens": "cache_read_input_tokens",
    "cache_write_tokens": "cache_creation_input_tokens",
    "reasoning_tokens": "reasoning_output_tokens",
}
AMBIGUITIES = {"output_tokens": ("output_tokens", "reasoning_tokens"), "cached": ("cache_read_tokens",)}
"""A word in `usage_ambiguous`, and the counts that a recording with it does not settle."""


class Recording:
    """One file."""

    def __init__(self, path: Path) -> None:
        content: dict[str, Any] = msgspec.json.decode(path.read_bytes())
        self.response: dict[str, Any] = content["response"]
        self.expect: dict[str, Any] = content["expect"]
        self.body = self.response["body"].encode()
        self.is_success = 200 <= self.response["status"] < 300
        self._dialect = DIALECTS[content["dialect"]]
        name = content["provider"]
        options = known_providers()[name].options if name in known_providers() else {}
        self._provider = Provider(
            name=name, dialect=content["dialect"], base_url="https://provider.example", options=options
        )

    def answered(self, chunk: int) -> Answered:
        """The body in pieces of `chunk` bytes, decoded."""
        decoder = self._dialect.decoder(streamed=self.response["stream"], provider=self._provider)
        return folded(decoded(decoder, self.body, chunk))

    def refused(self) -> Failure:
        """The refusal, decoded."""
        response = self.response
        return self._dialect.decode_error(response["status"], response["headers"], self.body, now=1_750_000_000.0)


def recordings(*, successful: bool) -> list[Any]:
    """The recorded files as test parameters; one that is skipped where there are none."""
    index = WIRE / "INDEX.json"
    if not index.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no recorded traffic in {WIRE}"))]
    names = [entry["file"] for entry in msgspec.json.decode(index.read_bytes())]
    with_status = [(name, msgspec.json.decode((WIRE / name).read_bytes())["response"]["status"]) for name in names]
    return [pytest.param(WIRE / name, id=name) for name, status in with_status if (200 <= status < 300) == successful]


@pytest.mark.parametrize("path", recordings(successful=True))
def test_an_answer_means_the_same_however_it_is_cut(path: Path) -> None:
    recording = Recording(path)
    whole, *pieces = (recording.answered(chunk) for chunk in reversed(CHUNKS))
    assert all(answered == whole for answered in pieces)


@pytest.mark.parametrize("path", recordings(successful=True))
def test_an_answer_says_what_the_provider_said(path: Path) -> None:
    recording = Recording(path)
    expect = recording.expect
    answered = recording.answered(CHUNKS[-1])
    assert answered.text == expect["text"]
    assert answered.reasoning == expect["reasoning_text"]
    _check_calls(answered, expect["tool_calls"])
    if expect["model"] is not None:
        assert answered.model == expect["model"]


@pytest.mark.parametrize("path", recordings(successful=True))
def test_an_answer_costs_what_the_provider_counted(path: Path) -> None:
    recording = Recording(path)
    expect = recording.expect
    usage = recording.answered(CHUNKS[-1]).usage
    doubt = expect.get("usage_ambiguous") or ""
    unsettled = {field for word, fields in AMBIGUITIES.items() if word in doubt for field in fields}
    stated = {field: getattr(usage, ours) for field, ours in TOKEN_FIELDS.items() if field not in unsettled}
    assert stated == {field: expect[field] for field in stated}
    assert (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0) <= (usage.input_tokens or 0)
    if expect["provider_cost"] is not None:
        assert usage.cost_nanousd == round(expect["provider_cost"] * 1_000_000_000)


@pytest.mark.parametrize("path", recordings(successful=True))
def test_an_answer_ends_as_the_provider_ended_it(path: Path) -> None:
    recording = Recording(path)
    expect = recording.expect
    answered = recording.answered(CHUNKS[-1])
    failed = None if answered.failure is None else answered.failure.error_type
    if expect["error_kind"] is not None:
        assert failed == _error_type(expect["error_kind"])
    elif expect["truncated_stream"]:
        assert failed == "truncated"
    elif expect["stop_kind"] is None:
        assert failed in {None, "bad_answer", "content_filter", "truncated"}
    else:
        assert failed is None
        assert answered.finish == FINISH_REASONS.get(expect["stop_kind"], expect["stop_kind"])


@pytest.mark.parametrize("path", recordings(successful=False))
def test_a_refusal_is_understood_and_keeps_the_providers_words(path: Path) -> None:
    recording = Recording(path)
    failure = recording.refused()
    assert failure.error_type == _error_type(recording.expect["error_kind"])
    assert failure.http_status == recording.response["status"]
    words = (recording.expect["error_message"] or "").split()
    if words and not words[0].startswith("<"):
        assert failure.message.split()[:3] == words[:3]


def _error_type(kind: str) -> str:
    kind = kind.removeprefix("stream_error:")
    return ERROR_TYPES.get(kind, kind)


def _check_calls(answered: Answered, expected: list[dict[str, Any]]) -> None:
    assert sorted(answered.calls) == list(range(len(expected)))
    for index, call in enumerate(expected):
        call_id, name, arguments = answered.calls[index]
        assert name == call["name"]
        assert _as_value(arguments) == _as_value(call["arguments"])
        assert call_id == (call["id"] if call["id"] is not None else call_id)
        assert call_id or not name, "a call without an id of its own must be given one"


def _as_value(arguments: str) -> object:
    """The value, so that white space makes no difference; a custom tool's free text stays text."""
    try:
        return msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return arguments
