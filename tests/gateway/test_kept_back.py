"""A stream of auto is kept back until its answer may be taken for one: what a client was sent cannot be taken back."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.gateways import Doorway, gateway
from support.waiting import GIVE_UP_S

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.catalog import Target
from burn_tui.core.failure import Failure
from burn_tui.core.money import Price, Rates
from burn_tui.gateway import holding, serving
from burn_tui.simulator.script import Action, Answer, Break, Refuse, Stall

SORRY = Answer(text="I'm sorry, but I can't help with that.")
FINE = Answer(text="Rename it in every file, and then run the tests.")
TEAM = Answer(text='{"team": "billing"}')
EASY = [{"role": "user", "content": "Rename foo to bar."}]
STREAM: dict[str, Any] = {"messages": EASY, "stream": True}
JSON: dict[str, Any] = {**STREAM, "response_format": {"type": "json_object"}}
FOR_EVER = Stall(600.0)
"""The client does not wait for its end."""


def _price(usd: int) -> Price:
    return Price(rates=Rates(input_rate=usd * 10**9, output_rate=usd * 10**9))


def _door(path: Path, cheap: Action, strong: Action = FINE, *, dear: int = 100, **more: Any) -> Any:
    prices = {Target("cheap", "big"): _price(1), Target("strong", "big"): _price(dear)}
    policy = more.pop("auto", AutoPolicy(explore=0.0))
    return gateway(path, {"cheap": cheap, "strong": strong}, prices=prices, auto=policy, **more)


def _text(body: str) -> str:
    """Of a stream in OpenAI's dialect."""
    data = [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: {")]
    deltas = [choice["delta"] for chunk in data for choice in chunk.get("choices", [])]
    return "".join(delta.get("content") or "" for delta in deltas)


async def _lines(door: Doorway, body: dict[str, Any]) -> AsyncIterator[str]:
    async with door.http.stream("POST", "/v1/chat/completions", json={"model": "auto", **body}) as response:
        assert response.status_code == 200
        async for line in response.aiter_lines():
            yield line


async def _held(door: Doorway) -> list[int | None]:
    rows = await door.world.runtime.ledger.read("SELECT held_us FROM auto_decisions ORDER BY id", {})
    return [row["held_us"] for row in rows]


async def test_a_refusal_is_never_seen_and_the_end_of_the_stream_tells_of_it(tmp_path: Path) -> None:
    async with _door(tmp_path, SORRY) as door:
        got = await door.chat(**STREAM)
        rows = await door.world.rows()
        assert [bool(held) for held in await _held(door)] == [True]
    assert _text(got.text) == FINE.text
    assert "sorry" not in got.text.partition(": x-burn")[0]
    assert got.headers["x-burn-served-by"] == "strong/big"
    assert got.headers["x-burn-escalated-from"] == "cheap/big"
    assert ": x-burn-reason: cheap/big was asked first, and its answer was a refusal.\n" in got.text
    assert f": x-burn-escalated-from-cost-usd: {(rows[0].cost_nanousd or 0) / 10**9:.9f}\n" in got.text
    assert f": x-burn-cost-usd: {sum(row.cost_nanousd or 0 for row in rows) / 10**9:.9f}\n" in got.text
    assert ": x-burn-held-s: " in got.text
    assert rows[1].opened.waited_s >= rows[0].duration_s


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/v1/messages", {"max_tokens": 99, "messages": EASY}, "event: message_stop"),
        ("/v1/responses", {"input": "Rename foo to bar."}, "response.completed"),
        (
            "/v1beta/models/auto:streamGenerateContent?alt=sse",
            {"contents": [{"parts": [{"text": "Rename it"}]}]},
            "STOP",
        ),
    ],
)
async def test_it_is_the_same_in_every_dialect(tmp_path: Path, path: str, body: dict[str, Any], words: str) -> None:
    async with _door(tmp_path, SORRY) as door:
        got = await door.http.post(path, json={"model": "auto", "stream": True, **body})
    assert got.status_code == 200, got.text
    assert "sorry" not in got.text
    assert "every file" in got.text
    assert words in got.text


