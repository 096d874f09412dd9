"""Attempts as OpenTelemetry spans."""

import io
import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.attempts import NOW, opened, settled
from support.ledgers import ledger_in

from burn_tui.core.report import Marker
from burn_tui.core.usage import Correction, Usage, UsageRecord
from burn_tui.engine.ledger_file import open_to_read
from burn_tui.engine.otel import export

REQUEST = "0190163d-8694-739b-aea5-966c26f8ad91"
EVENT = "0190163d-8694-7aaa-bbbb-ccccddddeeee"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


async def _exported(
    file: Path, written: list[UsageRecord], only: Marker | None = None, corrections: Iterable[Correction] = ()
) -> list[dict[str, Any]]:
    async with ledger_in(file) as ledger:
        await ledger.record(written)
        for correction in corrections:
            assert await ledger.correct(correction)
    out = io.BytesIO()
    with closing(open_to_read(file)) as connection:
        number = export(connection, out, since=NOW - 60, until=NOW + 60, only=only)
    (line,) = out.getvalue().splitlines()
    (resource,) = json.loads(line)["resourceSpans"]
    assert {"key": "service.name", "value": {"stringValue": "burn-tui"}} in resource["resource"]["attributes"]
    (scope,) = resource["scopeSpans"]
    assert len(scope["spans"]) == number
    return list(scope["spans"])


def _attributes(span: dict[str, Any]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}


async def test_an_attempt_is_a_client_span_with_the_names_of_the_conventions(file: Path) -> None:
    usage = Usage(
        input_tokens=100,
        output_tokens=20,
        cache_read_input_tokens=40,
        cache_creation_input_tokens=10,
        reasoning_output_tokens=5,
    )
    attempt = opened(
        EVENT,
        request_id=REQUEST,
        provider_name="gemini",
        request_model="gemini-2.5-pro",
        conversation_id="c1",
        operation_name="review",
        environment="staging",
    )
    (span,) = await _exported(file, [settled(attempt, usage=usage)])
    assert (span["traceId"], span["spanId"]) == (REQUEST.replace("-", ""), "bbbbccccddddeeee")
    assert (span["name"], span["kind"], "status" in span) == ("chat gemini-2.5-pro", 3, False)
    assert int(span["startTimeUnixNano"]) == int(NOW * 1e9)
    assert int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"]) == 2_000_000_000
    found = _attributes(span)
    assert (
        found
        | {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "gcp.gemini",
            "gen_ai.request.model": "gemini-2.5-pro",
            "gen_ai.response.model": "gpt-5-mini-2025-08-07",
            "gen_ai.response.time_to_first_chunk": 0.5,
            "gen_ai.usage.input_tokens": "100",
            "gen_ai.usage.output_tokens": "20",
            "gen_ai.usage.cache_read.input_tokens": "40",
            "gen_ai.usage.cache_creation.input_tokens": "10",
            "gen_ai.usage.reasoning.output_tokens": "5",
            "gen_ai.conversation.id": "c1",
            "http.response.status_code": "200",
            "deployment.environment.name": "staging",
            "burn_tui.operation": "review",
            "burn_tui.cost_nanousd": "5",
        }
        == found
    )
    assert found["gen_ai.response.finish_reasons"] == {"values": [{"stringValue": "stop"}]}
    assert "error.type" not in found


async def test_a_failed_attempt_is_an_error_and_what_is_unknown_is_left_away(file: Path) -> None:
    failed = settled(
        error_type="overloaded",
        usage=Usage(),
        cost_nanousd=None,
        cost_source=None,
        http_status=529,
        time_to_first_chunk_s=None,
        response_model=None,
        finish_reason=None,
    )
    (span,) = await _exported(file, [failed])
    assert span["status"] == {"code": 2, "message": "overloaded"}
    found = _attributes(span)
    assert found["error.type"] == "overloaded"
    unknown = {
        "gen_ai.usage.input_tokens",
        "gen_ai.response.model",
        "gen_ai.response.finish_reasons",
        "gen_ai.response.time_to_first_chunk",
        "burn_tui.cost_nanousd",
    }
    assert not unknown & set(found)


async def test_the_attempts_of_a_request_are_one_trace(file: Path) -> None:
    tries = [settled(opened(request_id=REQUEST, attempt=number)) for number in (1, 2)]
    spans = await _exported(file, tries)
    assert len({span["traceId"] for span in spans}) == 1
    assert len({span["spanId"] for span in spans}) == 2


async def test_ids_that_are_no_uuids_become_valid_ones(file: Path) -> None:
    (span,) = await _exported(file, [settled(opened("log line 7", request_id="ünïcode"))])
    assert len(bytes.fromhex(span["traceId"])) == 16
    assert len(bytes.fromhex(span["spanId"])) == 8


async def test_markers_travel_along_and_can_be_filtered_on(file: Path) -> None:
    fallback = settled(opened(fell_back_from="openai/big", attempt=2), cost_nanousd=None, cost_source=None)
    (span,) = await _exported(file, [fallback, settled()], only="fallback")
    values = _attributes(span)["burn_tui.markers"]["values"]
    assert [one["stringValue"] for one in values] == ["fallback", "unpriced"]


async def test_a_refusal_of_our_own_called_nobody_and_has_no_span(file: Path) -> None:
    refused = settled(opened(attempt=0, provider_name="", request_model=""), error_type="refused", usage=Usage(0, 0))
    assert await _exported(file, [refused]) == []


async def test_a_span_tells_what_its_corrections_have_made_known(file: Path) -> None:
    guess = settled(opened(EVENT), usage=Usage(100, 20, estimated=True), cost_nanousd=None, cost_source=None)
    bills = [
        Correction(event_id="c1", corrects=EVENT, at=NOW, why="bill", usage=Usage(130, 20), cost_nanousd=9),
        Correction(event_id="c2", corrects=EVENT, at=NOW, why="bill", usage=Usage(120, 20, 40), cost_nanousd=7),
    ]
    other = settled(opened("other", started_at=NOW + 1))
    span, untouched = await _exported(file, [guess, other], corrections=bills)
    found = _attributes(span)
    figures = ("input_tokens", "output_tokens", "cache_read.input_tokens")
    assert [found[f"gen_ai.usage.{name}"] for name in figures] == ["120", "20", "40"]
    assert (found["burn_tui.cost_nanousd"], found["burn_tui.is_corrected"]) == ("7", True)
    assert {value["stringValue"] for value in found["burn_tui.markers"]["values"]} == {"estimated", "cached"}
    assert "burn_tui.is_corrected" not in _attributes(untouched)


async def test_an_attempt_that_is_priced_by_now_is_not_exported_as_unpriced(file: Path) -> None:
    unpriced = settled(opened(EVENT), cost_nanousd=None, cost_source=None)
    bill = Correction(event_id="c1", corrects=EVENT, at=NOW, why="bill", usage=Usage(), cost_nanousd=9)
    assert await _exported(file, [unpriced], "unpriced", [bill]) == []
