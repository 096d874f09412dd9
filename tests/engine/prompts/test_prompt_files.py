"""Prompts as files: what is the same version, what is another one, and what is wrong with a file."""

import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from support.prompts import TRIAGE, prompt_of, write

from burn_tui.core.errors import SettingsError
from burn_tui.core.prompt_form import recalled
from burn_tui.core.prompt_rendering import rendered
from burn_tui.engine.prompts import files as prompt_files
from burn_tui.engine.prompts.files import MOST_BYTES, folders, read_prompt, shelf
from burn_tui.engine.settings_file import stamp

HEADS = st.fixed_dictionaries(
    {},
    optional={
        "description": st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=20),
        "owner": st.just("search team"),
        "tags": st.just(["a", "b"]),
        "model": st.fixed_dictionaries(
            {}, optional={"route": st.just("quick"), "options": st.just({"temperature": 0.5, "seed": 7})}
        ),
        "inputs": st.just({"ticket": {"type": "string"}, "team": {"default": "support", "required": False}}),
        "output": st.just({"format": "json", "schema": {"type": "object", "properties": {}}}),
    },
)

LETTERS = st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="{}\\")
BODIES = st.lists(st.text(LETTERS, max_size=30), min_size=1, max_size=6).map("\n".join)


def file_of(head: dict[str, Any], body: str) -> str:
    return f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\nuser:\nQ {{{{ticket}}}} {body}\n"


def version(text: str) -> str:
    return prompt_of(text).version.version


