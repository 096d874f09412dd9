"""Identifiers sort by the time at which they were made."""

import zoneinfo
from datetime import datetime, timedelta
from pathlib import Path
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.engine.clock import Clock, local_timezone, uuid7

milliseconds = st.integers(0, 2**48 - 1)
entropy = st.binary(min_size=10, max_size=10)


@given(milliseconds, entropy, milliseconds, entropy)
def test_identifiers_sort_by_time(earlier: int, some: bytes, later: int, other: bytes) -> None:
    if earlier != later:
        assert (uuid7(earlier, some) < uuid7(later, other)) == (earlier < later)


@given(milliseconds, entropy)
def test_an_identifier_is_a_version_seven_uuid_as_everybody_reads_it(unix_ms: int, random: bytes) -> None:
    written = uuid7(unix_ms, random)
    uuid = UUID(written)
    assert str(uuid) == written
    assert (uuid.version, uuid.variant) == (7, RFC_4122)


@given(milliseconds, entropy)
def test_the_time_can_be_read_back(unix_ms: int, random: bytes) -> None:
    assert UUID(uuid7(unix_ms, random)).int >> 80 == unix_ms


@given(milliseconds, entropy, entropy)
def test_chance_fills_every_bit_that_is_not_prescribed(unix_ms: int, one: bytes, other: bytes) -> None:
    prescribed = (0xF << 76) | (0x3 << 62)
    free = (2**80 - 1) & ~prescribed
    differ = (int.from_bytes(one) ^ int.from_bytes(other)) & free
    assert (UUID(uuid7(unix_ms, one)).int ^ UUID(uuid7(unix_ms, other)).int) == differ


def test_the_example_of_the_standard_comes_out_as_printed() -> None:
    # RFC 9562, appendix A.6
    rand_a, rand_b = 0xCC3, 0x18C4DC0C0C07398F
    random = ((rand_a << 64) | rand_b).to_bytes(10)
    assert uuid7(0x017F22E279B0, random) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_the_real_clock_makes_a_fresh_identifier_each_time() -> None:
    clock = Clock()
    made = {clock.new_id() for _ in range(1_000)}
    assert len(made) == 1_000
    assert {UUID(identifier).version for identifier in made} == {7}


def test_durations_never_run_backwards() -> None:
    clock = Clock()
    assert clock.monotonic() <= clock.monotonic()


def test_the_local_time_zone_knows_its_changes_of_the_clock() -> None:
    berlin = local_timezone({"TZ": "Europe/Berlin"})
    summer, winter = (datetime(2026, month, 1, tzinfo=berlin).utcoffset() for month in (7, 1))
    assert (summer, winter) == (timedelta(hours=2), timedelta(hours=1))


def test_a_time_zone_that_cannot_be_read_is_the_offset_of_this_moment(tmp_path: Path) -> None:
    here = local_timezone({"TZ": "no/such/place"}, tmp_path / "nothing")
    assert datetime.now(here).utcoffset() == datetime.now().astimezone().utcoffset()


def test_the_machines_time_zone_equals_itself_until_the_machine_has_another_one(tmp_path: Path) -> None:
    here = tmp_path / "localtime"
    here.symlink_to(_zone_file("Europe/Berlin"))
    berlin = local_timezone({}, here)
    assert local_timezone({}, here) == berlin
    here.unlink()
    here.symlink_to(_zone_file("Asia/Tokyo"))
    assert datetime(2026, 7, 1, tzinfo=local_timezone({}, here)).utcoffset() == timedelta(hours=9)


def _zone_file(name: str) -> Path:
    found = (Path(directory) / name for directory in zoneinfo.TZPATH)
    return next((path for path in found if path.is_file()), None) or pytest.skip(
        "This machine has no file of its zones."
    )
