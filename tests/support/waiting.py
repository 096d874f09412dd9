"""Waiting for what another task or process does."""

import asyncio
from collections.abc import Callable

GIVE_UP_S = 40.0


async def until(condition: Callable[[], object]) -> None:
    """Let others work until `condition` holds; TimeoutError if it never does."""
    async with asyncio.timeout(GIVE_UP_S):
        while not condition():  # noqa: ASYNC110 - whoever makes it true does not know that it is waited for
            await asyncio.sleep(0.001)
