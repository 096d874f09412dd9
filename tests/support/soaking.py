"""A working day in a few minutes: many sessions, clients of the gateway and the log of another tool at once, all faults
of the simulator among the answers, and books beside the ledger that know what it must say in the end.

    sessions ─────┐                    ┌── tills: five simulated providers, each with its own book
    clients ──────┼── one runtime ─────┤
    written log ──┘        │           └── the log's own book
                           v
                        ledger ══ all books together, to the nano-dollar?
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct, structs
from support.gateways import Doorway, served
from support.homes import claude_log, response, written
from support.waiting import until
from support.world import World, world

from burn_tui.core.budget import Budget
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest
from burn_tui.core.events import TextDelta
from burn_tui.core.money import Price, Rates
from burn_tui.core.policy import TimeLimits
from burn_tui.core.usage import Usage
from burn_tui.engine.clock import Clock
from burn_tui.engine.session import Session
from burn_tui.engine.settings_schema import AuditSettings
from burn_tui.simulator.script import Answer
from support.tills import SLOWLY, Till

DIALECTS = {
    "anthropic": "anthropic-messages",
    "openai": "openai-chat",
    "responses": "openai-responses",
    "gemini": "gemini-generate",
    "ollama": "ollama-chat",
}

START = datetime(2026, 3, 2, 20, tzinfo=UTC).timestamp()
"""So that eight hours hold a midnight."""

TURNS = 12
"""Of a conversation, until its tab is closed and another one opened."""

LOG_LINES = 200
"""Of a session of the other tool."""

TOOL_MODEL = "claude-sonnet-4-5-20250929"
TOOL_PRICE = Price(
    rates=Rates(
        input_rate=3_000_000_007, output_rate=15_000_000_011, cache_read_rate=300_000_013, cache_write_rate=3_750_000_017
    )
)

LIMITS = TimeLimits(first_chunk_s=30.0, idle_s=30.0)
"""Longer than anything that is answered in the end, so that only what is to be cut is cut."""
