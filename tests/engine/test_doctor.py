"""What the doctor finds, and that a repaired ledger holds every row that could be read."""

import asyncio
import random
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from support.attempts import HOUR_S, NOW, opened, settled
from support.ledgers import ALIVE, ledger_in

from burn_tui.cli import main
from burn_tui.core.errors import LedgerError
from burn_tui.core.usage import Correction, Feedback, Usage
from burn_tui.engine.doctor import Patient, examined, repaired
from burn_tui.engine.ledger_repair import is_sound, repair

ATTEMPTS = 2_000
SESSIONS = 7


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(data_dir=tmp_path, now=NOW)


def _fill(path: Path, number: int = ATTEMPTS) -> None:
    async def fill() -> None:
        async with ledger_in(path) as ledger:
            await ledger.record(
                settled(
                    opened(
                        f"e{n}",
                        started_at=NOW - n,
                        session_id=f"s{n % SESSIONS}",
                        route_reason=f"reason {n % 50}",
                        request_model=f"model-{n % 5}",
                        git_commit=f"{n % 3:040x}",
                    ),
                    cost_nanousd=n,
                )
                for n in range(number)
            )
            await ledger.add_feedback(Feedback(event_id="e1", at=NOW, verdict=1))
            better = Correction(event_id="c1", corrects="e2", at=NOW, why="bill", usage=Usage(), cost_nanousd=12)
            await ledger.correct(better)

    asyncio.run(fill())


