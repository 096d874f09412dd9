"""Configurations as people write them for promptfoo, taken over."""

from collections.abc import Callable
from pathlib import Path

import pytest

from burn_tui.core.errors import PromptError, SettingsError
from burn_tui.core.promptfoo import NotTakenError, compact, target_of, template
from burn_tui.engine.comparing.files import read_cases
from burn_tui.engine.comparing.promptfoo import Imported, import_config
from burn_tui.engine.prompts.files import read_prompt

SUPPORT = """\
# yaml-language-server: $schema=https://promptfoo.dev/config-schema.json
description: 'Customer support replies'

prompts:
  - file://prompts/reply.txt
  - id: file://prompts/chat.json
    label: Chat reply
  - |-
    {% if premium %}Hurry. {% endif %}{{question}}

providers:
  - id: openai:chat:gpt-6-luna
    config:
      temperature: 0.2
      max_tokens: 400
  - id: anthropic:messages:claude-sonnet-5-5
    label: Claude
    config:
      temperature: 0.2
      max_tokens: 400
  - bedrock:us.amazon.nova-pro-v1:0

defaultTest:
  vars:
    tone: friendly
  assert:
    - type: latency
      threshold: 8000
    - type: llm-rubric
      value: does not describe self as an AI, model, or chatbot
  options:
    provider: openai:gpt-6.1-sol

tests:
  - description: Promotions
    vars:
      name: Jane
      question: Do you have any promotions or discounts currently available?
    assert:
      - type: icontains
        value: discount
      - type: javascript
        value: output.length < 900
      - type: similar
        value: We have discounts.
        threshold: 0.6
  - vars:
      name: Bob
      order: 00123
      question: 'Where is order {{order}}?'
    assert:
      - type: contains
        value: '{{order}}'
        weight: 2
      - $ref: '#/assertionTemplates/short'
    metadata:
      team: shipping

assertionTemplates:
  short:
    type: word-count
    value: {max: 120}

outputPath: results.json
"""

REPLY = """Hello, I am {{ name }}. Answer in a {{tone}} way, in {{ language | default('English') }}:

{{question}}
"""

CHAT = """[
  {"role": "system", "content": "You answer customers in a {{tone}} way."},
  {"role": "user", "content": "{{question}}"}
]
"""

EXTRACTION = """\
prompts: [extract.txt]
targets:
  - ollama:chat:qwen3
evaluateOptions:
  repeat: 2
  maxConcurrency: 4
tests:
  - vars:
      language: [French, German]
      text: file://letter.txt
    assert:
      - type: is-json
        value:
          type: object
          required: [sender, amount]
          properties:
            amount: {type: number, minimum: 0}
      - type: not-contains
        value: sorry
      - type: assert-set
        assert:
          - {type: cost, threshold: 0.002}
          - {type: regex, value: '"currency":\\s*"[A-Z]{3}"'}
  - tests.csv
"""

TABLE = """language,text,__expected,__expected2,__description
English,"Dear all, pay 5 EUR.",contains-json,"contains-any: EUR, euro",A letter
Spanish,Hola,javascript: output.length,,A greeting
"""


NO_PROGRAMS = "javascript would run a program, which burn-tui does not do. Use contains, regex, is-json or llm-rubric."


def files(folder: Path, **contents: str) -> None:
    for name, text in contents.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def known(*targets: str) -> Callable[[str], bool]:
    return lambda target: target in targets


EVERYBODY = known("openai/gpt-6-luna", "openai/gpt-6.1-sol", "anthropic/claude-sonnet-5-5", "ollama/qwen3")


def taken_over(tmp_path: Path, text: str, *, is_known: Callable[[str], bool] = EVERYBODY) -> Imported:
    config = tmp_path / "promptfooconfig.yaml"
    config.write_text(text)
    return import_config(config, tmp_path / "project" / "prompts", is_known=is_known)


def support(tmp_path: Path, **options: Callable[[str], bool]) -> Imported:
    files(tmp_path, prompts__reply_txt=REPLY, prompts__chat_json=CHAT)
    return taken_over(tmp_path, SUPPORT, **options)


def names(imported: Imported, tmp_path: Path) -> list[str]:
    return [str(path.relative_to(tmp_path / "project" / "prompts")) for path in imported.written]