def backwards(value: Any) -> Any:
    """The same mapping with all its keys the other way round."""
    return {key: backwards(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


# --- the version ------------------------------------------------------------------------------------


@given(HEADS, BODIES)
def test_line_ends_and_a_byte_order_mark_are_no_new_version(head: dict[str, Any], body: str) -> None:
    text = file_of(head, body)
    assert version(text.replace("\n", "\r\n")) == version(text)
    assert version("\ufeff" + text) == version(text)
    assert version(text.rstrip("\n")) == version(text + "\n\n") == version(text)


@given(HEADS, BODIES)
def test_the_order_of_keys_is_no_new_version(head: dict[str, Any], body: str) -> None:
    assert version(file_of(backwards(head), body)) == version(file_of(head, body))


@given(HEADS, BODIES, st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"])))
def test_comments_and_what_is_for_people_are_no_new_version(head: dict[str, Any], body: str, words: str) -> None:
    text = file_of(head, body)
    assert version(text.replace("---\n", f"---\n# {words}\n", 1)) == version(text)
    people = {"description": f"x{words}", "notes": f"x{words}", "owner": "somebody else", "tags": [f"x{words}"]}
    assert version(file_of({**head, **people}, body)) == version(text)


@given(HEADS, BODIES)
def test_the_way_in_which_unicode_composes_letters_is_no_new_version(head: dict[str, Any], body: str) -> None:
    text = file_of(head, f"{body} é Å ö")
    assert version(unicodedata.normalize("NFD", text)) == version(unicodedata.normalize("NFC", text))


@given(HEADS, BODIES, st.floats(0.0, 2.0))
def test_another_temperature_is_a_new_version(head: dict[str, Any], body: str, temperature: float) -> None:
    assume(temperature != 0.5)
    hot = {**head, "model": {"options": {"temperature": temperature, "seed": 7}}}
    assert version(file_of(hot, body)) != version(
        file_of({**head, "model": {"options": {"temperature": 0.5, "seed": 7}}}, body)
    )


@given(HEADS, BODIES, st.data())
def test_any_other_character_of_the_body_is_a_new_version(head: dict[str, Any], body: str, data: st.DataObject) -> None:
    """White space too, unless it is the line ends that close the file."""
    text = file_of(head, body)
    place = data.draw(st.integers(text.index("Q "), len(text) - 1))
    other = data.draw(LETTERS | st.sampled_from(" \t\n"))
    changed = text[:place] + other + text[place:]
    assume(unicodedata.normalize("NFC", changed).rstrip("\n") != unicodedata.normalize("NFC", text).rstrip("\n"))
    try:
        assert version(changed) != version(text)
    except SettingsError:
        assert "{{" in changed  # a variable that was torn apart has no version at all


@given(HEADS, BODIES)
def test_the_canonical_form_is_a_prompt_file_of_the_same_version(head: dict[str, Any], body: str) -> None:
    first = prompt_of(file_of(head, body)).version
    assert recalled(first.text) == first
    assert prompt_of(first.text).version == first


def test_another_default_another_type_and_another_route_are_new_versions() -> None:
    changes = [("support", "sales"), ("type: string", "type: object"), ("temperature: 0.2", "temperature: 0.3")]
    changes += [("model:\n", "model:\n  route: quick\n"), ("---\nsystem", "output: json\n---\nsystem")]
    versions = {version(TRIAGE.replace(old, new, 1)) for old, new in changes}
    assert len(versions | {version(TRIAGE)}) == len(changes) + 1


# --- values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["no", "on", "12:30", "0123", "2026-03-02", "1e3", "1_000", "0x1f", "true", "1.10"])
def test_a_default_that_yaml_might_take_for_something_else_keeps_every_character(value: str) -> None:
    prompt = prompt_of(f"---\ninputs: {{x: {{default: {value}}}}}\n---\nuser:\n<{{{{x}}}}>\n").version.prompt
    assert rendered(prompt, {}).messages[0].text == f"<{value}>"


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        ("integer", "0123", "123"),
        ("number", "1e3", "1000"),
        ("number", "0.50", "0.5"),
        ("boolean", "no", "false"),
        ("array", "[1, two]", '[1,"two"]'),
        ("object", "{a: no}", '{"a":"no"}'),
    ],
)
def test_a_default_is_of_its_declared_type(type_: str, value: str, text: str) -> None:
    prompt = prompt_of(f"---\ninputs: {{x: {{type: {type_}, default: {value}}}}}\n---\n{{{{x}}}}\n").version.prompt
    assert rendered(prompt, {}).messages[0].text == text


# --- what is wrong ----------------------------------------------------------------------------------

WRONG = {
    "an open bracket": ("---\ntags: [a\n---\nhi", 2, "Check the quotes, brackets"),
    "a head without an end": ("---\nname: triage\nhi", 1, "Put a line ---"),
    "an unknown key": ("---\nmodle: {}\n---\nhi", 2, "Did you mean 'model'?"),
    "a key that stands twice": ("---\noutput: json\noutput: text\n---\nhi", 3, "Remove it here or in line 2"),
    "another name": ("---\nname: sort\n---\nhi", 2, "rename the file to sort.prompt.md"),
    "an unknown option": ("---\nmodel:\n  options: {temprature: 1}\n---\nhi", 3, "Did you mean 'temperature'?"),
    "a temperature in words": ("---\nmodel:\n  options:\n    temperature: hot\n---\nhi", 4, "expected a number"),
    "an unknown type": ("---\ninputs:\n  a: {type: text}\n---\n{{a}}", 3, "Write string, integer"),
    "a default of another type": ("---\ninputs:\n  a: {type: integer, default: two}\n---\n{{a}}", 3, "Write 42"),
    "a variable called like a key": ("---\ninputs:\n  model: {}\n---\n{{model}}", 3, "Call it the_model"),
    "such a variable in the body only": ("hi\n{{tags}}", 2, "Call it the_tags"),
    "a variable that is not declared": ("---\ninputs: {ticket: {}}\n---\nhi\n{{tickt}}", 5, "Did you mean 'ticket'?"),
    "braces that mean nothing": ("---\nname: triage\n---\nhi\n\n{{#if x}}", 6, "is no variable"),
    "braces that do not close": ("hi {{ticket", 1, "is no variable"),
    "nothing for the user to say": ("---\nname: triage\n---\nsystem:\nhi", 5, "Write the question below"),
    "a schema for text": ("---\noutput: {schema: {}}\n---\nhi", 2, "Add `format: json`"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_broken_file_is_a_sentence_with_file_line_and_mend(what: str) -> None:
    text, line, mend = WRONG[what]
    with pytest.raises(SettingsError) as caught:
        prompt_of(text)
    assert str(caught.value).startswith(f"prompts/triage.prompt.md, line {line}: ")
    assert mend in str(caught.value)


def test_a_body_of_five_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = write(tmp_path, "hi " * (5 * MOST_BYTES // 3))
    with pytest.raises(SettingsError, match=r"triage\.prompt\.md, line 1: has 5\.2 MB.*value of a variable"):
        read_prompt(path)


def test_a_file_that_is_no_text_names_the_line(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(b"hi\n\n\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"line 3: is not UTF-8 text\. Save it as UTF-8"):
        read_prompt(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(SettingsError, match=r"line 1: is no file\. Take it away"):
        read_prompt(path)


def test_a_name_that_two_files_claim_is_told_with_both_places(tmp_path: Path) -> None:
    project, own = tmp_path / "project", tmp_path / "config"
    first, second = write(project), write(own)
    found = shelf([first.parent, second.parent])
    assert found.files == {}
    assert str(found.problems["triage"]).startswith(
        f"{second}: has the same name as another prompt. Rename it or {first}"
    )


def test_a_broken_file_hides_no_other(tmp_path: Path) -> None:
    write(tmp_path, "---\n: [", "broken")
    path = write(tmp_path)
    found = shelf([path.parent])
    assert list(found.files) == ["triage"]
    assert list(found.problems) == ["broken"]


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path)
    looks: list[Path] = []

    def replaced_meanwhile(seen: Path) -> object:
        looks.append(seen)
        if len(looks) == 2:
            write(tmp_path, TRIAGE.replace("support", "sales"))
        return stamp(seen)

    monkeypatch.setattr(prompt_files, "stamp", replaced_meanwhile)
    assert read_prompt(path).version.prompt.inputs["team"].default == "sales"
    assert len(looks) == 4


def test_prompts_are_found_upwards_to_the_repository_and_no_further(tmp_path: Path) -> None:
    outside, repository = write(tmp_path).parent, tmp_path / "repository"
    deep = repository / "src" / "deep"
    deep.mkdir(parents=True)
    assert folders(deep, None) == ()
    (repository / ".git").mkdir()
    assert folders(deep, None) == ()
    inside = write(repository).parent
    assert folders(deep, None) == (inside,)
    assert folders(tmp_path, None) == (outside,)
    assert folders(deep, tmp_path) == (inside, outside)
