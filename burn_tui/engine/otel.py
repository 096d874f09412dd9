"""`burn-tui export --otel`: the attempts as spans of OpenTelemetry's GenAI conventions, in OTLP's JSON form.

Names: github.com/open-telemetry/semantic-conventions, docs/gen-ai/gen-ai-spans.md, as of schema 1.41 (they are still
"in development" there). What they have no name for is under "burn_tui.". Form: opentelemetry.io/docs/specs/otlp,
"JSON Protobuf Encoding": ids in hexadecimal, 64-bit integers as decimal text, one TracesData object on one line, which
is a file of the collector's otlpjsonfile receiver, too.

A span tells what is known now: what corrections have changed is in its figures, and it says that it was corrected.
"""
# ruff: noqa: S608 - what is put into statements are lists of columns from migrations.py

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import msgspec

from burn_tui import __version__
from burn_tui.core.report import Marker
from burn_tui.engine.ledger_rows import microseconds
from burn_tui.engine.tables.migrations import CORRECTED

_PROVIDERS = {
    "gemini": "gcp.gemini",
    "google": "gcp.gemini",
    "vertex": "gcp.vertex_ai",
    "bedrock": "aws.bedrock",
    "azure": "azure.ai.openai",
    "mistral": "mistral_ai",
    "xai": "x_ai",
}
"""Well-known values of gen_ai.provider.name, where they differ from what providers are called here."""

_CLIENT, _ERROR = 3, 2
"""SpanKind and StatusCode."""

_IN_PERIOD = "started_at_us >= :since_us AND started_at_us < :until_us"

_ATTEMPTS = f"""
    WITH corrected AS (
        SELECT attempt_rows.id AS id, {", ".join(f"sum(corrections.{name}) AS more_{name}" for name in CORRECTED)}
        FROM corrections JOIN attempt_rows ON attempt_rows.event_id = corrections.corrects
        WHERE {_IN_PERIOD} GROUP BY attempt_rows.id
    )
    SELECT * FROM attempts LEFT JOIN corrected USING (id)
    WHERE settled_at_us IS NOT NULL AND attempt > 0 AND {_IN_PERIOD} ORDER BY started_at_us, id
"""

_FIGURES = tuple(name for name in CORRECTED if name.endswith("_tokens") and not name.startswith("unpriced"))

Row = Mapping[str, Any]


def export(
    connection: sqlite3.Connection, out: BinaryIO, *, since: float, until: float, only: Marker | None = None
) -> int:
    """Write the settled attempts that started in [since, until), seconds since the epoch; how many there were.

    Requests that our own guard refused called nobody, so they have no span. `only`: those with this marker.
    """
    spans, number = _spans(connection, since, until, only), 0
    resource = [_attribute("service.name", "burn-tui"), _attribute("service.version", __version__)]
    head = msgspec.json.encode({"resource": {"attributes": resource}})[:-1]
    scope = msgspec.json.encode({"scope": {"name": "burn_tui", "version": __version__}})[:-1]
    out.write(b'{"resourceSpans":[' + head + b',"scopeSpans":[' + scope + b',"spans":[')
    for span in spans:
        out.write(b"," * bool(number) + msgspec.json.encode(span))
        number += 1
    out.write(b"]}]}]}\n")
    return number


def _spans(
    connection: sqlite3.Connection, since: float, until: float, only: Marker | None
) -> Iterator[dict[str, object]]:
    times = {"since_us": microseconds(since), "until_us": microseconds(until)}
    for kept in connection.execute(_ATTEMPTS, times):
        row = _as_known_now(dict(kept))
        markers = list(_markers(row))
        if only is None or only in markers:
            yield _span(row, markers)


def _as_known_now(row: dict[str, Any]) -> Row:
    """With what its corrections add to what it was written with."""
    is_corrected = row["more_cost_nanousd"] is not None
    more = {name: row[f"more_{name}"] or 0 for name in CORRECTED}
    figures = {name: (row[name] or 0) + more[name] if more[name] else row[name] for name in _FIGURES}
    is_unpriced = int(row["cost_nanousd"] is None) + more["unpriced_requests"] > 0
    cost = None if is_unpriced else (row["cost_nanousd"] or 0) + more["cost_nanousd"]
    return {**row, **figures, "cost_nanousd": cost, "is_corrected": is_corrected}


