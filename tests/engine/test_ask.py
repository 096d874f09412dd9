"""`burn-tui ask` as scripts meet it: exit codes, the JSON object, and what goes to which stream."""

import signal
import socket
import subprocess
from pathlib import Path

import pytest
from support.checkout import console_script
from support.command import FINE, World, as_a_shell_has_it, two_providers
from support.ledgers import rows_on_disk

from burn_tui.core.failure import Failure
from burn_tui.core.usage import Usage
from burn_tui.simulator.script import Answer, Cut, Refuse, overloaded, rate_limited

COUNTED = Answer(text="Because.", usage=Usage(input_tokens=100, output_tokens=20))
"""At primary's price: 100 * 3000 + 20 * 15000 nano-USD."""

ENDLESS = Answer(text="and on " * 1000, chunk_s=0.02)

REPORT_KEYS = {
    "text",
    "served",
    "requested",
    "attempts",
    "usage",
    "cost_nanousd",
    "finish_reason",
    "error",
    "escalated",
}
ATTEMPT_KEYS = {"provider", "model", "outcome", "error_type", "status", "duration_s", "cost_nanousd"}


def test_the_answer_alone_goes_to_standard_output(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        ended = world.ask()
    assert ended.code == 0
    assert ended.out == FINE.text + "\n"
    assert "primary/big answered in" in ended.narration


def test_json_is_one_object_with_every_promised_key(tmp_path: Path) -> None:
    with two_providers(tmp_path, COUNTED) as world:
        ended = world.ask("--json")
    report = ended.report
    assert ended.code == 0
    assert set(report) == REPORT_KEYS
    assert report["text"] == "Because."
    assert report["served"] == {"provider": "primary", "model": "big"}
    assert report["requested"] is None
    assert report["usage"]["input_tokens"] == 100
    assert report["usage"]["output_tokens"] == 20
    assert report["cost_nanousd"] == 100 * 3_000 + 20 * 15_000
    assert report["finish_reason"] == "stop"
    assert report["error"] is None
    (attempt,) = report["attempts"]
    assert set(attempt) >= ATTEMPT_KEYS
    assert attempt["duration_s"] > 0
    said = {"provider": "primary", "model": "big", "outcome": "answered", "error_type": None, "status": 200}
    assert said.items() <= attempt.items()
    assert attempt["cost_nanousd"] == report["cost_nanousd"]


def test_a_fallback_is_named_on_standard_error_and_both_attempts_are_reported(tmp_path: Path) -> None:
    with two_providers(tmp_path, rate_limited(30), COUNTED) as world:
        ended = world.ask("--json")
    assert ended.code == 0
    assert "primary refused: rate limited" in ended.narration
    assert "Now spare/small" in ended.narration
    report = ended.report
    failed, answered = report["attempts"]
    assert (failed["outcome"], failed["error_type"], failed["status"]) == ("failed", "rate_limited", 429)
    assert failed["cost_nanousd"] == 0
    assert (answered["outcome"], answered["fell_back_from"]) == ("answered", "primary/big")
    assert report["served"] == {"provider": "spare", "model": "small"}
    assert report["cost_nanousd"] == answered["cost_nanousd"] == 100 * 1_000 + 20 * 5_000


def test_every_attempt_has_its_row_in_the_ledger(tmp_path: Path) -> None:
    with two_providers(tmp_path, rate_limited(30), COUNTED) as world:
        report = world.ask("--json").report
        rows = world.rows
    assert [row["error_type"] for row in rows] == ["rate_limited", None]
    assert [row["cost_nanousd"] for row in rows] == [attempt["cost_nanousd"] for attempt in report["attempts"]]
    assert {row["operation_name"] for row in rows} == {"ask"}


def test_a_dash_reads_the_prompt_from_standard_input(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        ended = world.ask(prompt="-", stdin="Warum hält das nie an?\n".encode())
        (seen,) = world.primary.seen
    assert ended.code == 0
    assert seen.request.messages[-1].text == "Warum hält das nie an?\n"


@pytest.mark.parametrize("target", ["spare/small", "spare", "cheap"])
def test_a_target_a_provider_or_a_route_may_be_asked_for(target: str, tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        report = world.ask("--json", "--target", target).report
        assert not world.primary.seen
    assert report["served"] == {"provider": "spare", "model": "small"}
    assert report["requested"] == target


def test_the_key_of_the_asked_provider_is_sent_to_it_and_to_nobody_else(tmp_path: Path) -> None:
    with two_providers(tmp_path, overloaded()) as world:
        world.ask()
        assert {seen.headers["authorization"] for seen in world.primary.seen} == {"Bearer key-of-primary"}
        (asked,) = world.spare.seen
    assert asked.headers["x-api-key"] == "key-of-spare"
    assert "key-of-primary" not in str(asked.headers)


def test_without_a_wish_the_least_guarded_environment_is_asked_from(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        world.ask()
        (row,) = world.rows
    assert row["environment"] == "development"


def test_an_environment_takes_providers_off_the_route(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        report = world.ask("--json", "--env", "local").report
        assert not world.primary.seen
    assert report["served"] == {"provider": "spare", "model": "small"}


# --- exit 3: refused by a guard or budget ----------------------------------------------------------


def _is_refused(world: World, *options: str, words: str, environ: dict[str, str] | None = None) -> None:
    ended = world.ask("--json", *options, environ=environ)
    assert ended.code == 3, ended.narration
    assert words in ended.narration
    assert words in ended.report["error"]
    assert ended.report["served"] is None
    assert ended.report["text"] == ""
    assert not world.was_asked


def test_production_asks_first_and_nobody_is_there_to_say_yes(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        _is_refused(world, "--env", "production", words="pass --yes")


def test_yes_agrees_and_the_agreement_is_on_record(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        ended = world.ask("--env", "production", "--yes")
        assert ended.code == 0, ended.narration
        (row,) = world.rows
    assert row["environment"] == "production"


def test_no_yes_opens_an_environment_to_a_provider_that_it_does_not_allow(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        _is_refused(
            world, "--env", "local", "--target", "primary/big", "--yes", words="add 'primary' to environments.local"
        )


def test_local_keeps_a_prompt_on_this_machine(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        _is_refused(world, "--local", words="privacy is local")
        world.change("models: [small]", "models: [small], local: true")
        report = world.ask("--json", "--local").report
        assert not world.primary.seen
    assert report["served"] == {"provider": "spare", "model": "small"}


def test_a_full_budget_refuses_before_anything_is_sent(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        world.add("budgets:\n  - {name: daily, scope: all, limit_usd: 0.0001}\n")
        _is_refused(world, words="Budget daily")
        assert [row["error_type"] for row in world.rows] == ["refused"]


def test_what_one_call_has_spent_the_next_one_cannot_spend_again(tmp_path: Path) -> None:
    dear = Answer(text="Because.", usage=Usage(input_tokens=100, output_tokens=100_000))
    with two_providers(tmp_path, dear) as world:
        world.add("budgets:\n  - {name: daily, scope: all, limit_usd: 1}\n")
        assert world.ask().code == 0
        assert world.ask().code == 3


@pytest.mark.parametrize("mark", [{"CI": "true"}, {"BURN_ENV": "test"}, {"PYTEST_CURRENT_TEST": "it"}], ids=str)
def test_what_runs_as_a_test_cannot_burn_live_credits(mark: dict[str, str], tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        _is_refused(world, "--env", "production", "--yes", words="A test must not burn live credits", environ=mark)


# --- exit 2: names that mean nothing ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--env", "producton"), "There is no environment 'producton'. Did you mean 'production'?"),
        (("--target", "primary/bog"), "No provider serves 'primary/bog'. Did you mean 'primary/big'?"),
        (("--target", "chaep"), "Did you mean 'cheap'?"),
    ],
)
def test_a_name_that_means_nothing_is_a_wrong_call(options: tuple[str, ...], words: str, tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        ended = world.ask("--json", *options)
        assert not world.was_asked
    assert ended.code == 2
    assert words in ended.narration
    assert ended.out == ""


def test_without_configured_environments_there_is_development_and_no_other(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        text = world.config.read_text()
        world.config.write_text(text[: text.index("environments:")] + text[text.index("routes:") :])
        assert world.ask("--env", "development").code == 0
        ended = world.ask("--env", "production", "--yes")
    assert ended.code == 2
    assert "Known: development." in ended.narration


# --- exit 1: nobody answers ------------------------------------------------------------------------


def test_when_every_provider_is_down_the_report_still_tells_the_whole_story(tmp_path: Path) -> None:
    with two_providers(tmp_path, overloaded(), Refuse(Failure("transient", "Bad gateway", 502))) as world:
        ended = world.ask("--json")
    report = ended.report
    assert ended.code == 1
    assert (report["text"], report["served"], report["usage"], report["finish_reason"]) == ("", None, None, None)
    assert {attempt["provider"] for attempt in report["attempts"]} == {"primary", "spare"}
    assert {attempt["outcome"] for attempt in report["attempts"]} == {"failed"}
    assert report["cost_nanousd"] == 0
    assert "spare failed" in report["error"]
    assert "no answer" in ended.narration


def test_a_provider_that_is_not_there_is_a_failure_like_any_other(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = f"http://127.0.0.1:{server.getsockname()[1]}"
    with two_providers(tmp_path) as world:
        text = world.config.read_text()
        address = text.split('base_url: "')[1].split('"')[0]
        world.change(address, nobody)
        report = world.ask("--json").report
    assert report["attempts"][0]["error_type"] == "transient"
    assert report["attempts"][0]["status"] is None
    assert report["served"] == {"provider": "spare", "model": "small"}


def test_a_bad_request_is_not_sent_elsewhere_to_be_refused_again(tmp_path: Path) -> None:
    with two_providers(tmp_path, Refuse(Failure("caller_fault", "temperature must be below 2", 400))) as world:
        ended = world.ask("--json")
        assert not world.spare.seen
    assert ended.code == 1
    assert "temperature must be below 2" in ended.report["error"]


def test_a_missing_key_leads_to_the_next_target_and_to_its_name_where_there_is_none(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        del world.environ["PRIMARY_KEY"]
        report = world.ask("--json").report
        assert report["served"] == {"provider": "spare", "model": "small"}
        ended = world.ask("--target", "primary/big")
    assert ended.code == 1
    assert "PRIMARY_KEY is not set" in ended.narration


def test_an_unknown_price_is_null_and_not_zero(tmp_path: Path) -> None:
    with two_providers(tmp_path, COUNTED) as world:
        text = world.config.read_text()
        world.config.write_text(text[: text.index("prices:")] + text[text.index("environments:") :])
        ended = world.ask("--json")
    assert ended.report["cost_nanousd"] is None
    assert ended.report["attempts"][0]["cost_nanousd"] is None
    assert "cost unknown" in ended.narration


# --- what comes in pieces --------------------------------------------------------------------------


def test_an_answer_that_breaks_off_is_taken_up_by_the_next_and_said_to_be_so(tmp_path: Path) -> None:
    begun = Answer(text="The first half of it, and then", faults={1: Cut()})
    with two_providers(tmp_path, begun, Answer(text=" the second.")) as world:
        ended = world.ask("--json")
        (asked,) = world.spare.seen
    report = ended.report
    assert ended.code == 0
    assert report["text"].startswith("The first")
    assert report["text"].endswith(" the second.")
    assert report["text"].split(" the second.")[0] in asked.request.messages[-2].text
    assert "the answer above is incomplete" in ended.narration
    assert report["attempts"][0]["outcome"] == "failed"


def _streaming(world: World) -> "subprocess.Popen[bytes]":
    """A command in the middle of an answer."""
    process = subprocess.Popen(
        [console_script("burn-tui"), "ask", "go on", *world.places],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=as_a_shell_has_it(world.environ),
    )
    assert process.stdout is not None
    assert process.stdout.read(3) == b"and"
    return process


def test_ctrl_c_stops_the_answer_and_settles_its_row(tmp_path: Path) -> None:
    with two_providers(tmp_path, ENDLESS) as world:
        with _streaming(world) as process:
            process.send_signal(signal.SIGINT)
            _, narration = process.communicate()
        (row,) = rows_on_disk(world.data_dir / "ledger.sqlite3")
    assert process.returncode == 130
    assert b"Traceback" not in narration
    assert row["error_type"] == "cancelled"
    assert row["settled_at_us"] is not None


def test_a_reader_that_goes_away_is_no_reason_for_a_traceback(tmp_path: Path) -> None:
    with two_providers(tmp_path, ENDLESS) as world:
        with _streaming(world) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            narration = process.stderr.read()
            process.wait()
        (row,) = rows_on_disk(world.data_dir / "ledger.sqlite3")
    assert process.returncode == 1
    assert b"Traceback" not in narration
    assert b"Error" not in narration
    assert row["error_type"] == "cancelled"


def test_a_terminal_that_lacks_a_letter_shows_another_in_its_place(tmp_path: Path) -> None:
    with two_providers(tmp_path, Answer(text="α is fine")) as world:
        ended = world.ask(environ={"PYTHONIOENCODING": "ascii"})
    assert ended.code == 0, ended.narration
    assert ended.out == "? is fine\n"


def test_a_ledger_that_cannot_be_used_costs_the_record_and_not_the_answer(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        world.data_dir.mkdir()
        (world.data_dir / "ledger.sqlite3").write_text("this is a shopping list, and a long one\n" * 100)
        ended = world.ask()
    assert ended.code == 0
    assert ended.out == FINE.text + "\n"
    assert "NOT kept" in ended.narration
    assert "is not a burn-tui ledger" in ended.narration
    assert (world.data_dir / "ledger.sqlite3").read_text().startswith("this is a shopping list")
