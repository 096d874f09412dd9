"""Prompts in use: which text is sent where, what the ledger keeps of it, and what its labels stand for."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec import structs
from support.prompts import TRIAGE, prompt_of, write
from support.world import FINE, PRIMARY, Story, World, caller_of, world

from burn_tui.core.chat import ChatRequest
from burn_tui.core.environment import DEVELOPMENT, Environment
from burn_tui.core.errors import PromptError, SettingsError, UnknownNameError
from burn_tui.core.inspection import Which
from burn_tui.core.model_changes import ModelChange
from burn_tui.core.prompt_form import WORKING
from burn_tui.core.usage import Feedback, PromptUse
from burn_tui.engine.git import Git
from burn_tui.engine.prompts.library import Prepared
from burn_tui.providers import DIALECTS
from burn_tui.simulator.script import Action, Answer, overloaded

PRODUCTION = Environment(name="production", hue="blue", is_production=True)
STAGING = Environment(name="staging", hue="green")

PINS = """# who may see what
triage: {production: sha256:%s}   # by hand
"""

HOT = TRIAGE.replace("0.2", "0.9")


@asynccontextmanager
async def project(tmp_path: Path, *, text: str = TRIAGE, primary: Action = FINE) -> AsyncIterator[World]:
    """Two providers, and a project with one prompt."""
    write(tmp_path / "project", text)
    async with world(tmp_path / "data", {"primary": primary, "backup": FINE}, project=tmp_path / "project") as running:
        yield running


async def send(
    running: World, asked: str = "triage", environment: Environment = DEVELOPMENT, **variables: object
) -> Story:
    """Send a prompt as every door does it."""
    prepared = await running.runtime.prompts.prepare(asked, variables or {"ticket": "it burns"}, environment)
    return await sent(running, prepared, environment)


async def sent(running: World, prepared: Prepared, environment: Environment = DEVELOPMENT) -> Story:
    caller = structs.replace(caller_of(environment), prompt=prepared.after(()))
    async with aclosing(running.runtime.router.send(prepared.request(), caller)) as given:
        return Story(tuple([event async for event in given]))


async def uses(running: World) -> list[PromptUse | None]:
    return [record.opened.prompt for record in await running.rows()]


def pin_by_hand(running: World, version: str) -> Path:
    assert running.project is not None
    path = running.project / "prompts" / "pins.yaml"
    path.write_text(PINS % version)
    return path


def seen(running: World, name: str = "primary") -> ChatRequest:
    return running.providers[name].seen[-1].request


# --- what is sent and kept --------------------------------------------------------------------------


async def test_a_prompt_is_sent_with_its_roles_its_variables_and_its_options(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        await send(running, ticket="{{team}} burns")
        request = seen(running)
    assert [(message.role, message.text) for message in request.messages] == [
        ("system", "You sort tickets for the team support."),
        ("user", "Who has to look at this?\n\n{{team}} burns"),
    ]
    assert request.temperature == 0.2


async def test_every_attempt_carries_the_prompt_and_the_hash_of_the_very_bytes_that_were_sent(tmp_path: Path) -> None:
    async with project(tmp_path, primary=overloaded()) as running:
        story = await send(running)
        records = await running.rows()
    assert [target.provider_name for target in story.asked][-1] == "backup"
    assert {record.opened.provider_name for record in records} == {"primary", "backup"}
    version = prompt_of(TRIAGE).version.version
    for record in records:
        use = record.opened.prompt
        assert use is not None
        assert (use.name, use.version, use.variant, use.label) == ("triage", version, None, WORKING)
        assert use.variables_hash == sha256(b'{"team":"support","ticket":"it burns"}').hexdigest()
        provider = running.runtime.router.catalog.providers[record.opened.provider_name]
        outgoing = DIALECTS[provider.dialect].encode_request(
            (await running.runtime.prompts.prepare("triage", {"ticket": "it burns"}, DEVELOPMENT)).request(),
            model="big",
            provider=provider,
            api_key="k",
        )
        assert use.rendered_hash == sha256(outgoing.body).hexdigest()


async def test_the_text_of_a_version_is_kept_when_it_is_first_used_and_can_be_sent_for_ever(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        await send(running)
        version = prompt_of(TRIAGE).version
        path = write(tmp_path / "project", "user:\nSomething else: {{ticket}}\n")
        await send(running, f"triage@{version.version[:8]}")
        assert "Who has to look" in seen(running).messages[1].text
        path.unlink()
        await running.restart()
        await send(running, f"triage@{version.version[:8]}")
        assert "Who has to look" in seen(running).messages[1].text
        kept = await running.runtime.ledger.read("SELECT version, text FROM prompt_version", {})
    assert [(row["version"], row["text"]) for row in kept] == [(version.version, version.text)]
    assert sha256(version.text.encode()).hexdigest() == version.version


async def test_what_is_missing_or_too_much_is_an_error_before_a_byte_is_sent(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        prompts = running.runtime.prompts
        with pytest.raises(PromptError, match=r"needs ticket, which is not given\. Add ticket=VALUE\."):
            await prompts.prepare("triage", {}, DEVELOPMENT)
        with pytest.raises(PromptError, match=r"no variable 'tickt'\. Did you mean 'ticket'\?"):
            await prompts.prepare("triage", {"tickt": "x"}, DEVELOPMENT)
        with pytest.raises(UnknownNameError, match="Did you mean 'triage'"):
            await prompts.prepare("traige", {}, DEVELOPMENT)
        assert running.calls() == 0
        assert await running.rows() == []


async def test_a_file_that_is_replaced_during_a_run_changes_nothing_of_that_run(tmp_path: Path) -> None:
    async with project(tmp_path, primary=overloaded()) as running:
        prepared = await running.runtime.prompts.prepare("triage", {"ticket": "x"}, DEVELOPMENT)
        write(tmp_path / "project", HOT)
        await sent(running, prepared)
        versions = {use.version for use in await uses(running) if use is not None}
        assert seen(running, "backup").temperature == 0.2
    assert versions == {prompt_of(TRIAGE).version.version}


# --- variants ---------------------------------------------------------------------------------------


async def test_the_variant_of_a_provider_is_sent_where_the_route_lands_there(tmp_path: Path) -> None:
    write(tmp_path / "project", TRIAGE.replace("Who has", "In one word: who has").replace("0.2", "0"), "triage.backup")
    async with project(tmp_path, primary=overloaded()) as running:
        await send(running)
        assert seen(running, "primary").messages[1].text.startswith("Who has")
        assert seen(running, "backup").messages[1].text.startswith("In one word")
        assert seen(running, "backup").temperature == 0
        variants = [
            (record.opened.provider_name, use) for record in await running.rows() if (use := record.opened.prompt)
        ]
    assert {(name, use.variant) for name, use in variants} == {("primary", None), ("backup", "backup")}
    assert len({use.version for _, use in variants}) == 2


async def test_a_pinned_label_sends_no_variant_that_is_not_pinned_with_it(tmp_path: Path) -> None:
    write(tmp_path / "project", TRIAGE.replace("Who has", "In one word: who has"), "triage.primary")
    async with project(tmp_path) as running:
        pin_by_hand(running, prompt_of(TRIAGE).version.version)
        await send(running, environment=PRODUCTION)
        assert seen(running).messages[1].text.startswith("Who has")
        await running.runtime.prompts.pin("triage.primary", "production")
        await send(running, environment=PRODUCTION)
        assert seen(running).messages[1].text.startswith("In one word")


# --- labels -----------------------------------------------------------------------------------------


async def test_production_refuses_a_working_version_and_says_how_to_pin_it(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        refused = (await send(running, environment=PRODUCTION)).refused
        assert refused.kind == "guard"
        assert "triage is at its working version" in refused.reason
        assert "burn-tui prompts pin triage --label production" in refused.mend
        assert running.calls() == 0
        (row,) = await running.rows()
        assert row.error_type == "refused"
        assert row.opened.prompt is not None
        await running.runtime.prompts.pin("triage", "production")
        assert (await send(running, environment=PRODUCTION)).served == PRIMARY


async def test_production_sends_what_it_is_pinned_to_whatever_the_file_says_now(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        await running.runtime.prompts.pin("triage", "production")
        write(tmp_path / "project", HOT)
        await send(running, environment=PRODUCTION)
        assert seen(running).temperature == 0.2
        await send(running, environment=STAGING)
        assert seen(running).temperature == 0.9
        assert [use.label for use in await uses(running) if use] == ["production", WORKING]


async def test_a_pin_to_a_version_that_nobody_knows_names_its_line(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        path = pin_by_hand(running, "0" * 64)
        with pytest.raises(SettingsError) as caught:
            await running.runtime.prompts.prepare("triage", {"ticket": "x"}, PRODUCTION)
    assert str(caught.value).startswith(f"{path}, line 2: triage.production: nobody knows the version 000000000000")
    assert "burn-tui prompts pin triage --label production" in str(caught.value)


async def test_a_rollback_is_one_line_of_the_file_and_an_event_of_the_ledger(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        prompts = running.runtime.prompts
        old = prompt_of(TRIAGE).version.version
        path = pin_by_hand(running, old)
        await send(running)
        write(tmp_path / "project", HOT)
        await prompts.pin("triage", "production")
        new = prompt_of(HOT).version.version
        pinned = path.read_text()
        assert pinned == PINS.replace("%s}", f"{new}, previous: sha256:{old}}}")
        await prompts.rollback("triage", "production")
        before, after = pinned.splitlines(), path.read_text().splitlines()
        assert [row for row in range(2) if before[row] != after[row]] == [1]
        assert after[1] == f"triage: {{production: sha256:{old}, previous: sha256:{new}}}   # by hand"
        history = await prompts.history("triage")
    assert [(change.what, change.label, change.before, change.after) for change in history.changes] == [
        ("rollback", "production", new, old),
        ("pin", "production", old, new),
    ]


async def test_a_rollback_without_anything_before_changes_nothing(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        await running.runtime.prompts.pin("triage", "production")
        with pytest.raises(SettingsError, match="nothing was pinned before"):
            await running.runtime.prompts.rollback("triage", "production")
        assert len((await running.runtime.prompts.history("triage")).changes) == 1


# --- looking back -----------------------------------------------------------------------------------


async def test_a_version_knows_its_answers_its_cost_its_time_and_its_thumbs(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        await send(running)
        story = await send(running)
        record = story.finished.records[-1]
        for verdict in (-1, 1):
            await running.runtime.ledger.add_feedback(
                Feedback(event_id=record.opened.event_id, at=running.clock.now(), verdict=verdict)
            )
        write(tmp_path / "project", HOT)
        await send(running)
        working, first = (await running.runtime.prompts.history("triage")).uses
        rows = await running.rows()
    assert (working.labels, working.answers) == ((WORKING,), 1)
    assert (first.answers, first.failures, first.thumbs_up, first.thumbs_down) == (2, 0, 1, 0)
    assert first.cost_nanousd == sum(row.cost_nanousd or 0 for row in rows[:2])
    assert first.mean_s == pytest.approx(sum(row.duration_s for row in rows[:2]) / 2, abs=1e-5)


async def test_the_answers_of_one_version_are_found_by_it(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        await send(running)
        write(tmp_path / "project", HOT)
        await send(running)
        version = prompt_of(HOT).version.version
        which = Which(since=0.0, until=running.clock.now() + 1, prompt_name="triage", prompt_version=version)
        found = await running.runtime.lens.costliest(which)
    assert [record.opened.prompt.version for record in found if record.opened.prompt] == [version]


# --- around it --------------------------------------------------------------------------------------


def git(directory: Path, *arguments: str) -> str:
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "init.defaultBranch=main")
    command = ["git", *identity, *arguments]
    return subprocess.run(
        command, cwd=directory, env=environ, check=True, capture_output=True, text=True
    ).stdout.strip()


async def looked_at(running: World) -> None:
    """Until git has said what differs, however slow the machine is."""
    watched = running.runtime.router.git
    assert watched is not None
    while watched.facts().is_dirty is None:
        await watched.ready()
        await asyncio.sleep(0.01)


async def test_attempts_carry_the_commit_and_whether_files_differ_from_it(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    path = write(folder)
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    async with project(tmp_path) as running:
        await looked_at(running)
        await running.ask()
        path.write_text(HOT)
        await running.restart()
        await looked_at(running)
        await running.ask()
        rows = await running.rows()
    commit = git(folder, "rev-parse", "HEAD")
    assert [(row.opened.git_commit, row.opened.git_is_dirty) for row in rows] == [(commit, False), (commit, True)]


async def test_a_commit_is_found_in_packed_references_and_in_a_worktree(tmp_path: Path) -> None:
    folder, tree = tmp_path / "project", tmp_path / "tree"
    write(folder)
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    git(folder, "worktree", "add", "-b", "beside", str(tree))
    git(folder, "pack-refs", "--all")
    async with world(tmp_path / "data", {"primary": FINE}, project=tree / "prompts") as running:
        await running.ask()
        (row,) = await running.rows()
    assert row.opened.git_commit == git(folder, "rev-parse", "HEAD")


async def test_nobody_asks_git_where_there_is_no_repository(tmp_path: Path) -> None:
    async with world(tmp_path / "data", {"primary": FINE}, project=tmp_path) as running:
        await running.ask()
        (row,) = await running.rows()
    assert (row.opened.git_commit, row.opened.git_is_dirty) == (None, None)


async def test_another_model_behind_the_same_name_is_told_of_once(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": Answer(text="a", response_model="big-2026-01-01")}) as running:
        await running.ask()
        await running.ask()
        assert await running.runtime.watch.told() == ()
        running.script("primary", Answer(text="a", response_model="big-2026-03-01"))
        await running.ask()
        await running.restart()
        await running.ask()
        (told,) = await running.runtime.watch.told()
    assert told.what == ModelChange(
        provider_name="primary", request_model="big", before="big-2026-01-01", after="big-2026-03-01"
    )


async def test_closing_at_once_leaves_no_git_behind(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    write(folder)
    git(folder, "init")
    running = Git(folder)
    running.start()
    await asyncio.sleep(0)
    await running.close()
    assert running.facts().is_dirty is None
    await running.close()


async def test_a_pin_that_cannot_be_written_leaves_no_event(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        path = pin_by_hand(running, "0" * 64)
        text = f"triage: {{\n  production:\n    sha256:{'0' * 64}}}\n"
        path.write_text(text)
        with pytest.raises(SettingsError, match="on a line of its own"):
            await running.runtime.prompts.pin("triage", "production")
        assert (await running.runtime.prompts.history("triage")).changes == ()
        assert path.read_text() == text
