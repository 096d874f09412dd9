"""`burn-tui ask` against a server that nobody here wrote: llmock, which plays ten providers over real HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import Ended, burn_tui
from support.ledgers import rows_on_disk
from support.llmock import call, llmock, queue

SETTINGS = """\
providers:
  primary: {{dialect: openai-chat, base_url: "{address}/v1", api_key: "${{PRIMARY_KEY}}", models: [gpt-4o-mini]}}
  spare: {{dialect: anthropic-messages, base_url: "{address}/anthropic", api_key: "${{SPARE_KEY}}", models: [claude]}}
  third: {{dialect: gemini-generate, base_url: "{address}/gemini", api_key: "${{THIRD_KEY}}", models: [flash]}}
  fourth: {{dialect: openai-responses, base_url: "{address}/v1", api_key: "${{PRIMARY_KEY}}", models: [gpt-4o-mini]}}
prices:
  primary/gpt-4o-mini: {{input_usd_per_million: 3, output_usd_per_million: 15}}
  spare/claude: {{input_usd_per_million: 1, output_usd_per_million: 5}}
  third/flash: {{input_usd_per_million: 1, output_usd_per_million: 5}}
  fourth/gpt-4o-mini: {{input_usd_per_million: 3, output_usd_per_million: 15}}
routes:
  - {{name: default, use: [primary/gpt-4o-mini, spare/claude]}}
"""

KEYS = {"PRIMARY_KEY": "sk-primary", "SPARE_KEY": "sk-spare", "THIRD_KEY": "third"}
INPUT_RATES = {"primary": 3_000, "spare": 1_000, "third": 1_000, "fourth": 3_000}
"""Nano-USD a token; output costs five times as much."""


class Mock:
    """A running llmock."""

    def __init__(self, address: str, directory: Path) -> None:
        self._address = address
        self._config = directory / "config.yaml"
        self._data_dir = directory / "data"
        self._config.write_text(SETTINGS.format(address=address))

    def call(self, path: str, body: object = None) -> Any:
        """Its own API; a GET without a body."""
        return call(self._address, path, body)

    def will(self, *behaviours: dict[str, object]) -> None:
        """Queue what the next requests shall meet."""
        queue(self._address, *behaviours)

    def ask(self, *options: str) -> Ended:
        """Run `burn-tui ask --json`."""
        places = ("--config", str(self._config), "--data-dir", str(self._data_dir))
        return burn_tui("ask", "why does it never stop?", "--json", *options, *places, environ=KEYS)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The ledger's."""
        return rows_on_disk(self._data_dir / "ledger.sqlite3")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One llmock for all tests; each clears what the one before it left."""
    with llmock(tmp_path_factory.mktemp("llmock") / "log.txt") as running:
        yield running


@pytest.fixture
def mock(address: str, tmp_path: Path) -> Mock:
    one = Mock(address, tmp_path)
    one.call("/_llmock/reset", {})
    return one


@pytest.mark.parametrize("provider", INPUT_RATES)
def test_it_is_answered_and_metered_in_every_dialect_that_both_speak(mock: Mock, provider: str) -> None:
    ended = mock.ask("--target", provider)
    assert ended.code == 0, ended.narration
    report = ended.report
    assert report["served"]["provider"] == provider
    assert report["text"].strip()
    usage, rate = report["usage"], INPUT_RATES[provider]
    assert not usage["estimated"]
    assert usage["input_tokens"] > 0
    assert usage["output_tokens"] > 0
    assert report["cost_nanousd"] == usage["input_tokens"] * rate + usage["output_tokens"] * rate * 5
    (row,) = mock.rows
    assert row["cost_nanousd"] == report["cost_nanousd"]
    assert row["finish_reason"] == "stop"


def test_a_429_is_answered_by_the_next_in_plain_sight_and_not_asked_again(mock: Mock) -> None:
    mock.will({"type": "fail", "status": 429, "retry_after": 30, "times": 5, "match": {"provider": "openai"}})
    ended = mock.ask()
    assert ended.code == 0, ended.narration
    failed, answered = ended.report["attempts"]
    assert (failed["provider"], failed["error_type"], failed["status"]) == ("primary", "rate_limited", 429)
    assert answered["provider"] == "spare"
    assert "primary refused: rate limited, back in 30 s" in ended.narration
    paths = [request["path"] for request in mock.call("/_llmock/requests")["requests"]]
    assert paths == ["/v1/chat/completions", "/anthropic/v1/messages"]


def test_an_overloaded_provider_is_no_answer_where_it_is_the_only_one(mock: Mock) -> None:
    mock.will({"type": "fail", "status": 529, "times": None, "match": {"provider": "anthropic"}})
    ended = mock.ask("--target", "spare")
    assert ended.code == 1
    assert {(attempt["error_type"], attempt["status"]) for attempt in ended.report["attempts"]} == {("overloaded", 529)}
    assert "spare is overloaded" in ended.report["error"]


@pytest.mark.parametrize("kind", ["disconnect", "truncate"])
def test_a_stream_that_breaks_is_never_taken_for_a_whole_answer(mock: Mock, kind: str) -> None:
    mock.will({"type": "stream_fault", "kind": kind, "after_chunks": 3, "match": {"provider": "openai"}})
    ended = mock.ask()
    assert ended.code == 0, ended.narration
    broken, whole = ended.report["attempts"]
    assert broken["outcome"] == "failed"
    assert whole["provider"] == "spare"
    assert [row["error_type"] is None for row in mock.rows] == [False, True]


def test_a_bad_request_is_not_sent_to_the_next(mock: Mock) -> None:
    words = "temperature is out of range"
    mock.will({"type": "fail", "status": 400, "message": words, "match": {"provider": "openai"}})
    ended = mock.ask()
    assert ended.code == 1
    assert len(ended.report["attempts"]) == 1
    assert words in ended.report["error"]


def test_its_verdict_on_the_client_names_no_error(mock: Mock) -> None:
    mock.will({"type": "fail", "status": 500, "match": {"provider": "openai"}})
    assert mock.ask().report["served"]["provider"] == "primary"
    mock.will({"type": "fail", "status": 429, "retry_after": 30, "match": {"provider": "openai"}})
    mock.ask()
    verdict = mock.call("/_llmock/verdict")
    assert verdict["faults_injected"] == 2
    assert verdict["errors"] == 0, verdict
