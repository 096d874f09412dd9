"""YAML without its traps: what older readers take for something else is refused, with its line."""

from contextlib import suppress
from typing import Annotated, Literal

import pytest
import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from burn_tui.core.errors import SettingsError
from burn_tui.engine.yaml_source import Document, dotted, parse


def _parse(text: str) -> Document:
    return parse(text, file="x.yaml")


def _entry(word: str) -> object:
    """What a word means as the only entry of a list."""
    entries = _parse(f"- {word}\n").value
    assert isinstance(entries, list)
    return entries[0]


def _refusal(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        _parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no", "true or false"),
        ("Yes", "true or false"),
        ("off", "true or false"),
        ("y", "true or false"),
        ("12:30", "a base-60 number"),
        ("190:20:30.15", "a base-60 number"),
        ("0123", "an octal number"),
        ("-007", "an octal number"),
        ("08", "an octal number"),
        ("2026-01-01", "a date"),
        ("2026-01-01T12:00:00Z", "a date"),
        ("1_000", "a number"),
        ("4_5.0_1", "a number"),
        ("0x_1f", "a number"),
        ("0b101", "a number"),
        ("-0x1f", "a number"),
    ],
)
def test_a_plain_word_that_older_yaml_misreads_is_refused_with_its_place(text: str, reason: str) -> None:
    refusal = _refusal(f"a: 1\nb:\n  - {text}\n")
    assert refusal.startswith(f"x.yaml, line 3: b[0]: {text} is ambiguous: older YAML reads it as {reason}.")
    assert f'Put quotes around it ("{text}")' in refusal


@pytest.mark.parametrize("text", ["no", "12:30", "0123", "2026-01-01", "1_000"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_in_quotes_it_is_text(text: str, quote: str) -> None:
    assert _parse(f"a: {quote}{text}{quote}").value == {"a": text}


@pytest.mark.parametrize("key", ["on", "No", "0123", "12:30"])
def test_a_key_is_no_better_than_a_value(key: str) -> None:
    assert f"line 2: {key}: {key} is ambiguous" in _refusal(f"a: 1\n{key}: 2\n")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("0", 0),
        ("-12", -12),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-.inf", float("-inf")),
        ("tRue", "tRue"),
        ("nope", "nope"),
        ("1.2.3", "1.2.3"),
        ("12:99", "12:99"),
        ("qwen3:8b", "qwen3:8b"),
        ("2026-01", "2026-01"),
        ("gpt_4_5", "gpt_4_5"),
    ],
)
def test_a_plain_word_is_read_by_the_core_schema(text: str, value: object) -> None:
    found = _entry(text)
    assert (found, type(found)) == (value, type(value))


plain_words = st.text("01579_-+.:eExobnNyYf aAT", min_size=1, max_size=12)


@given(plain_words)
@example("685_230.15")
@example("0b_")
def test_whatever_an_older_reader_takes_for_more_than_text_is_read_alike_or_refused(word: str) -> None:
    try:
        ours, theirs = _entry(word), yaml.safe_load(f"- {word}\n")[0]
    except (SettingsError, yaml.YAMLError):
        return
    assume(not isinstance(ours, dict))  # its keys are always text
    assert isinstance(theirs, str) or repr(theirs) == repr(ours)


def test_every_key_and_entry_has_its_line() -> None:
    document = _parse("# comment\na:\n  b: 1\n\n  c:\n    - x\n    -\n      d: 2\n")
    lines = {dotted(path): line for path, line in document.lines.items() if path}
    assert lines == {"a": 2, "a.b": 3, "a.c": 5, "a.c[0]": 6, "a.c[1]": 8, "a.c[1].d": 8}


@given(st.lists(st.sampled_from(["", "# note", "  # note"]), max_size=5), st.integers(0, 3))
def test_blank_lines_and_comments_count_as_lines(before: list[str], depth: int) -> None:
    keys = [f"k{level}" for level in range(depth + 1)]
    nested = [f"{'  ' * level}{key}:" for level, key in enumerate(keys)]
    document = _parse("\n".join([*before, *nested]) + " value\n")
    assert document.lines[tuple(keys)] == len(before) + depth + 1


