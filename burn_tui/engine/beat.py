"""One beat for everything that looks around: what wakes a process at the same moment wakes it once.

A wake-up costs more than most looks do, and many parts look: at the settings, at themes, at logs, at the ledger. Each
waits for the next beat of its own period, and all beats of a process are counted from the same moment.
"""

import asyncio


async def beat(every_s: float) -> None:
    """Until the next whole multiple of `every_s` on the loop's clock; never longer than `every_s`."""
    await asyncio.sleep(until_next(asyncio.get_running_loop().time(), every_s))


def until_next(now: float, every_s: float) -> float:
    """Seconds from `now` until the next multiple of `every_s`: more than 0, so that a beat is never met twice."""
    return (now // every_s + 1) * every_s - now or every_s
