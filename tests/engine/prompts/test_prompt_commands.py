"""`burn-tui prompts` as scripts meet it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from support.command import Ended, World, burn_tui, two_providers
from support.prompts import TRIAGE, prompt_of, write

HOT = TRIAGE.replace("0.2", "0.9").replace("Who has", "Who  has")
OLD, NEW = prompt_of(TRIAGE).version, prompt_of(HOT).version


class Project(Struct):
    """A directory with one prompt, and two providers."""

    world: World
    folder: Path

    def prompts(self, *arguments: str) -> Ended:
        """Run `burn-tui prompts` there."""
        return burn_tui("prompts", *arguments, *self.world.places, environ=self.world.environ, cwd=self.folder)

    @property
    def pins(self) -> str:
        """The pins as they are on disk."""
        return (self.folder / "prompts" / "pins.yaml").read_text()


@contextmanager
def project(tmp_path: Path) -> Iterator[Project]:
    """`triage`, unpinned."""
    write(tmp_path / "project")
    with two_providers(tmp_path) as world:
        yield Project(world, tmp_path / "project")


def test_the_list_has_every_prompt_with_its_version(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        ended = running.prompts()
        assert ended == running.prompts("list")
        listed = json.loads(running.prompts("list", "--json").out)
    assert ended.code == 0
    assert ended.out.splitlines()[1].split()[:3] == ["triage", OLD.shown, "-"]
    assert [(one["name"], one["version"], one["labels"]) for one in listed] == [("triage", OLD.version, ["working"])]


def test_a_broken_prompt_is_told_with_file_line_and_mend_and_the_others_are_listed(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        path = write(running.folder, "---\nname: [\n---\nhi", "broken")
        ended = running.prompts("list")
    assert ended.code == 2
    assert f"burn-tui: {path}, line 2: not valid YAML" in ended.narration
    assert "triage" in ended.out


def test_without_prompts_the_list_says_how_to_begin(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        ended = burn_tui("prompts", *world.places, cwd=tmp_path)
    assert (ended.code, ended.out) == (0, "")
    assert "Write prompts/NAME.prompt.md" in ended.narration


def test_show_prints_the_canonical_form_alone(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        ended = running.prompts("show", "triage")
    assert ended.out == OLD.text
    assert OLD.version in ended.narration


def test_pin_diff_and_rollback_tell_what_they_did(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        pinned = running.prompts("pin", "triage")
        same = running.prompts("diff", "triage")
        write(running.folder, HOT)
        differs = running.prompts("diff", "triage")
        running.prompts("pin", "triage")
        back = running.prompts("rollback", "triage")
        history = running.prompts("history", "triage")
        text = running.pins
    assert pinned.out == f"production of triage: nothing -> {OLD.shown}.\n"
    assert (same.code, same.out) == (0, f"Both are triage {OLD.shown}.\n")
    assert differs.code == 1
    assert "model.options.temperature: 0.[-2-]{+9+}" in differs.out
    assert "Who[-·-]{+··+}has to look" in differs.out
    assert back.out == f"production of triage: {NEW.shown} -> {OLD.shown}. previous: {NEW.shown}.\n"
    assert text == f"triage: {{production: sha256:{OLD.version}, previous: sha256:{NEW.version}}}\n"
    assert [line.split()[2:] for line in history.out.splitlines()[-3:]] == [
        ["rollback", "production", NEW.shown, OLD.shown],
        ["pin", "production", OLD.shown, NEW.shown],
        ["pin", "production", "-", OLD.shown],
    ]


def test_a_version_runs_when_its_file_is_gone_and_its_row_says_what_was_sent(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        first = running.prompts("run", "triage", "ticket=it burns")
        (running.folder / "prompts" / "triage.prompt.md").unlink()
        second = running.prompts("run", f"triage@{OLD.version[:8]}", "--var", "ticket=it burns", "--json")
        one, two = running.world.rows
    assert (first.code, second.code) == (0, 0)
    assert first.out == "Because the counter is reset.\n"
    assert second.report["served"] == {"provider": "primary", "model": "big"}
    assert [row["prompt_version"] for row in (one, two)] == [OLD.version, OLD.version]
    assert [row["prompt_label"] for row in (one, two)] == ["working", None]
    assert one["rendered_hash"] == two["rendered_hash"]
    assert one["rendered_hash"] is not None
    assert one["operation_name"] == "triage"


def test_production_refuses_a_working_version_before_a_byte_is_sent(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        refused = running.prompts("run", "triage", "ticket=x", "--env", "production", "--yes")
        was_asked = running.world.was_asked
        running.prompts("pin", "triage")
        served = running.prompts("run", "triage", "ticket=x", "--env", "production", "--yes")
    assert refused.code == 3
    assert "Pin it: burn-tui prompts pin triage --label production" in refused.narration
    assert not was_asked
    assert served.code == 0


def test_a_missing_variable_is_a_wrong_call(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        missing = running.prompts("run", "triage")
        unknown = running.prompts("run", "triage", "tickt=x")
        astray = running.prompts("run", "triage", "--yes", "ticket=x")
        assert not running.world.was_asked
    assert (missing.code, unknown.code, astray.code) == (2, 2, 2)
    assert "Put it right behind the prompt's name, or write --var ticket=x." in astray.narration
    assert "Add ticket=VALUE." in missing.narration
    assert "Did you mean 'ticket'?" in unknown.narration
