"""`compare/<name>.yaml` beside the prompts: what the versions and models of a prompt are asked, and what the answers
have to be. Tests, variables and assertions have promptfoo's names.

    models: [openai/gpt-6-luna, anthropic/claude-sonnet-5-5]   # default: whom the prompt names
    versions: [production, working]                            # default: what production stands for, and the file
    repeats: 3                                                 # default: 1
    judge: openai/gpt-6.1-sol                                  # of llm-rubric; default: the default route
    defaultTest:
      assert:
        - {type: latency, threshold: 5000}
    tests:
      - description: a fire
        vars: {ticket: The printer burns.}
        assert:
          - {type: icontains, value: facilities}
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from burn_tui.core.assertions import Assertion, filled, named, names_in, problem
from burn_tui.core.comparison import Case, case_of
from burn_tui.core.errors import mend_by_name
from burn_tui.engine.text_file import text_of
from burn_tui.engine.yaml_source import Document, Key, parse

FOLDER = "compare"
"""Beside the prompts."""


_KEYS = ("models", "versions", "repeats", "judge", "defaultTest", "tests", "description")
_TEST_KEYS = ("description", "vars", "assert")
_ASSERT_KEYS = ("type", "value", "threshold", "path", "provider")
_TEXTS = {"equals", "contains", "icontains", "starts-with", "regex", "llm-rubric"}
"""Types whose value is a text, so that it is taken as it was written: 0123 stays 0123."""


class Cases(Struct, frozen=True, kw_only=True):
    """What the file says."""

    path: Path
    cases: tuple[Case, ...]
    used: frozenset[str]
    """Variables that assertions name: the prompt need not know them."""
    models: tuple[str, ...] = ()
    """() = whom the prompt names."""
    versions: tuple[str, ...] = ()
    """Labels or digits; () = nothing is said."""
    repeats: int = 1
    judge: str | None = None
    """None = the default route."""


def path_of(folders: Sequence[Path], name: str) -> Path | None:
    """The file of a prompt; None = there is none."""
    places = (folder / FOLDER / f"{name}.yaml" for folder in folders)
    return next((path for path in places if path.is_file()), None)


def read_cases(path: Path) -> Cases:
    """What is in `path`; SettingsError with the line for whatever is wrong with it."""
    return parsed(text_of(path), path)


def parsed(text: str, path: Path) -> Cases:
    """What `text` says."""
    document = parse(text, file=str(path), refuses_traps=False)
    _refuse_unknown(document, (), _KEYS)
    usual, usual_asserts = _test(document, ("defaultTest",))
    tests = document.at(("tests",))
    if not isinstance(tests, list) or not tests:
        raise document.error("there are no tests.", ("tests",), mend="Add `tests:` with at least one `- vars: ...`.")
    cases, used = [], set()
    for number in range(len(tests)):
        place: tuple[Key, ...] = ("tests", number)
        variables, asserts = _test(document, place)
        given = usual | variables
        used |= {name for one in (*usual_asserts, *asserts) for name in names_in(one)}
        wanted = [_possible(filled(one, given), document, place) for one in (*usual_asserts, *asserts)]
        cases.append(case_of(_name(document, place, variables, number), given, wanted))
    _refuse_twins(document, cases)
    return Cases(
        path=path,
        cases=tuple(cases),
        used=frozenset(used),
        models=_names(document, "models"),
        versions=_names(document, "versions"),
        repeats=_repeats(document),
        judge=document.convert(("judge",), str) if document.at(("judge",)) is not None else None,
    )


# --- one test ---------------------------------------------------------------------------------------


def _test(document: Document, place: tuple[Key, ...]) -> tuple[dict[str, Any], list[Assertion]]:
    """Its variables and assertions."""
    if document.at(place) is not None:
        _refuse_unknown(document, place, _TEST_KEYS)
    variables = {name: _given(document, (*place, "vars", name)) for name in document.mapping((*place, "vars"))}
    wanted = document.at((*place, "assert"))
    if wanted is not None and not isinstance(wanted, list):
        raise document.error("expected a list.", (*place, "assert"), mend="Write `- {type: contains, value: ...}`.")
    asserts = [_assertion(document, (*place, "assert", number)) for number in range(len(wanted or []))]
    return {name: value for name, value in variables.items() if value is not None}, asserts


def _given(document: Document, place: tuple[Key, ...]) -> Any:
    """A variable's value as it was written; the prompt says what it has to be."""
    value = document.at(place)
    return document.written.get(place, value) if value is not None else None


def _assertion(document: Document, place: tuple[Key, ...]) -> Assertion:
    _refuse_unknown(document, place, _ASSERT_KEYS)
    type_ = document.at((*place, "type"))
    if not isinstance(type_, str):
        raise document.error("it has no type.", place, mend="Add `type: contains`, or another one.")
    kind, is_negated = named(type_)
    here = (*place, "value")
    value = document.written.get(here, document.at(here)) if kind in _TEXTS else document.at(here)
    threshold = document.at((*place, "threshold"))
    if threshold is not None and (isinstance(threshold, bool) or not isinstance(threshold, int | float)):
        raise document.error("expected a number.", (*place, "threshold"), mend="Write one, as in threshold: 0.8.")
    assertion = Assertion(
        type=kind,
        is_negated=is_negated,
        value=value,
        threshold=threshold,
        path=_text(document, (*place, "path")),
        provider=_text(document, (*place, "provider")),
    )
    return _possible(assertion, document, place)


def _possible(assertion: Assertion, document: Document, place: tuple[Key, ...]) -> Assertion:
    wrong = problem(assertion)
    if wrong is not None:
        raise document.error(wrong, place, mend="")  # it says itself what to do
    return assertion


def _text(document: Document, place: tuple[Key, ...]) -> str | None:
    return None if document.at(place) is None else document.convert(place, str)


def _name(document: Document, place: tuple[Key, ...], variables: Mapping[str, Any], number: int) -> str:
    said = document.written.get((*place, "description"), document.at((*place, "description")))
    return str(said) if said else name_by(variables, number)


def name_by(variables: Mapping[str, Any], number: int) -> str:
    """What a case is called that has no description: what is special about it. `number`: from 0."""
    words = " ".join(" ".join(str(value) for value in variables.values()).split())
    return (words if len(words) <= 50 else f"{words[:49]}…") or f"case {number + 1}"


def _refuse_twins(document: Document, cases: list[Case]) -> None:
    """What has the same name could not be told apart."""
    seen: dict[str, int] = {}
    for number, case in enumerate(cases):
        if case.name in seen:
            raise document.error(
                f"it is called {case.name!r} as test {seen[case.name] + 1} is.",
                ("tests", number),
                mend="Give it another `description`.",
            )
        seen[case.name] = number


# --- the rest ---------------------------------------------------------------------------------------


def _refuse_unknown(document: Document, place: tuple[Key, ...], known: tuple[str, ...]) -> None:
    for key in document.mapping(place):
        if key not in known:
            raise document.error("unknown key.", (*place, key), mend=mend_by_name(key, known))


def _names(document: Document, key: str) -> tuple[str, ...]:
    value = document.at((key,))
    if isinstance(value, str):
        return (value,)
    return tuple(document.convert((key,), list[str])) if value is not None else ()


def _repeats(document: Document) -> int:
    value = document.at(("repeats",))
    if value is None:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100:
        raise document.error(
            "expected a whole number from 1 to 100.", ("repeats",), mend="Write one, as in repeats: 3."
        )
    return value