def test_an_error_about_something_that_is_not_there_names_the_nearest_line_above() -> None:
    document = _parse("a:\n  b:\n    c: 1\n")
    error = document.error("is missing.", ("a", "b", "d", 0), mend="Add it.")
    assert (error.line, error.key) == (2, "a.b.d[0]")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: a: this key stands here twice. Remove it here or in line 1."),
        ("x:\n  a: 1\n  'a': 2\n", "line 3: x.a: this key stands here twice."),
        ("a: &here [1]\nb: *here\n", "b: aliases (*name) are not supported. Write the value out."),
        ("base: &base {a: 1}\nb:\n  <<: *base\n", "aliases"),
        ("a: !secret key\n", "line 1: a: tags (!name) are not supported."),
        ("a: !!python/object/apply:os.system [ls]\n", "tags (!name) are not supported."),
        ("a: !!binary aGVsbG8=\n", "tags (!name) are not supported."),
        ("? [a, b]\n: 1\n", "a key must be a plain word."),
        ("a: 1\n\tb: 2\n", "line 2: not valid YAML"),
        ("a: [1, 2\n", "not valid YAML"),
        ("a: 1\n---\nb: 2\n", "not valid YAML"),
        ("a: *nobody\n", "line 1: not valid YAML"),
        ("a: " + "9" * 5_000 + "\n", "line 1: a: this number is too long."),
        ("a: \x00\n", "x.yaml: not valid YAML"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(text: str, words: str) -> None:
    assert words in _refusal(text)


class Engine(Struct, forbid_unknown_fields=True):
    """A part of a car."""

    power_kw: float
    fuel: str = "petrol"


class Car(Struct, forbid_unknown_fields=True):
    """Something to be read from a file."""

    name: str
    engine: Engine | None = None
    wheels: list[Engine] = []
    seats: list[int] | None = None


def _car(text: str) -> Car:
    return _parse(text).convert(("car",), Car)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("car:\n  nmae: x\n", "line 2: car.nmae: unknown key. Did you mean 'name'?"),
        ("car:\n  name: x\n  qqq: 1\n", "line 3: car.qqq: unknown key. Known: name, engine, wheels, seats."),
        ("car:\n  name: x\n  engine:\n    powr_kw: 1\n", "line 4: car.engine.powr_kw: unknown key. Did you mean"),
        ("car:\n  name: x\n  engine: {}\n", "line 3: car.engine: 'power_kw' is missing. Add `power_kw: ...` here."),
        ("car:\n  name: x\n  wheels:\n  - {power_kw: 1}\n  - 5\n", "line 5: car.wheels[1]: expected a mapping"),
        ("car:\n  name: 7\n", "line 2: car.name: expected text, got a number."),
        ("car:\n  name: x\n  seats: 5\n", "line 3: car.seats: expected a list, got a number."),
        ("car:\n  name: x\n  engine: 5\n", "line 3: car.engine: expected a mapping, got a number."),
        ("car: fast\n", "line 1: car: expected a mapping, got text."),
    ],
)
def test_a_value_of_the_wrong_kind_is_said_in_plain_words_with_the_nearest_known_key(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _car(text)
    assert words in str(caught.value)


def test_what_fits_is_converted() -> None:
    assert _car("car: {name: x, engine: {power_kw: 5}}\n") == Car("x", Engine(5.0))


@given(st.text(max_size=200))
def test_any_text_is_a_document_or_a_settings_error(text: str) -> None:
    with suppress(SettingsError):
        _parse(text)


def test_what_lies_at_a_path_is_found_and_what_does_not_is_none() -> None:
    document = _parse("a:\n  - b: 1\n")
    assert (document.at(("a", 0, "b")), document.at(("a", 1)), document.at(("a", 0, "c"))) == (1, None, None)
    assert (document.mapping(("a", 0)), document.mapping(("nothing",))) == ({"b": 1}, {})
    with pytest.raises(SettingsError, match="expected a mapping, got a list"):
        document.mapping(("a",))


Fuel = Literal["petrol", "water"]


class Seat(Struct, forbid_unknown_fields=True):
    heated: bool = False


class Van(Struct, forbid_unknown_fields=True):
    seats: dict[str, Seat] = {}
    colours: dict[str, str | list[str]] = {}
    fuel: Fuel | None = None
    ranges: dict[Fuel, Annotated[int, Meta(ge=0)]] = {}
    trips: list[str] | None = None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "seats: {front: {heated: 1}}",
            "seats.front.heated: expected true or false, got a number. Write true or false.",
        ),
        ("seats: {front: {heated: true}, back: 5}", "seats.back: expected a mapping, got a number."),
        ("colours: {roof: [red, 5]}", "colours.roof[1]: expected text, got a number. Put quotes around it"),
        ("colours: {roof: 5}", "colours.roof: expected text or a list, got a number."),
        ("fuel: watr", "fuel: 'watr' means nothing here. Did you mean 'water'?"),
        ("ranges: {watr: 5}", "ranges.watr: 'watr' means nothing here. Did you mean 'water'?"),
        ("ranges: {water: 1.5}", "ranges.water: expected a whole number, got a number. Write a whole number"),
        ("ranges: {water: -1}", "ranges.water: expected a whole number >= 0."),
        ("trips: home", "trips: expected a list, got text. Write `[one, other]`, or a line `- one` for each."),
    ],
)
def test_an_entry_of_a_mapping_is_named_by_its_own_key_and_every_wrong_value_has_its_mend(
    text: str, message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(text, file="van.yaml").convert((), Van)
    assert message in str(caught.value)