def _markers(row: Row) -> Iterator[Marker]:
    if row["fell_back_from"] is not None:
        yield "fallback"
    if row["error_type"] == "truncated":
        yield "truncated"
    if row["usage_estimated"] or row["cost_source"] == "estimated":
        yield "estimated"
    if row["cost_nanousd"] is None:
        yield "unpriced"
    if row["cache_read_input_tokens"]:
        yield "cached"


def _span(row: Row, markers: list[Marker]) -> dict[str, object]:
    """One attempt; the attempts of one request are one trace."""
    span: dict[str, object] = {
        "traceId": _hex_id(row["request_id"], 32),
        "spanId": _hex_id(row["event_id"], 16),
        "name": f"chat {row['request_model']}",
        "kind": _CLIENT,
        "startTimeUnixNano": str(row["started_at_us"] * 1_000),
        "endTimeUnixNano": str(row["settled_at_us"] * 1_000),
        "attributes": list(_attributes(_named(row) | _ours(row, markers))),
    }
    if row["error_type"] is not None:
        span["status"] = {"code": _ERROR, "message": row["error_type"]}
    return span


def _named(row: Row) -> dict[str, object]:
    """What the conventions have a name for. None = it is not known, and left away."""
    first_chunk_us, finish_reason = row["time_to_first_chunk_us"], row["finish_reason"]
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _PROVIDERS.get(row["provider_name"], row["provider_name"]),
        "gen_ai.request.model": row["request_model"],
        "gen_ai.response.model": row["response_model"],
        "gen_ai.response.finish_reasons": None if finish_reason is None else [finish_reason],
        "gen_ai.response.time_to_first_chunk": None if first_chunk_us is None else first_chunk_us / 1_000_000,
        "gen_ai.usage.input_tokens": row["input_tokens"],
        "gen_ai.usage.output_tokens": row["output_tokens"],
        "gen_ai.usage.cache_read.input_tokens": row["cache_read_input_tokens"],
        "gen_ai.usage.cache_creation.input_tokens": row["cache_creation_input_tokens"],
        "gen_ai.usage.reasoning.output_tokens": row["reasoning_output_tokens"],
        "gen_ai.conversation.id": row["conversation_id"],
        "gen_ai.prompt.name": row["prompt_name"],
        "error.type": row["error_type"],
        "http.response.status_code": row["http_status"],
        "deployment.environment.name": row["environment"] or None,
        "session.id": row["session_id"],
    }


def _ours(row: Row, markers: list[Marker]) -> dict[str, object]:
    return {
        "burn_tui.operation": row["operation_name"],
        "burn_tui.cost_nanousd": row["cost_nanousd"],
        "burn_tui.cost_source": row["cost_source"],
        "burn_tui.price_as_of": row["price_as_of"],
        "burn_tui.is_corrected": row["is_corrected"] or None,
        "burn_tui.markers": markers or None,
        "burn_tui.attempt": row["attempt"],
        "burn_tui.fell_back_from": row["fell_back_from"],
        "burn_tui.waited_s": row["waited_us"] / 1_000_000,
        "burn_tui.route": row["route"],
        "burn_tui.route_reason": row["route_reason"] or None,
        "burn_tui.source": row["source"],
        "burn_tui.project": row["project"],
        "burn_tui.member": row["member"],
        "burn_tui.prompt_version": row["prompt_version"],
        "burn_tui.git_commit": row["git_commit"],
        "burn_tui.cache_creation_1h_input_tokens": row["cache_creation_1h_input_tokens"],
    }


def _attributes(values: Mapping[str, object]) -> Iterator[dict[str, object]]:
    return (_attribute(key, value) for key, value in values.items() if value is not None)


def _attribute(key: str, value: object) -> dict[str, object]:
    return {"key": key, "value": _any_value(value)}


def _any_value(value: object) -> dict[str, object]:
    """AnyValue of the protocol."""
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_any_value(one) for one in value]}}
        case _:
            return {"stringValue": str(value)}


def _hex_id(identifier: str, digits: int) -> str:
    """A UUID's own digits for a trace, its random ones for a span; of any other identifier its hash."""
    plain = identifier.replace("-", "")
    is_uuid = len(identifier) == 36 and len(plain) == 32 and all(digit in "0123456789abcdef" for digit in plain)
    return plain[-digits:] if is_uuid else hashlib.sha256(identifier.encode()).hexdigest()[:digits]
