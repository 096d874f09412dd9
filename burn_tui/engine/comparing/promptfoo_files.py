"""The files that a promptfooconfig.yaml names: its prompts and tables of tests."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from burn_tui.core.errors import SettingsError
from burn_tui.core.promptfoo import NotTakenError, body_of, body_of_chat, compact
from burn_tui.engine.text_file import text_of
from burn_tui.engine.yaml_source import Document, Key, parse

_NAME_LETTERS = 40
_FILES = (".txt", ".md", ".json", ".yaml", ".yml", ".j2", ".csv")


class Remark(Struct, frozen=True, kw_only=True):
    """Something that could not be taken as it is."""

    file: str
    line: int
    """From 1."""
    text: str

    @property
    def sentence(self) -> str:
        """With its place."""
        return f"{self.file}, line {self.line}: {self.text}"


class Prompt(Struct, frozen=True, kw_only=True):
    """A prompt of ours."""

    name: str
    """"" = it was given none."""
    body: str


def slug(text: str) -> str:
    """A name for a prompt's file; "" if nothing is left of the text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:_NAME_LETTERS].strip("-")


def prompts_of(document: Document, folder: Path, remarks: list[Remark]) -> Iterator[Prompt]:
    """Every prompt that can be taken, whether it stands in the file or in another one."""
    listed = document.at(("prompts",))
    entries = listed if isinstance(listed, list) else [listed] if listed is not None else []
    for number, entry in enumerate(entries):
        place: tuple[Key, ...] = ("prompts", number) if isinstance(listed, list) else ("prompts",)
        line = document.lines.get(place, 1)
        said = entry if isinstance(entry, dict) else {"raw": entry}
        text = said.get("raw", said.get("id"))
        label = str(said.get("label", ""))
        if not isinstance(text, str):
            remarks.append(Remark(file=document.file, line=line, text="a prompt without a text is not taken."))
            continue
        for name, raw in _raw(text, folder, document.file, line, remarks):
            try:
                yield Prompt(name=slug(label or name), body=_body(raw))
            except NotTakenError as error:
                what = f"prompt {label or name or number + 1} is not taken: {error}."
                remarks.append(Remark(file=document.file, line=line, text=what))


def table_of(
    named: str, folder: Path, document: Document, place: tuple[Key, ...], remarks: list[Remark]
) -> Iterator[Document]:
    """The tests in other files, each file as a list of tests."""
    line = document.lines.get(place, 1)
    for path in _paths(named, folder):
        try:
            match path.suffix.lower():
                case ".yaml" | ".yml" | ".json":
                    yield parse(text_of(path), file=str(path), refuses_traps=False)
                case ".csv":
                    yield _of_csv(path, remarks)
                case _:
                    text = f"{path.name} is no table that can be read: YAML, JSON or CSV."
                    remarks.append(Remark(file=document.file, line=line, text=text))
        except SettingsError as error:
            remarks.append(Remark(file=document.file, line=line, text=str(error)))


def _of_csv(path: Path, remarks: list[Remark]) -> Document:
    """Columns are variables, `__expected…` what is to be (promptfoo.dev/docs/configuration/test-cases)."""
    tests: list[dict[str, Any]] = []
    lines: dict[tuple[Key, ...], int] = {(): 1}
    reader = csv.DictReader(io.StringIO(text_of(path), newline=""))
    for row in reader:
        lines[len(tests),] = reader.line_num
        test: dict[str, Any] = {"vars": {}, "assert": []}
        for column, cell in row.items():
            if not column or not isinstance(cell, str):
                continue
            if column.startswith("__expected"):
                _expect(cell, test, path, reader.line_num, remarks)
            elif column == "__description":
                test["description"] = cell
            elif column.startswith("__"):
                remarks.append(Remark(file=str(path), line=1, text=f"the column {column} is not taken."))
            else:
                test["vars"][column] = cell
        tests.append(test)
    return Document(str(path), tests, lines)


def _expect(cell: str, test: dict[str, Any], path: Path, line: int, remarks: list[Remark]) -> None:
    if not cell.strip():
        return
    try:
        test["assert"].append(compact(cell))
    except NotTakenError as error:
        remarks.append(Remark(file=str(path), line=line, text=f"{error}."))


def _raw(text: str, folder: Path, file: str, line: int, remarks: list[Remark]) -> Iterator[tuple[str, str]]:
    """Name and text of each prompt that an entry stands for."""
    if "\n" in text or not _is_file(text):
        if text.startswith(("exec:", "langfuse://", "portkey://", "helicone://", "file://")):
            what = f"{text.partition(':')[0]} prompts are made by a program or kept elsewhere, so it is not taken."
            remarks.append(Remark(file=file, line=line, text=what))
        else:
            yield "", text
        return
    for path in _paths(text, folder):
        try:
            content = text_of(path)
        except SettingsError as error:
            remarks.append(Remark(file=file, line=line, text=str(error)))
            continue
        if path.suffix.lower() == ".csv":
            for row in csv.DictReader(io.StringIO(content, newline="")):
                yield row.get("label") or path.stem, row.get("prompt") or ""
        elif path.suffix.lower() == ".txt":
            parts = [part.strip("\n") for part in re.split(r"^---[ \t]*\r?$", content, flags=re.MULTILINE)]
            yield from ((path.stem, part) for part in parts if part.strip())
        else:
            yield path.stem, content


def _is_file(text: str) -> bool:
    return text.removeprefix("file://").lower().endswith(_FILES) and "{{" not in text


def _paths(text: str, folder: Path) -> list[Path]:
    """The file, or the files that a pattern stands for."""
    name = text.removeprefix("file://")
    if any(sign in name for sign in "*?[") and not Path(name).is_absolute():
        return sorted(path for path in folder.glob(name) if path.is_file())
    return [folder / name]


def _body(raw: str) -> str:
    """A text for the user, or a conversation in JSON or YAML."""
    if not raw.strip():
        raise NotTakenError("it is empty")
    if raw.lstrip().startswith(("[", "- role:")):
        try:
            messages = parse(raw, file="", refuses_traps=False).value
        except SettingsError:
            return body_of(raw)
        if isinstance(messages, list) and messages and all(isinstance(one, dict) for one in messages):
            return body_of_chat(messages)
    return body_of(raw)


def json_text(value: Any) -> str:
    """A value as YAML reads it too: what would end or break a line there is escaped."""
    text = msgspec.json.encode(value).decode()
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", text)
