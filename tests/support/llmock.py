"""llmock, which plays ten providers over real HTTP: https://github.com/JulienRabault/LLMock.

/v1 is OpenAI's chat, /anthropic Anthropic's messages, /gemini Google's; what shall go wrong is queued.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from support.checkout import console_script
from support.programs import free_port, serving


@contextmanager
def llmock(log: Path) -> Iterator[str]:
    """The address of one that runs."""
    port = free_port()
    command = [console_script("llmock"), "serve", "--host", "127.0.0.1", "--port", str(port)]
    with serving(command, port, health="/health", log=log) as address:
        yield address


def call(address: str, path: str, body: object = None) -> Any:
    """Its own API; a GET without a body."""
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(address + path, data=data), timeout=10) as response:
        return json.load(response)


def queue(address: str, *behaviours: dict[str, object]) -> None:
    """What the next requests shall meet."""
    call(address, "/_llmock/scenario", {"behaviors": behaviours})
