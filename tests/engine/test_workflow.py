"""A file of steps, run through the real router."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.waiting import until
from support.world import BACKUP, World, world

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.checks import CommandCheck
from burn_tui.core.errors import SettingsError, UnknownTargetError, WrongCallError
from burn_tui.core.failure import Failure
from burn_tui.engine.workflow import run_workflow, steps_in
from burn_tui.simulator.host import Host
from burn_tui.simulator.script import Action, Answer, Hang, Refuse, in_order
from burn_tui.simulator.server import SimulatedProvider

STEPS = """
- step: outline
  prompt: Outline a talk on rivers.
- step: write
  prompt: "Write it: {{outline}}"
  target: backup/big
"""


class Ran:
    """One call of the command."""

    def __init__(self, code: int, out: str, told: str) -> None:
        self.code, self.out, self.told = code, out, told

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.out)
        return report


async def _run(
    running: World, file: Path, text: str | None = STEPS, *, resumes: bool = False, as_json: bool = True
) -> Ran:
    if text is not None:
        await asyncio.to_thread(file.write_text, text)
    out, told = io.StringIO(), io.StringIO()

    async def boot() -> Any:
        return running.runtime

    code = await run_workflow(
        file,
        boot=boot,
        environment=None,
        confirmed=False,
        resumes=resumes,
        as_json=as_json,
        out=out,
        narration=told,
    )
    await running.start()
    return Ran(code, out.getvalue(), told.getvalue())


def _world(path: Path, primary: Any = None, backup: Any = None, **more: Any) -> Any:
    scripts = {"primary": primary or Answer(text="silt"), "backup": backup or Answer(text="A talk.")}
    return world(path / "data", scripts, **more)


async def test_each_step_is_asked_where_it_says_with_the_answers_before_it(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        ran = await _run(running, tmp_path / "talk.yaml")
        rows = await running.rows()
        asked = running.providers["backup"].seen[0].request
    assert ran.code == 0
    assert asked.messages[-1].text == "Write it: silt"
    assert [one["served"] for one in ran.report["steps"]] == ["primary/big", "backup/big"]
    assert ran.report["cost_nanousd"] == sum(row.cost_nanousd or 0 for row in rows)
    assert all(one["duration_s"] > 0 for one in ran.report["steps"])
    assert [row.opened.operation_name for row in rows] == ["talk.outline", "talk.write"]


async def test_in_words_the_last_answer_is_the_output_and_the_rest_is_told_beside_it(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        ran = await _run(running, tmp_path / "talk.yaml", as_json=False)
    assert ran.out == "A talk.\n"
    assert "outline" in ran.told
    assert "this run" in ran.told


async def test_a_run_that_failed_goes_on_where_it_was_and_pays_nothing_twice(tmp_path: Path) -> None:
    refusing = Refuse(Failure("auth", "no", 401))
    async with _world(tmp_path, backup=refusing) as running:
        first = await _run(running, tmp_path / "talk.yaml")
        assert (first.code, first.report["is_done"]) == (1, False)
        running.script("backup", Answer(text="A talk."))
        running.runtime.router.health = running.runtime.router.health.without(running.runtime.router.health.breakers)
        again = await _run(running, tmp_path / "talk.yaml", None, resumes=True)
        assert running.calls("primary") == 1
    assert (again.code, again.report["run"]) == (0, first.report["run"])
    assert [one["was_known"] for one in again.report["steps"]] == [True, False]
    assert again.report["cost_nanousd"] == again.report["steps"][1]["cost_nanousd"]


async def test_a_step_whose_words_have_changed_is_asked_again(tmp_path: Path) -> None:
    async with _world(tmp_path, backup=Refuse(Failure("auth", "no", 401))) as running:
        await _run(running, tmp_path / "talk.yaml")
        await _run(running, tmp_path / "talk.yaml", STEPS.replace("rivers", "lakes"), resumes=True)
        assert running.calls("primary") == 2


async def test_a_run_that_came_to_its_end_is_not_gone_on_with(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        first = await _run(running, tmp_path / "talk.yaml")
        again = await _run(running, tmp_path / "talk.yaml", None, resumes=True)
        assert running.calls("primary") == 2
    assert first.report["run"] != again.report["run"]
    assert "begins anew" in again.told


async def test_a_budget_of_a_step_holds_for_all_its_attempts_and_for_it_alone(tmp_path: Path) -> None:
    text = STEPS.replace("  target: backup/big", "  target: backup/big\n  budget_usd: 0.000001")
    async with _world(tmp_path) as running:
        ran = await _run(running, tmp_path / "talk.yaml", text)
    assert (ran.code, ran.report["steps"][0]["error"]) == (3, None)
    assert "step write" in ran.report["steps"][1]["error"]


async def test_an_answer_that_fails_its_check_ends_the_run(tmp_path: Path) -> None:
    text = '- step: a\n  prompt: Give me JSON.\n  check: json\n- step: b\n  prompt: "{{a}}"\n'
    async with _world(tmp_path) as running:
        ran = await _run(running, tmp_path / "w.yaml", text)
        assert running.providers["primary"].seen[0].request.response_format is not None
    assert (ran.code, len(ran.report["steps"])) == (1, 1)
    assert ran.report["steps"][0]["error"] == "the answer was no JSON, which was asked for"


async def test_a_step_may_be_judged_by_a_command_of_the_settings(tmp_path: Path) -> None:
    code = "import sys; sys.exit('silt' not in open('answer.txt').read())"
    check = CommandCheck(name="mentions", run=(sys.executable, "-I", "-c", code))
    text = "- step: a\n  prompt: Hello.\n  check: mentions\n"
    async with _world(tmp_path, auto=AutoPolicy(checks=(check,))) as running:
        assert (await _run(running, tmp_path / "w.yaml", text)).code == 0
        running.script("primary", Answer(text="sand"))
        assert (await _run(running, tmp_path / "w.yaml", text)).report["steps"][0]["error"] == (
            "the answer failed check mentions"
        )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("- step: a\n  prompt: x\n- step: b\n  prompt: '{{c}}'\n", 4, "there is no step 'c'"),
        ("- step: a\n  promt: x\n", 2, "unknown key"),
        ("- prompt: x\n", 1, "'step' is missing"),
        ("step: a\nprompt: x\n", 1, "a list"),
        ("- step: a\n  prompt: x\n  budget_usd: much\n", 3, "budget_usd"),
        ("- step: a\n  prompt: x\n  check: lint\n", 3, "there is no check 'lint'"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(text: str, line: int, words: str) -> None:
    with pytest.raises(SettingsError) as raised:
        steps_in(text, file="w.yaml", checks=())
    assert raised.value.line == line
    assert str(raised.value).startswith(f"w.yaml, line {line}: ")
    assert words in str(raised.value)


async def test_nothing_is_asked_where_a_later_target_means_nothing(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        with pytest.raises(UnknownTargetError):
            await _run(running, tmp_path / "w.yaml", STEPS.replace("backup/big", "nobody/none"))
        await running.start()
        assert running.calls("primary") == 0
        with pytest.raises(WrongCallError):
            await _run(running, tmp_path / "missing.yaml", None)
    assert BACKUP.provider_name == "backup"


SETTINGS = """
providers:
  primary:
    dialect: openai-chat
    base_url: {url}
    models: [big]
    local: true
