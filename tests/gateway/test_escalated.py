"""An answer that failed a check, through the gateway: the client sees the second one, and is told of the first."""

from pathlib import Path

import pytest
from support.gateways import gateway

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.catalog import Target
from burn_tui.core.failure import Failure
from burn_tui.core.money import Price, Rates
from burn_tui.simulator.script import Action, Answer, Refuse

SORRY = "I'm sorry, but I can't help with that."


def _price(usd: int) -> Price:
    return Price(rates=Rates(input_rate=usd * 10**9, output_rate=usd * 10**9))


PRICES = {Target("cheap", "big"): _price(1), Target("strong", "big"): _price(100)}
EASY = [{"role": "user", "content": "Rename foo to bar."}]


def _scripts(strong: Action) -> dict[str, Action]:
    return {"cheap": Answer(text=SORRY), "strong": strong}


async def test_a_whole_answer_is_the_second_one_and_headers_tell_of_the_first_and_of_both_costs(tmp_path: Path) -> None:
    scripts = _scripts(Answer(text="It is bar now."))
    async with gateway(tmp_path, scripts, prices=PRICES, auto=AutoPolicy(explore=0.0)) as door:
        got = await door.chat(messages=EASY)
        rows = await door.world.rows()
    assert got.json()["choices"][0]["message"]["content"] == "It is bar now."
    assert got.headers["x-burn-served-by"] == "strong/big"
    assert got.headers["x-burn-escalated-from"] == "cheap/big"
    assert got.headers["x-burn-reason"] == "cheap/big was asked first, and its answer was a refusal."
    assert got.headers["x-burn-escalated-from-cost-usd"] == f"{(rows[0].cost_nanousd or 0) / 10**9:.9f}"
    assert got.headers["x-burn-cost-usd"] == f"{sum(row.cost_nanousd or 0 for row in rows) / 10**9:.9f}"
    assert "x-burn-fallback-from" not in got.headers


async def test_where_the_second_fails_the_client_gets_the_first_whole_and_counted(tmp_path: Path) -> None:
    scripts = _scripts(Refuse(Failure("rate_limited", "too fast", 429, 60.0)))
    async with gateway(tmp_path, scripts, prices=PRICES, auto=AutoPolicy(explore=0.0)) as door:
        got = await door.chat(messages=EASY)
    answer = got.json()
    assert got.status_code == 200
    assert answer["choices"][0]["message"]["content"] == SORRY
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["completion_tokens"] > 0
    assert got.headers["x-burn-served-by"] == "cheap/big"


@pytest.mark.parametrize("stream", [False, True])
async def test_the_same_question_of_one_conversation_again_is_a_retry_and_escalated_once(
    tmp_path: Path, *, stream: bool
) -> None:
    scripts: dict[str, Action] = {"cheap": Answer(text="It is foo."), "strong": Answer(text="It is bar now.")}
    session = {"x-claude-code-session-id": "one"}
    async with gateway(tmp_path, scripts, prices=PRICES, auto=AutoPolicy(explore=0.0)) as door:
        got = [await door.chat(messages=EASY, stream=stream, headers=session) for _ in range(3)]
        unknown = [await door.chat(messages=EASY, stream=stream) for _ in range(2)]
    assert [one.headers["x-burn-served-by"] for one in got] == ["cheap/big", "strong/big", "cheap/big"]
    assert got[1].headers["x-burn-escalated-from"] == "cheap/big"
    assert got[1].headers["x-burn-reason"].startswith("cheap/big had answered this, and the same question")
    assert float(got[1].headers["x-burn-escalated-from-cost-usd"]) > 0
    assert [one.headers["x-burn-served-by"] for one in unknown] == ["cheap/big", "cheap/big"]