def _damage(path: Path, name: str, *, share: float = 0.2, seed: int = 1) -> None:
    """Overwrite some pages of a table or index, at least one, but not its root."""
    with closing(sqlite3.connect(path)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        pages = [
            row[0]
            for row in connection.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'", (name,))
        ]
    chosen = random.Random(seed).sample(pages, max(int(len(pages) * share), 1))
    with path.open("r+b") as file:
        for page in chosen:
            file.seek((page - 1) * size)
            file.write(b"\x99" * size)


def _has_dbstat() -> bool:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("SELECT * FROM dbstat LIMIT 0")
        except sqlite3.OperationalError:
            return False
    return True


needs_dbstat = pytest.mark.skipif(not _has_dbstat(), reason="this SQLite does not tell which page belongs to what")


def _events(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT event_id FROM attempts")}


def _sums_agree(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        (rows,) = connection.execute("SELECT sum(cost_nanousd), count(*) FROM counted").fetchall()
        (hours,) = connection.execute("SELECT sum(cost_nanousd) FROM hours").fetchall()
        (days,) = connection.execute("SELECT sum(cost_nanousd) FROM days").fetchall()
    return bool(rows[0] == hours[0] == days[0])


def _kept(path: Path) -> Path:
    (kept,) = (file for file in path.parent.glob("*.damaged-*") if not file.name.endswith(("-wal", "-shm")))
    return kept


# --- examining ----------------------------------------------------------------------------------


def test_a_sound_ledger_is_said_to_be_sound_with_its_size(patient: Patient) -> None:
    _fill(patient.ledger, 10)
    (finding,) = examined(patient)
    assert finding.mend is None
    assert "10 attempts since 2026-03-02" in finding.words


def test_without_a_ledger_nothing_is_wrong_and_none_is_made(patient: Patient) -> None:
    (finding,) = examined(patient)
    assert (finding.mend, patient.ledger.exists()) == (None, False)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_a_ledger_that_others_can_read_is_said(patient: Patient) -> None:
    _fill(patient.ledger, 10)
    patient.ledger.chmod(0o644)
    assert any(finding.mend and "chmod 600" in finding.mend for finding in examined(patient))


def test_a_file_of_another_program_is_said_and_not_repaired(patient: Patient) -> None:
    patient.ledger.write_text("Dear diary, " * 1_000)
    assert any(finding.mend and "is not a burn-tui ledger" in finding.mend for finding in examined(patient))
    with pytest.raises(LedgerError, match="is not a burn-tui ledger"):
        list(repaired(patient))
    assert patient.ledger.read_text().startswith("Dear diary")


def test_what_is_no_ledger_is_not_called_a_damaged_one(patient: Patient) -> None:
    patient.ledger.write_text("Dear diary, " * 1_000)
    (finding,) = (finding for finding in examined(patient) if finding.about == "ledger")
    assert finding.words == "is no ledger of burn-tui"


def test_a_database_of_another_program_is_said_to_be_one(patient: Patient) -> None:
    with closing(sqlite3.connect(patient.ledger)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    patient.ledger.chmod(0o600)
    (finding,) = (finding for finding in examined(patient) if finding.about == "ledger")
    assert finding.words == "is no ledger of burn-tui"
    assert "database of another program" in (finding.mend or "")


def test_an_empty_file_is_well(patient: Patient) -> None:
    patient.ledger.touch(mode=0o600)
    assert all(finding.mend is None for finding in examined(patient) if finding.about == "ledger")


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        ("UPDATE hours SET cost_nanousd = cost_nanousd + 1", "hours"),
        ("DELETE FROM days", "days"),
        ("UPDATE session_hours SET input_tokens = 0", "sessions"),
        ("UPDATE commit_hours SET cost_nanousd = 0", "commits"),
        ("DELETE FROM latencies WHERE measure = 3", "latencies"),
    ],
)
def test_sums_that_do_not_agree_with_the_rows_are_found_and_mended(patient: Patient, harm: str, what: str) -> None:
    _fill(patient.ledger, 50)
    with closing(sqlite3.connect(patient.ledger)) as connection, connection:
        connection.execute(harm)
    assert any(what in finding.words and finding.mend for finding in examined(patient))
    assert list(repaired(patient)) == ["The file is sound. All sums were made anew from the rows."]
    assert all(finding.mend is None for finding in examined(patient))


# --- repairing ----------------------------------------------------------------------------------


@needs_dbstat
@pytest.mark.parametrize("seed", range(3))
def test_every_attempt_outside_the_damaged_pages_is_recovered_and_the_original_is_kept(
    patient: Patient, seed: int
) -> None:
    path = patient.ledger
    _fill(path)
    everything = _events(path)
    _damage(path, "attempt_rows", seed=seed)
    damaged = path.read_bytes()
    assert any(finding.words == "is damaged" and finding.mend for finding in examined(patient))
    done = repair(path, now=NOW)
    found = _events(path)
    assert found < everything
    assert len(found) == done.attempts > 0.6 * ATTEMPTS
    assert done.lost == ATTEMPTS - done.attempts
    assert is_sound(path)
    assert _sums_agree(path)
    assert done.kept_as.read_bytes() == damaged
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600


@needs_dbstat
@pytest.mark.parametrize("name", ["attempts_by_start", "sqlite_autoindex_attempt_rows_1", "hours", "latencies"])
def test_damage_to_what_can_be_made_anew_loses_nothing(patient: Patient, name: str) -> None:
    _fill(patient.ledger)
    everything = _events(patient.ledger)
    _damage(patient.ledger, name, share=1.0)
    list(repaired(patient))
    assert _events(patient.ledger) == everything
    assert all(finding.mend is None for finding in examined(patient))


@needs_dbstat
@pytest.mark.parametrize("name", ["names", "sqlite_autoindex_names_1"])
def test_words_are_recovered_from_whichever_of_their_two_places_is_sound(patient: Patient, name: str) -> None:
    _fill(patient.ledger)
    with closing(sqlite3.connect(patient.ledger)) as connection:
        before = connection.execute("SELECT event_id, route_reason, session_id FROM attempts ORDER BY 1").fetchall()
    _damage(patient.ledger, name, share=1.0)
    list(repaired(patient))
    with closing(sqlite3.connect(patient.ledger)) as connection:
        after = connection.execute("SELECT event_id, route_reason, session_id FROM attempts ORDER BY 1").fetchall()
    assert after == before


def _break_the_root(path: Path, name: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\x99" * size)


def test_attempts_whose_words_are_lost_keep_their_figures(patient: Patient) -> None:
    _fill(patient.ledger)
    for name in ("labels", "labels_by_name"):
        _break_the_root(patient.ledger, name)
    list(repaired(patient))
    with closing(sqlite3.connect(patient.ledger)) as connection:
        (row,) = connection.execute("SELECT provider_name, sum(cost_nanousd) FROM attempts GROUP BY 1").fetchall()
    assert row == ("lost", sum(range(ATTEMPTS)))
    assert _sums_agree(patient.ledger)


def test_a_ledger_of_which_nothing_can_be_read_is_kept_and_a_new_one_takes_its_place(patient: Patient) -> None:
    path = patient.ledger
    _fill(path, 20)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\x99" * 3_000)  # the schema, behind the header that says whose file it is
    said = list(repaired(patient))
    assert said[0] == "0 attempts recovered, and nobody knows how many were lost."
    assert _events(path) == set()
    assert _kept(path).exists()


def test_feedback_corrections_and_conversations_are_recovered_too(patient: Patient) -> None:
    _fill(patient.ledger)
    with closing(sqlite3.connect(patient.ledger)) as connection, connection:
        connection.execute("INSERT INTO sessions VALUES ('s', 'work', 'local', NULL, 'any', 'draft', NULL, 0, 1, 5)")
        connection.execute("INSERT INTO session_entries VALUES ('s', 0, 'asked', 5, 'why?', x'7b7d')")
    _break_the_root(patient.ledger, "attempts_by_start")
    done = repair(patient.ledger, now=NOW)
    assert {name: done.others[name] for name in ("feedback", "corrections", "sessions", "session_entries")} == {
        "feedback": 1,
        "corrections": 1,
        "sessions": 1,
        "session_entries": 1,
    }
    assert done.lost == 0
    assert _sums_agree(patient.ledger)


def test_rows_that_are_only_in_the_log_are_recovered_and_the_log_is_kept(patient: Patient) -> None:
    path = patient.ledger

    async def check() -> None:
        async with ledger_in(path, owner=ALIVE) as ledger:
            await ledger.record(settled(opened(f"old-{n}")) for n in range(500))
            await ledger.read("PRAGMA wal_checkpoint(TRUNCATE)", {})
            await ledger.settle(settled(opened("only in the log")))
            copy = path.parent / "copy" / path.name
            copy.parent.mkdir()
            for suffix in ("", "-wal"):
                shutil.copy(path.with_name(path.name + suffix), copy.with_name(path.name + suffix))
            _break_the_root(copy, "feedback_by_attempt")
            repair(copy, now=NOW)
            assert "only in the log" in _events(copy)

    asyncio.run(check())


async def test_whoever_has_the_damaged_ledger_open_goes_on_in_the_repaired_one_and_nothing_is_lost(
    patient: Patient,
) -> None:
    path = patient.ledger
    async with ledger_in(path, owner=ALIVE) as ledger:
        await ledger.record(settled(opened(f"old-{n}")) for n in range(500))
        await ledger.read("PRAGMA wal_checkpoint(TRUNCATE)", {})
        await asyncio.to_thread(_break_the_root, path, "attempts_by_request")
        async with ledger_in(path, owner=ALIVE):
            pass
    async with ledger_in(path, owner=ALIVE) as ledger:
        await ledger.settle(settled(opened("while damaged")))
        assert "is damaged" in str(ledger.trouble)
        await asyncio.to_thread(lambda: repair(path, now=NOW))
        await ledger.settle(settled(opened("after the repair")))
        assert ledger.trouble is None
        found = _events(path)
        assert {"while damaged", "after the repair"} <= found
        assert len(found) == 502
        assert await ledger.spent(since=NOW - HOUR_S, until=NOW + HOUR_S) == 502 * 5


# --- the command --------------------------------------------------------------------------------


def test_the_command_prints_a_line_for_each_finding_and_fails_if_one_needs_mending(
    patient: Patient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("burn_tui.tui.doctor_terminal.clipboard", lambda _: [])
    _fill(patient.ledger)
    settings = patient.data_dir / "config.yaml"
    settings.write_text("providers: {own: {dialect: ollama-chat, base_url: 'http://127.0.0.1:9', models: [a]}}")
    places = ["--data-dir", str(patient.data_dir), "--config", str(settings)]
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--offline", *places])
    assert "ok    ledger: 2,000 attempts" in capsys.readouterr().out
    assert ended.value.code == 0
    _break_the_root(patient.ledger, "attempts_by_start")
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--offline", *places])
    assert ended.value.code == 1
    assert "mend  ledger: is damaged\n      Run burn-tui doctor --repair.\n" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--offline", "--repair", *places])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "2,000 attempts recovered, none was lost." in out
    assert "The damaged file is kept as" in out
    assert "ok    ledger: 2,000 attempts" in out