def test_a_support_configuration_becomes_prompts_and_their_cases(tmp_path: Path) -> None:
    imported = support(tmp_path)
    assert names(imported, tmp_path) == [
        "reply.prompt.md",
        "compare/reply.yaml",
        "chat-reply.prompt.md",
        "compare/chat-reply.yaml",
    ]
    reply, chat = (read_prompt(path).version.prompt for path in imported.written[::2])
    assert reply.body == (
        "user:\nHello, I am {{the_name}}. Answer in a {{tone}} way, in {{language|English}}:\n\n{{question}}\n"
    )
    assert chat.body == "system:\nYou answer customers in a {{tone}} way.\n\nuser:\n{{question}}\n"
    assert (reply.model.options.temperature, reply.model.options.max_output_tokens) == (0.2, 400)


def test_its_cases_have_variables_assertions_models_and_a_judge(tmp_path: Path) -> None:
    cases = read_cases(support(tmp_path).written[1])
    assert cases.models == ("openai/gpt-6-luna", "anthropic/claude-sonnet-5-5")
    assert cases.judge == "openai/gpt-6.1-sol"
    promotions, order = cases.cases
    assert promotions.name == "Promotions"
    assert order.variables == {
        "tone": "friendly",
        "the_name": "Bob",
        "order": "00123",
        "question": "Where is order 00123?",
    }
    assert [one.shown for one in promotions.asserts] == [
        "latency at most 8 s",
        "llm-rubric “does not describe self as an AI, model, or chatbot”",
        "icontains “discount”",
    ]
    assert [one.shown for one in order.asserts[2:]] == ["contains “00123”", 'word-count “{"max": 120}”']


def test_whatever_is_not_taken_is_said_with_its_line(tmp_path: Path) -> None:
    said = [(remark.line, remark.text) for remark in support(tmp_path).remarks]
    lines = SUPPORT.splitlines()
    about = [(lines[line - 1].strip(), text) for line, text in said]
    assert about == [
        ("- |-", "prompt 3 is not taken: {% if premium %} decides or repeats something."),
        (
            "- bedrock:us.amazon.nova-pro-v1:0",
            "bedrock/us.amazon.nova-pro-v1:0 is not in your settings, so it is not compared until you add it there.",
        ),
        ("name: Jane", "the variable name is called the_name here."),
        (
            "- type: javascript",
            f"assertion javascript is not taken: {NO_PROGRAMS}",
        ),
        ("- type: similar", said_of_similar(about)),
        ("name: Bob", "the variable name is called the_name here."),
        ("weight: 2", "`weight` of an assertion is not taken: each counts alike."),
        ("metadata:", "`metadata` of a test is not taken."),
        ("outputPath: results.json", "`outputPath` is not taken."),
    ]


def said_of_similar(about: list[tuple[str, str]]) -> str:
    """Its sentence lists every type there is."""
    (text,) = [text for line, text in about if line == "- type: similar"]
    assert text.startswith("assertion similar is not taken: there is no assertion 'similar' here. Known: equals,")
    return text


def test_a_model_that_is_not_configured_is_named_in_the_file_and_not_asked(tmp_path: Path) -> None:
    path = support(tmp_path, is_known=known("openai/gpt-6-luna")).written[1]
    assert read_cases(path).models == ("openai/gpt-6-luna",)
    assert '# Not in the settings when it was taken over: ["anthropic/claude-sonnet-5-5",' in path.read_text()


def test_an_extraction_configuration_with_lists_files_and_a_table(tmp_path: Path) -> None:
    files(tmp_path, extract_txt="Extract from this {{language}} letter:\n{{text}}\n", tests_csv=TABLE)
    files(tmp_path, letter_txt="Monsieur,\nvous devez 5 EUR.\n")
    imported = taken_over(tmp_path, EXTRACTION)
    cases = read_cases(imported.written[1])
    assert names(imported, tmp_path) == ["extract.prompt.md", "compare/extract.yaml"]
    assert (cases.models, cases.repeats) == (("ollama/qwen3",), 2)
    assert [case.variables["language"] for case in cases.cases] == ["French", "German", "English", "Spanish"]
    assert cases.cases[1].variables["text"] == "Monsieur,\nvous devez 5 EUR.\n"
    assert [one.type for one in cases.cases[0].asserts] == ["is-json", "contains", "cost", "regex"]
    assert cases.cases[0].asserts[1].is_negated
    assert cases.cases[0].asserts[0].value["properties"]["amount"] == {"type": "number", "minimum": 0}
    assert [one.shown for one in cases.cases[2].asserts] == ["contains-json", 'contains-any “["EUR", "euro"]”']
    assert cases.cases[2].name == "A letter"
    assert [remark.sentence.rpartition("/")[2] for remark in imported.remarks] == [
        "promptfooconfig.yaml, line 6: `maxConcurrency` is not taken: calls are made one after the other.",
        "tests.csv, line 3: javascript cannot be checked here.",
    ]


