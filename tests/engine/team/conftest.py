"""A server for all tests of a process, and a team's empty schema for each test."""

from collections.abc import Iterator

import pytest
from support.postgres import Server, running_server

from burn_tui.engine.team import schema as team_schema
from burn_tui.engine.team.connection import Line, address_of


@pytest.fixture(autouse=True)
def _days_of_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """About a second to ready."""
    with running_server() as running:
        running.run("CREATE DATABASE team")
        yield running


@pytest.fixture
def url(server: Server) -> str:
    """Of a database that was set up for a team just now."""
    made = server.url("team")
    server.run("DROP SCHEMA IF EXISTS burn CASCADE", made)
    line = Line(address_of(made))
    line.run(team_schema.make)
    line.close()
    return made