routes:
  - name: default
    use: [primary/big]
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_a_process_that_is_killed_leaves_a_run_that_goes_on(tmp_path: Path) -> None:
    answers: list[Action] = [Answer(text="silt"), Hang(600.0), Answer(text="end")]
    provider = SimulatedProvider("primary", "openai-chat", in_order(answers))
    file = tmp_path / "talk.yaml"
    file.write_text(STEPS.replace("backup/big", "primary/big"))
    with Host([provider]) as host:
        (tmp_path / "config.yaml").write_text(SETTINGS.format(url=host.base_url("primary")))
        places = ["--config", str(tmp_path / "config.yaml"), "--data-dir", str(tmp_path / "data")]
        command = [sys.executable, "-m", "burn_tui", "workflow", "run", str(file), "--json", *places]
        environ = {**os.environ, "HOME": str(tmp_path)}
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ, cwd=tmp_path
        ) as killed:
            asyncio.run(until(lambda: len(provider.seen) == 2))
            killed.send_signal(signal.SIGKILL)
        again = subprocess.run([*command, "--resume"], capture_output=True, env=environ, cwd=tmp_path, check=False)
    assert again.returncode == 0, again.stderr.decode()
    report = json.loads(again.stdout)
    assert [one["was_known"] for one in report["steps"]] == [True, False]
    assert report["steps"][1]["text"] == "end"
