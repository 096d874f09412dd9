"""`burn-tui prompts compare` and `import` as scripts meet them."""

import asyncio
import signal
import subprocess
from pathlib import Path
from threading import Event as Gate

from support.checkout import console_script
from support.command import Ended, World, as_a_shell_has_it, burn_tui, two_providers
from support.prompts import write
from support.waiting import until

from burn_tui.core.chat import ChatRequest
from burn_tui.simulator.script import Action, Answer, Held

CASES = """\
models: [primary/big, spare/small]
tests:
  - description: a fire
    vars: {ticket: The printer burns.}
    assert: [{type: icontains, value: facilities}]
  - description: an invoice
    vars: {ticket: The invoice is wrong.}
    assert: [{type: icontains, value: billing}]
"""


def sorts(request: ChatRequest, count: int) -> Answer:
    return Answer(text="Billing." if "invoice" in request.messages[-1].text else "Facilities.")


def forgets(request: ChatRequest, count: int) -> Answer:
    return Answer(text="Facilities.")


def project(folder: Path, cases: str = CASES) -> Path:
    path = write(folder).parent / "compare" / "triage.yaml"
    path.parent.mkdir()
    path.write_text(cases)
    return folder


def compare(running: World, folder: Path, *options: str) -> Ended:
    return burn_tui("prompts", "compare", "triage", *options, *running.places, environ=running.environ, cwd=folder)


def test_a_planted_regression_comes_first_and_fails_the_command(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    with two_providers(tmp_path, sorts, sorts) as running:
        fine = compare(running, folder)
        running.spare.script = forgets
        worse = compare(running, folder)
        told = compare(running, folder, "--json", "--models", "spare/small", "--repeats", "2")
    assert (fine.code, worse.code, told.code) == (0, 1, 1)
    assert "2 cases x 2 contenders x 1 repeat = 4 calls in development, for about $0.0" in fine.narration
    assert "burn-tui: 4 of 4, $0.0" in fine.narration
    first = worse.out.splitlines()[2:4]
    assert first[0] == "NEW FAILURE  an invoice  spare/small"
    assert worse.out.splitlines()[0].startswith("triage: working ")
    assert first[1] == "    ✗ icontains “billing”: “billing” is missing"
    assert "spare/small: 1 of 2 cases pass, median $0.0" in worse.out
    assert "(n=2)" in worse.out
    report = told.report
    assert [(row["news"], row["case"], row["passed"], row["answers"]) for row in report["rows"]] == [
        ("fails", "an invoice", 0, 2),
        ("passes", "a fire", 2, 2),
    ]
    assert report["against"] == "previous"
    assert report["medians"][0]["answers"] == 4


def test_more_than_twenty_calls_are_sent_only_by_the_environments_name(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    with two_providers(tmp_path, sorts, sorts) as running:
        bare = compare(running, folder, "--repeats", "6")
        wrong = compare(running, folder, "--repeats", "6", "--yes", "production")
        was_asked = running.was_asked
        fine = compare(running, folder, "--repeats", "6", "--yes", "development")
    assert (bare.code, wrong.code, fine.code) == (3, 3, 0)
    assert "These are more than 20 calls: nothing was sent. Agree with --yes development." in bare.narration
    assert "this would be asked from development, not from production" in wrong.narration
    assert not was_asked


def test_an_environment_that_asks_first_is_agreed_to_by_its_name_for_pinned_versions_only(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    with two_providers(tmp_path, sorts, sorts) as running:
        unpinned = compare(running, folder, "--env", "production", "--yes", "production")
        burn_tui("prompts", "pin", "triage", *running.places, environ=running.environ, cwd=folder)
        bare = compare(running, folder, "--env", "production")
        was_asked = running.was_asked
        fine = compare(running, folder, "--env", "production", "--yes", "production")
    assert unpinned.code == 2
    assert (bare.code, fine.code) == (3, 0)
    assert "production asks before paid calls" in bare.narration
    assert not was_asked


def test_ctrl_c_shows_and_keeps_what_is_done(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    never = Gate()

    def hangs(request: ChatRequest, count: int) -> Action:
        return sorts(request, count) if count < 1 else Held(never, sorts(request, count))

    with two_providers(tmp_path, hangs, sorts) as running:
        process = subprocess.Popen(
            [console_script("burn-tui"), "prompts", "compare", "triage", *running.places],
            cwd=folder,
            env=as_a_shell_has_it(running.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            asyncio.run(until(lambda: len(running.primary.seen) == 2))
            process.send_signal(signal.SIGINT)
            out, narration = process.communicate(timeout=60)
        finally:
            never.set()
            process.kill()
        later = compare(running, folder, "--models", "spare/small")
    assert process.returncode == 1
    assert "3 of 4 are done and kept" in narration
    assert "a fire" in out
    assert "against the previous run" in later.out


def test_a_prompt_without_cases_says_how_to_write_some(tmp_path: Path) -> None:
    write(tmp_path / "project")
    with two_providers(tmp_path) as running:
        ended = compare(running, tmp_path / "project")
    assert ended.code == 2
    assert "Write prompts/compare/triage.yaml, or take one over: burn-tui prompts import" in ended.narration


def test_a_configuration_of_promptfoos_is_taken_over_and_can_be_compared_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "promptfooconfig.yaml").write_text(
        "prompts:\n  - Who has to look at this? {{ticket}}\n"
        "providers: [primary:big, openai:gpt-6-luna]\n"
        "tests:\n  - vars: {ticket: The invoice is wrong.}\n    assert:\n"
        "      - {type: icontains, value: billing}\n      - {type: python, value: 'len(output) < 9'}\n"
    )
    with two_providers(tmp_path, sorts, sorts) as running:
        taken = burn_tui("prompts", "import", "promptfooconfig.yaml", *running.places, cwd=folder)
        again = burn_tui("prompts", "import", "promptfooconfig.yaml", *running.places, cwd=folder)
        ended = burn_tui("prompts", "compare", "project", *running.places, environ=running.environ, cwd=folder)
    assert taken.code == 0
    assert [Path(line).name for line in taken.out.splitlines()] == ["project.prompt.md", "project.yaml"]
    assert "promptfooconfig.yaml, line 3: openai/gpt-6-luna is not in your settings" in taken.narration
    assert "promptfooconfig.yaml, line 8: assertion python is not taken" in taken.narration
    assert again.code == 2
    assert "is there already" in again.narration
    assert (ended.code, len(running.primary.seen)) == (0, 1)
