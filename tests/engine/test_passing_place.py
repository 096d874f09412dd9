"""What lasts only as long as its process, also where that is killed."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from burn_tui.engine.ownership import this_process
from burn_tui.engine.passing_place import passing_place

LIVES = """
import signal
from burn_tui.engine.passing_place import passing_place
with passing_place("test") as place:
    print(place, flush=True)
    signal.pause()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary directories are made, for this process and its children."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_it_is_gone_afterwards(temporary: Path) -> None:
    with passing_place("test") as place:
        (place / "a file").touch()
        assert place.stat().st_mode & 0o777 == 0o700
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not say which process is dead")
def test_that_of_a_killed_process_goes_when_the_next_one_comes_and_that_of_a_living_one_stays(temporary: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", LIVES], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        left = Path(other.stdout.readline().strip())
        with passing_place("test"):
            assert left.is_dir()
        other.kill()
    with passing_place("test") as place:
        assert list(temporary.iterdir()) == [place]


def test_what_was_half_removed_when_its_remover_was_killed_still_names_its_dead_owner(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = temporary / "burn-tui-test-left"
    (left / "project").mkdir(parents=True)
    (left / "owner").write_text(this_process().replace(f"pid:{os.getpid()}:", "pid:999999999:"))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt), passing_place("test"):
            pass
    with passing_place("test"):
        assert not left.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_what_others_put_beside_it_is_left_alone(temporary: Path) -> None:
    dead = this_process().replace(f"pid:{os.getpid()}:", "pid:999999999:")
    precious = temporary / "precious"
    precious.mkdir()
    (precious / "owner").write_text(dead)
    (temporary / "burn-tui-test-link").symlink_to(precious)
    (temporary / "burn-tui-test-nobodys").mkdir()
    (temporary / "burn-tui-test-odd").mkdir()
    (temporary / "burn-tui-test-odd" / "owner").write_bytes(b"\xff")
    (temporary / "burn-tui-other-purpose").mkdir()
    (temporary / "burn-tui-other-purpose" / "owner").write_text(dead)
    before = set(temporary.iterdir())
    with passing_place("test"):
        pass
    assert set(temporary.iterdir()) == before
    assert (precious / "owner").exists()
