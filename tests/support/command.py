"""The installed command, run as a person's shell runs it, against two simulated providers of the test's own."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct
from support.checkout import console_script
from support.ledgers import rows_on_disk

from burn_tui.simulator.host import Host
from burn_tui.simulator.script import Action, Answer, Script, always
from burn_tui.simulator.server import SimulatedProvider

MARKS_OF_A_TEST = ("PYTEST_CURRENT_TEST", "CI", "BURN_ENV")
"""What would make production refuse to serve us."""

FINE = Answer(text="Because the counter is reset.")

SETTINGS = """\
providers:
  primary: {{dialect: openai-chat, base_url: "{primary}", api_key: "${{PRIMARY_KEY}}", models: [big]}}
  spare:   {{dialect: anthropic-messages, base_url: "{spare}", api_key: "${{SPARE_KEY}}", models: [small]}}
prices:
  primary/big: {{input_usd_per_million: 3, output_usd_per_million: 15}}
  spare/small: {{input_usd_per_million: 1, output_usd_per_million: 5}}
environments:
  development: {{hue: violet}}
  production: {{hue: blue, allow: [primary, spare], confirm: true}}
  local:      {{hue: yellow, allow: [spare]}}
routes:
  - {{name: default, use: [primary/big, spare/small]}}
  - {{name: cheap, use: [spare/small]}}
"""


class Ended(Struct, frozen=True):
    """A command that is over."""

    code: int
    out: str
    narration: str

    @property
    def report(self) -> Any:
        """What `--json` printed: one object on one line and nothing else."""
        (line,) = self.out.splitlines()
        return json.loads(line)


def as_a_shell_has_it(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's variables and those of the test, without what marks a test."""
    ours = {name: value for name, value in os.environ.items() if name not in MARKS_OF_A_TEST}
    return {**ours, **(environ or {})}


def burn_tui(
    *arguments: str, stdin: bytes = b"", environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Ended:
    """Run it to its end, in the directory `cwd` or where the tests run."""
    ended = subprocess.run(
        [console_script("burn-tui"), *arguments],
        input=stdin,
        capture_output=True,
        env=as_a_shell_has_it(environ),
        cwd=cwd,
        check=False,
        timeout=120,
    )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


class World:
    """Two providers that answer, a settings file that names them, and a data directory."""

    def __init__(self, directory: Path, host: Host, primary: SimulatedProvider, spare: SimulatedProvider) -> None:
        self.primary = primary
        self.spare = spare
        self.config = directory / "config.yaml"
        self.data_dir = directory / "data"
        self.environ = {"PRIMARY_KEY": "key-of-primary", "SPARE_KEY": "key-of-spare"}
        self.config.write_text(SETTINGS.format(primary=host.base_url("primary"), spare=host.base_url("spare")))

    @property
    def places(self) -> tuple[str, ...]:
        """The options that lead to it."""
        return ("--config", str(self.config), "--data-dir", str(self.data_dir))

    def change(self, old: str, new: str) -> None:
        """Edit the settings file."""
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def add(self, more: str) -> None:
        """Add to the settings file."""
        self.config.write_text(self.config.read_text() + more)

    def ask(
        self,
        *options: str,
        prompt: str = "why does it never stop?",
        stdin: bytes = b"",
        environ: Mapping[str, str] | None = None,
    ) -> Ended:
        """Run `burn-tui ask`."""
        variables = {**self.environ, **(environ or {})}
        return burn_tui("ask", prompt, *options, *self.places, stdin=stdin, environ=variables)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The ledger's, as another program reads them."""
        return rows_on_disk(self.data_dir / "ledger.sqlite3")

    @property
    def was_asked(self) -> bool:
        """Whether any byte has reached a provider."""
        return bool(self.primary.seen or self.spare.seen)


@contextmanager
def two_providers(directory: Path, primary: Action | Script = FINE, spare: Action | Script = FINE) -> Iterator[World]:
    """`primary` (OpenAI's dialect, model big) and `spare` (Anthropic's, model small), doing what is said here."""
    first = SimulatedProvider("primary", "openai-chat", _script(primary))
    second = SimulatedProvider("spare", "anthropic-messages", _script(spare))
    with Host([first, second]) as host:
        yield World(directory, host, first, second)


def _script(action: Action | Script) -> Script:
    return action if callable(action) else always(action)