async def test_what_has_to_be_json_is_kept_back_to_its_end(tmp_path: Path) -> None:
    async with _door(tmp_path, Answer(text='The team is this: {"team": '), TEAM) as door:
        got = await door.chat(**JSON)
        assert _text(got.text) == TEAM.text
        door.world.script("cheap", TEAM)
        good = await door.chat(**JSON)
        assert (_text(good.text), good.headers["x-burn-served-by"]) == (TEAM.text, "cheap/big")
        assert door.world.calls("strong") == 1


async def test_an_answer_that_is_past_doubt_passes_through_while_it_is_still_written(tmp_path: Path) -> None:
    async with _door(tmp_path, Answer(text=FINE.text * 3, faults={4: FOR_EVER})) as door:
        seen = ""
        async for line in _lines(door, STREAM):
            seen += line + "\n"
            if _text(seen):
                break
        assert FINE.text.startswith(_text(seen)[:12])
        await _stopped(door)
        assert door.world.calls("strong") == 0


async def _stopped(door: Doorway) -> None:
    """Returns when the one call there is was recorded as cancelled."""
    async with asyncio.timeout(GIVE_UP_S):
        while [row.error_type for row in await door.world.rows()] != ["cancelled"]:  # noqa: ASYNC110 - the ledger tells nobody
            await asyncio.sleep(0.001)


async def test_where_nobody_dear_enough_stands_behind_it_nothing_is_kept_back(tmp_path: Path) -> None:
    async with _door(tmp_path, Answer(text=TEAM.text * 3, faults={3: FOR_EVER}), dear=2) as door:
        seen = ""
        async for line in _lines(door, JSON):
            seen += line + "\n"
            if _text(seen):
                break
        await _stopped(door)
        assert await _held(door) == [None]


@pytest.mark.parametrize(
    ("path", "sign"),
    [("/v1/chat/completions", ": burn-tui checks the answer"), ("/v1/messages", "event: ping")],
)
async def test_a_client_that_waits_is_sent_signs_of_life_and_when_it_goes_nothing_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, sign: str
) -> None:
    monkeypatch.setattr(serving, "PING_S", 0.01)
    asked = {"model": "auto", "max_tokens": 99, **STREAM}
    asked["messages"] = [{"role": "user", "content": "Reply in JSON: which team?"}]
    async with _door(tmp_path, Answer(text=TEAM.text * 3, faults={3: FOR_EVER})) as door:
        async with door.http.stream("POST", path, json=asked) as response:
            assert "x-burn-served-by" not in response.headers
            async for line in response.aiter_lines():
                if line:
                    assert line == sign
                    break
        await _stopped(door)
        assert door.world.calls("strong") == 0
        async with asyncio.timeout(GIVE_UP_S):
            while not all(await _held(door)):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.001)


async def test_a_failure_after_a_sign_of_life_is_told_in_the_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "PING_S", 0.01)
    broken = Answer(text=TEAM.text, faults={2: Stall(1.0), 3: Break(Failure("transient", "broken", 500, None))})
    async with _door(tmp_path, broken, Refuse(Failure("auth", "no", 401, None))) as door:
        got = await door.chat(**JSON)
    assert got.status_code == 200
    assert '"error"' in got.text


async def test_an_answer_that_is_too_large_to_be_kept_is_shown_unchecked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "MOST_HELD", 20)
    async with _door(tmp_path, Answer(text="no JSON at all, but long")) as door:
        got = await door.chat(**JSON)
        assert (_text(got.text), door.world.calls("strong")) == ("no JSON at all, but long", 0)


async def test_where_the_strong_one_fails_the_first_answer_comes_whole(tmp_path: Path) -> None:
    async with _door(tmp_path, SORRY, Refuse(Failure("rate_limited", "too fast", 429, 60.0))) as door:
        got = await door.chat(**STREAM)
    assert _text(got.text) == SORRY.text
    assert got.text.count("[DONE]") == 1


async def test_at_the_cap_nothing_is_kept_back(tmp_path: Path) -> None:
    async with _door(tmp_path, SORRY, auto=AutoPolicy(explore=0.0, premium_cap=0.0)) as door:
        got = await door.chat(**STREAM)
        assert await _held(door) == [None]
    assert _text(got.text) == SORRY.text
    assert "no escalation to strong/big: 0 of 0 prompts" in got.headers["x-burn-reason"]
