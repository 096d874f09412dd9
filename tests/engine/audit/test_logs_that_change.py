"""Logs that grow, shrink, move and are written anew: nothing is lost, and nothing counts twice."""

import os
from pathlib import Path

from support.homes import audited, claude_log, codex_log, count, meta, response, turn, written


def append(log: Path, *lines: object) -> None:
    with log.open("ab") as file:
        file.write(written(*lines))


async def test_only_what_was_appended_is_read(tmp_path: Path) -> None:
    log = claude_log(tmp_path / "home", response(1))
    async with audited(tmp_path) as audit:
        await audit.read()
        # Damaged without a change of its ends: what was read before is not looked at again.
        append(log, *(response(number) for number in range(2, 60)))
        await audit.read()
        content = log.read_bytes()
        middle = content.index(b"msg_01" + b"%022d" % 30)
        log.write_bytes(content[:middle] + b"X" + content[middle + 1 :])
        append(log, response(60))
        found = await audit.read()
        assert (found.new_rows, (await audit.sums())["attempts"]) == (1, 60)


async def test_a_counter_of_codex_goes_on_where_the_log_was_left(tmp_path: Path) -> None:
    log = codex_log(tmp_path / "home", meta("a"), turn(), count(1000, 1000))
    async with audited(tmp_path) as audit:
        await audit.read()
        append(log, count(1000, 1000, seconds=31), count(3000, 2000, seconds=60))
        await audit.read()
        sums = await audit.sums()
        assert (sums["attempts"], sums["input_tokens"], sums["unpriced_requests"]) == (2, 3000, 0)


async def test_half_a_line_waits_for_its_end_and_is_named_until_then(tmp_path: Path) -> None:
    whole = written(response(2))
    log = claude_log(tmp_path / "home", response(1))
    log.write_bytes(log.read_bytes() + whole[:200])
    async with audited(tmp_path) as audit:
        await audit.read()
        assert (await audit.sums())["attempts"] == 1
        assert await audit.skipped() == [("session-1.jsonl", 2, "the line has no end yet")]
        log.write_bytes(log.read_bytes() + whole[200:])
        await audit.read()
        assert ((await audit.sums())["attempts"], await audit.skipped()) == (2, [])


async def test_a_last_line_that_is_whole_counts_without_its_end(tmp_path: Path) -> None:
    log = claude_log(tmp_path / "home", response(1), response(2))
    log.write_bytes(log.read_bytes().rstrip(b"\n"))
    async with audited(tmp_path) as audit:
        await audit.read()
        assert ((await audit.sums())["attempts"], await audit.skipped()) == (2, [])
        log.write_bytes(log.read_bytes() + b"\n" + written(response(3)))
        await audit.read()
        assert ((await audit.sums())["attempts"], await audit.skipped()) == (3, [])


async def test_a_log_that_was_cut_short_and_written_on_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = claude_log(tmp_path / "home", response(1), response(2), response(3))
    async with audited(tmp_path) as audit:
        await audit.read()
        log.write_bytes(written(response(1), response(4)))
        await audit.read()
        assert (await audit.sums())["attempts"] == 4


async def test_a_log_that_was_written_anew_and_is_longer_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = claude_log(tmp_path / "home", response(1))
    async with audited(tmp_path) as audit:
        await audit.read()
        log.write_bytes(written(*(response(number) for number in range(5, 9))))
        await audit.read()
        assert (await audit.sums())["attempts"] == 5


async def test_a_log_of_the_same_length_and_other_content_is_read_again(tmp_path: Path) -> None:
    log = claude_log(tmp_path / "home", response(1))
    async with audited(tmp_path) as audit:
        await audit.read()
        log.write_bytes(written(response(2)))
        os.utime(log, ns=(0, log.stat().st_mtime_ns + 1))
        await audit.read()
        assert (await audit.sums())["attempts"] == 2


async def test_a_log_that_was_moved_away_makes_room_for_another_of_its_name(tmp_path: Path) -> None:
    log = claude_log(tmp_path / "home", response(1), response(2))
    async with audited(tmp_path) as audit:
        await audit.read()
        log.rename(log.with_name("session-1.1.jsonl"))
        claude_log(tmp_path / "home", response(3), response(4), response(5))
        await audit.read()
        assert (await audit.sums())["attempts"] == 5


async def test_a_log_larger_than_a_piece_is_read_whole(tmp_path: Path) -> None:
    filling = {"content": [{"type": "text", "text": "x" * 1_000_000}]}
    claude_log(tmp_path / "home", *(response(number, message=filling) for number in range(1, 21)), '{"usage": broken}')
    async with audited(tmp_path) as audit:
        await audit.read()
        assert (await audit.sums())["attempts"] == 20
        assert [(name, line) for name, line, _ in await audit.skipped()] == [("session-1.jsonl", 21)]
