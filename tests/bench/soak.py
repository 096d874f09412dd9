"""A working day a hundred times as fast, with everything going wrong that can: what is left in memory and in the books.

    python tests/bench/soak.py [HOURS]

HOURS of the clock on the wall, 8 by default, in HOURS * 36 s. Twenty sessions of one runtime, four clients of its
gateway and the log of another tool go on at once, over five simulated providers in this process, with all faults of
simulator/script.py by seeded chance; the settings are taken over anew twice a second. Printed: the resident memory at
each tenth, and the ledger beside the books that the providers and the log keep themselves. Those must agree to the
nano-dollar, row by row; what the answers cost that were cut nobody knows, so those rows are listed apart.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.soaking import Books, Soak

SPEED = 100.0
HOUR_S = 3_600.0

WARM = 2
"""Tenths until caches, pools and the interpreter's own arenas have their size."""

WANTED_MB = 10.0


def resident_mb() -> float:
    """Of this process, now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def soaked(hours: float) -> tuple[list[float], Books, int]:
    """Resident MB before and at each tenth, the books, and how many questions were asked."""
    with tempfile.TemporaryDirectory() as directory:
        async with Soak(Path(directory), speed=SPEED, seed=7, think_s=1.0) as soak:
            memory = [resident_mb()]

            def tenth(number: int) -> None:
                memory.append(resident_mb())
                print(f"{number * hours / 10:5.1f} h   {memory[-1]:7.1f} MB   {soak.asked:6} questions", flush=True)

            await soak.run(hours * HOUR_S / SPEED, tenth=tenth)
            return memory, await soak.books(), soak.asked


def main() -> None:
    """Run it, and print."""
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    began = perf_counter()
    memory, books, asked = asyncio.run(soaked(hours))
    print(f"{hours:g} hours in {perf_counter() - began:.0f} s: {asked} questions, {books.answers} answers to their end")
    print(f"resident: {memory[0]:.1f} MB before, {memory[WARM]:.1f} MB when warm, {memory[-1]:.1f} MB at the end")
    print(f"growth since then: {memory[-1] - memory[WARM]:+.1f} MB (wanted under {WANTED_MB:.0f} MB)")
    print(f"the books want {books.wanted_nanousd} nano-USD, the ledger has {books.found_nanousd}")
    print(
        f"rows missing: {books.missing}, in no book: {books.unknown}, with another cost: {books.wrong}; "
        f"of {books.log_lines} lines of the log {books.log_rows} have a row"
    )
    print(
        f"apart: {books.estimated} rows of answers that were cut, estimated at {books.estimated_nanousd} nano-USD "
        f"(the providers cut {books.cut}); {books.free} refused, for nothing"
    )
    print("they agree to the nano-dollar" if books.agree else "THEY DO NOT AGREE")
    sys.exit(not books.agree)


if __name__ == "__main__":
    main()
