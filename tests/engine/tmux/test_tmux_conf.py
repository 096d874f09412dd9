"""The block in tmux's configuration: there is one of it, and without it the file is what it was."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.errors import SettingsError
from burn_tui.engine.tmux.conf import (
    CLOSING,
    OPENING,
    Change,
    configuration_file,
    is_installed,
    key_in_block,
    lines,
    read,
    taken,
    with_block,
    without_block,
    without_status,
    write,
)

LINES = lines("/opt/burn-tui")

files = st.none() | st.binary().filter(lambda text: b"burn-tui" not in text)


@given(files)
def test_taking_the_block_out_gives_back_every_byte(text: bytes | None) -> None:
    installed = with_block(text, LINES, file="f").after
    assert is_installed(installed)
    assert without_block(installed, file="f").after == text


@given(files)
def test_installing_twice_is_installing_once(text: bytes | None) -> None:
    once = with_block(text, LINES, file="f").after
    assert with_block(once, LINES, file="f").after == once


@given(files, st.binary(max_size=20).filter(lambda text: b"burn-tui" not in text))
def test_what_is_written_behind_the_block_stays_when_it_goes(text: bytes | None, later: bytes) -> None:
    later = b"set -g mouse on\n" + later
    installed = with_block(text, LINES, file="f").after
    assert installed is not None
    rest = without_block(installed + later, file="f").after
    assert rest is not None
    assert rest.endswith(later)
    assert rest.removesuffix(later).removesuffix(b"\n") == (text or b"").removesuffix(b"\n")


def test_a_newer_block_takes_the_place_of_an_older_one() -> None:
    old = with_block(b"before\n", lines("/old"), file="f").after
    assert old is not None
    new = with_block(old + b"after\n", LINES, file="f").after
    assert new is not None
    assert new.startswith(b"before\n" + OPENING)
    assert new.endswith(CLOSING + b"\nafter\n")
    assert b"/old" not in new


def test_every_line_of_it_stands_between_the_marks() -> None:
    installed = with_block(None, LINES, file="f").after
    assert installed is not None
    first, *inside, last, end = installed.decode().split("\n")
    assert first.startswith(OPENING.decode())
    assert (inside, last, end) == (LINES, CLOSING.decode(), "")


def test_the_colour_of_borders_is_left_to_the_person() -> None:
    assert not [line for line in LINES if "border-style" in line]


@pytest.mark.parametrize(
    "text",
    [
        b"one\n" + OPENING + b"\nset x\n",
        b"one\nset x\n" + CLOSING + b"\n",
        OPENING + b"\n" + CLOSING + b"\n" + OPENING + b"\n" + CLOSING + b"\n",
    ],
)
def test_a_block_that_is_not_whole_is_left_alone_and_said(text: bytes) -> None:
    said = r"tmux\.conf, line \d+: the block of burn-tui is not whole"
    with pytest.raises(SettingsError, match=said):
        with_block(text, LINES, file="tmux.conf")
    with pytest.raises(SettingsError, match=said):
        without_block(text, file="tmux.conf")


@pytest.mark.parametrize(
    ("line", "is_taken"),
    [
        ("bind B new-window", True),
        ("  bind-key -r B new-window # mine", True),
        ('bind -N "a note" B new-window', True),
        ("bind -T prefix B new-window", True),
        ("bind -T copy-mode B new-window", False),
        ("bind -n B new-window", False),
        ("bind b new-window", False),
        ("# bind B new-window", False),
        ("set -g prefix B", False),
        ("bind 'unfinished", False),
    ],
)
def test_a_key_of_the_persons_own_is_seen(line: str, is_taken: bool) -> None:
    assert taken(f"set -g mouse on\n{line}\n".encode(), "B") is is_taken


def test_the_key_of_the_block_is_no_key_of_the_persons_own_and_is_found_again() -> None:
    installed = with_block(b"", lines("/opt/burn-tui", key="M-b"), file="f").after
    assert not taken(installed, "M-b")
    assert key_in_block(installed) == "M-b"
    assert key_in_block(b"") is None


@given(st.sampled_from(["%H:%M", "#(date) x", "#[fg=red]#(uptime | cut -c1)", ""]))
def test_the_status_is_taken_out_of_an_option_and_other_commands_stay(before: str) -> None:
    for program in ("/opt/burn-tui", "'/opt/my tools/burn-tui'"):
        assert without_status(f"{before} #({program} status --tmux)") == before
    assert without_status(before) == before


def test_the_file_is_the_one_that_tmux_reads(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert configuration_file(environ) == tmp_path / ".tmux.conf"
    xdg = tmp_path / "xdg" / "tmux" / "tmux.conf"
    xdg.parent.mkdir(parents=True)
    xdg.touch()
    assert configuration_file(environ) == xdg
    (tmp_path / ".tmux.conf").touch()
    assert configuration_file(environ) == tmp_path / ".tmux.conf"


def test_a_file_behind_a_link_is_written_with_its_permissions_and_the_link_stays(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles.conf", tmp_path / ".tmux.conf"
    real.write_bytes(b"old\n")
    real.chmod(0o600)
    link.symlink_to(real)
    write(link, Change(b"old\n", b"new\n"))
    assert link.is_symlink()
    assert real.read_bytes() == b"new\n"
    assert real.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir() if file.name.endswith("tmp")] == []
    assert sorted(file.name for file in tmp_path.iterdir()) == [".tmux.conf", "dotfiles.conf"]


def test_a_file_that_was_made_for_the_block_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "tmux.conf"
    write(path, with_block(read(path), LINES, file="f"))
    assert path.exists()
    write(path, without_block(read(path), file="f"))
    assert not path.exists()


def test_a_file_that_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read(tmp_path)
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(SettingsError, match="cannot be written"):
        write(blocked / "tmux.conf", Change(None, b"new"))
