"""Files that people write, with whatever can be wrong in them: each is taken, or refused in a sentence that names the
file and how to mend it. Nothing else is ever raised. support/fuzz.py says how to try for longer.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.checkout import ROOT
from support.fuzz import examples, spoilt

from burn_tui.core.errors import PromptError, SettingsError
from burn_tui.engine import base_file
from burn_tui.engine.comparing import files as compare_files
from burn_tui.engine.comparing import promptfoo
from burn_tui.engine.prompts.files import parsed
from burn_tui.engine.prompts.pins_file import change_pins, read_pins
from burn_tui.engine.settings import load
from burn_tui.tui import theme

SETTINGS = """\
providers:
  primary: {dialect: openai-chat, base_url: "http://127.0.0.1:9100/v1", api_key: "${PRIMARY_KEY}", models: [big]}
  anthropic:
    models: [{name: claude, context_window: 200000}]
    api_key: ["${ONE}", "keyring:two"]
prices:
  primary/big: {input_usd_per_million: 3, output_usd_per_million: 15.5}
environments:
  production: {hue: blue, production: true, allow: [primary], confirm: true, unlock_minutes: 5}
  local: {hue: yellow, allow: [anthropic]}
routes:
  - {name: default, use: [anthropic/claude], on_cut: restart, patience_s: 5}
budgets:
  - {name: daily, scope: all, limit_usd: 20, period: day, timezone: Europe/Berlin, when_full: queue}
rules:
  - {path: "docs/**", tier: cheap}
auto: {explore: 0.1}
timeouts: {connect_s: 5, first_chunk_s: 60}
gateway: {port: 4141}
keys: {burn: f12}
neighbours:
  - {host: "prod*", environment: production}
team: {url: "${BURN_TEAM_URL}", member: kim}
terminal: {notify: [osc9]}
audit: {homes: ["~"], follow: false}
theme: ops
store_text: false
keep_text_days: 3
slow_s: 12
"""
BASE = """\
environments:
  production: {allow: [primary], confirm: true}
budgets:
  - {name: project, limit_usd: 5, period: day}
"""
PROMPT = """\
---
name: triage
description: Sort a ticket.
model: {route: default, options: {temperature: 0.2, max_output_tokens: 400}}
inputs:
  ticket: {required: true, type: string}
  team: {default: support}
---
system:
You sort tickets for {{team}}.
user:
{{ticket}} of {{team|nobody}}, and no \\{{ticket}}
"""
PINS = f"""\
# who sends what
triage: {{production: sha256:{"3f" * 32}, staging: working}}
triage.anthropic:
  production: sha256:{"b2" * 32}  # since Monday
"""
CASES = """\
models: [primary/big]
versions: [production, working]
repeats: 2
judge: primary/big
defaultTest:
  assert: [{type: cost, threshold: 0.01}]
tests:
  - description: one
    vars: {ticket: it burns, team: [a, b]}
    assert: [{type: contains, value: fire}, {type: latency, threshold: 3000}]
  - vars: {ticket: "no water"}
    assert:
      - {type: is-json, value: {type: object, required: [a]}}
      - {type: not-regex, value: "^ [a-z]+$"}
      - {type: llm-rubric, value: "It is kind."}
"""
PROMPTFOO = """\
description: tickets
prompts: ["Sort {{ticket}}.", {raw: "Say {{ticket}}", label: second}]
providers: [openai:gpt-4o, {id: "anthropic:messages:claude", config: {temperature: 0}}]
defaultTest: {options: {provider: openai:gpt-4o}}
tests:
  - {description: one, vars: {ticket: [a, b]}, assert: [{type: icontains, value: a}, {type: llm-rubric, value: kind}]}
"""


def _settings(directory: Path, text: str) -> None:
    load(_written(directory / "config.yaml", text))


def _base(directory: Path, text: str) -> None:
    base_file.read(_written(directory / ".burn-tui.yaml", text))


def _prompt(directory: Path, text: str) -> None:
    parsed(text, path=directory / "triage.prompt.md", name="triage")


def _pins(directory: Path, text: str) -> None:
    file = _written(directory / "pins.yaml", text)
    read_pins(directory)
    change_pins(directory, "triage", {"production": "77" * 32})
    assert read_pins(directory).pins["triage"]["production"].endswith("77" * 32)
    assert file.exists()


def _cases(directory: Path, text: str) -> None:
    compare_files.read_cases(_written(directory / "triage.yaml", text))


def _promptfoo(directory: Path, text: str) -> None:
    file = _written(directory / "promptfooconfig.yaml", text)
    promptfoo.import_config(file, directory / "prompts", is_known=lambda _: True)


def _theme(directory: Path, text: str) -> None:
    theme.read(_written(directory / "own.yaml", text))


def _written(file: Path, text: str) -> Path:
    # As an editor writes it, with whatever cannot be written in UTF-8 in its place.
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    return file


Read = Callable[[Path, str], None]

KINDS: dict[str, tuple[Read, str]] = {
    "settings": (_settings, SETTINGS),
    "a repository's settings": (_base, BASE),
    "a prompt": (_prompt, PROMPT),
    "pins": (_pins, PINS),
    "cases to compare by": (_cases, CASES),
    "promptfoo's configuration": (_promptfoo, PROMPTFOO),
    "a theme": (_theme, (ROOT / "themes" / "ops.yaml").read_text()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_spoilt_below_is_right_before(kind: str, tmp_path: Path) -> None:
    read, text = KINDS[kind]
    read(tmp_path, text)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(80))
@given(data=st.data())
def test_a_file_with_accidents_is_taken_or_refused_in_a_sentence(kind: str, data: st.DataObject) -> None:
    read, text = KINDS[kind]
    _takes_or_refuses(read, data.draw(spoilt([text])))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(40))
@given(text=st.text(max_size=200))
@example(text="\ufeff")
@example(text="---\n---\n")
@example(text="- - - - -")
def test_any_text_is_taken_or_refused_in_a_sentence(kind: str, text: str) -> None:
    _takes_or_refuses(KINDS[kind][0], text)


def _takes_or_refuses(read: Read, text: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        words = _refusal(read, Path(directory), text)
        assert words is None or directory in words, "the file is not named"
        assert words is None or words.endswith((".", "?", "!")), words


def _refusal(read: Read, directory: Path, text: str) -> str | None:
    try:
        read(directory, text)
    except (SettingsError, PromptError) as error:
        return str(error)
    return None