def test_nothing_is_overwritten_and_then_nothing_is_written_at_all(tmp_path: Path) -> None:
    files(tmp_path, project__prompts__reply_prompt_md="user:\nMine.\n")
    with pytest.raises(PromptError, match="is there already"):
        support(tmp_path)
    assert [path.name for path in (tmp_path / "project").rglob("*.*")] == ["reply.prompt.md"]
    assert (tmp_path / "project" / "prompts" / "reply.prompt.md").read_text() == "user:\nMine.\n"


def test_a_configuration_without_a_prompt_that_can_be_taken_says_why(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"line 2: exec prompts are made by a program"):
        taken_over(tmp_path, "prompts:\n  - exec:./make.sh\n")
    with pytest.raises(SettingsError, match=r"line 3: not valid YAML"):
        taken_over(tmp_path, "prompts:\n  - [\n")
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        import_config(tmp_path / "nobody.yaml", tmp_path, is_known=EVERYBODY)


def test_prompts_of_one_file_and_inline_ones_get_names_of_their_own(tmp_path: Path) -> None:
    files(tmp_path, many_txt="To French: {{text}}\n---\nTo German: {{text}}\n")
    text = "description: Say it\nprompts:\n  - many.txt\n  - Translate {{text}}\n  - 'Tell {{text}}'\n"
    assert names(taken_over(tmp_path, text), tmp_path) == [
        "many.prompt.md",
        "many-2.prompt.md",
        "say-it.prompt.md",
        "say-it-2.prompt.md",
    ]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Hi {{ who }}.", "Hi {{who}}."),
        ("{{who|safe}}", "{{who}}"),
        ("{# a note #}{{ who | default('you', true) }}", "{{who|you}}"),
        ("{{name}} and {{user}}", "{{the_name}} and {{the_user}}"),
    ],
)
def test_a_template_of_variables_is_ours(theirs: str, ours: str) -> None:
    assert template(theirs) == ours


@pytest.mark.parametrize(
    "theirs", ["{{ who | upper }}", "{{ who.name }}", "{% for a in b %}x{% endfor %}", "{{ env.KEY }}", "{{ a + b }}"]
)
def test_a_template_that_does_more_is_not_guessed_at(theirs: str) -> None:
    with pytest.raises(NotTakenError):
        template(theirs)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("openai:gpt-6-luna", "openai/gpt-6-luna"),
        ("openai:responses:gpt-6-luna", "openai/gpt-6-luna"),
        ("anthropic:messages:claude-opus-5-5", "anthropic/claude-opus-5-5"),
        ("google:gemini-3.8-flash", "gemini/gemini-3.8-flash"),
        ("ollama:chat:qwen3:8b", "ollama/qwen3:8b"),
        ("openrouter:openai/gpt-6-luna", "openrouter/openai/gpt-6-luna"),
        ("file://mine.py", None),
        ("https://example.com/ask", None),
        ("echo", None),
    ],
)
def test_a_provider_is_one_of_ours_or_none(theirs: str, ours: str | None) -> None:
    assert target_of(theirs) == ours


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Paris", {"type": "equals", "value": "Paris"}),
        ("icontains: paris", {"type": "icontains", "value": "paris"}),
        ("not-contains: sorry", {"type": "not-contains", "value": "sorry"}),
        ("contains-all: a, b", {"type": "contains-all", "value": ["a", "b"]}),
        ("latency(500)", {"type": "latency", "threshold": 500.0}),
        ("grade: is polite", {"type": "llm-rubric", "value": "is polite"}),
        ("Note: bring it", {"type": "equals", "value": "Note: bring it"}),
    ],
)
def test_an_assertion_in_a_table_has_a_compact_form(theirs: str, ours: dict[str, object]) -> None:
    assert compact(theirs) == ours
