"""Whether an answer is one at all: what can be told of it without asking anybody.

Each check is sure rather than sharp: a flaw that is found here is one, and a stronger model may be paid for it.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from burn_tui.core.chat import ChatRequest, FinishReason
from burn_tui.core.complexity import LONGEST_LOOKED_AT
from burn_tui.core.json_schema import problem, unknown_keyword
from burn_tui.core.refusals import is_refusal, may_be_refusal
from burn_tui.core.task_class import TaskClass

FlawKind = Literal["empty", "truncated", "refusal", "json", "schema", "no_code", "command"]

LONGEST_WITHOUT_CODE = 4_000
"""Characters, after which an answer is no longer kept back for the code that it should hold."""

_CODE_CLASSES: frozenset[TaskClass] = frozenset({"code_edit", "quick_snippet", "infra_config", "test_or_debug"})

_WANTS_CODE = re.compile(
    r"\b(?:write|implement|give me|generate|create|refactor|rewrite|port|complete)\b[^.?!\n]{0,60}"
    r"\b(?:function|script|class|code|one-?liner|regex|query|command|method|program|snippet|dockerfile|manifest"
    r"|unit tests?|module)\b",
    re.IGNORECASE,
)
_WANTS_JSON = re.compile(
    r"\b(?:answer|respond|reply|return|output)\b[^.?!\n]{0,40}\bjson\b(?! (?:file|schema|parser|library))",
    re.IGNORECASE,
)
_FENCED = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n(.*?)^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`[^`\n]+`")
_LIKE_CODE = re.compile(
    r"^(?: {4}|\t)\S|[;{}]\s*$|^\s*(?:def|class|import|from|SELECT|FROM|#!|func|fn|const)\b", re.MULTILINE
)


class CommandCheck(Struct, frozen=True, kw_only=True):
    """A program of the user's that judges answers: it ends with 0 if the answer is good."""

    name: str
    run: tuple[str, ...]
    """The program and its arguments; no shell reads them."""
    file: str = "answer.txt"
    """Where the answer's code is put, in the directory that the program runs in."""
    copies: tuple[str, ...] = ()
    """Files and folders of the project that are put beside it."""
    timeout_s: float = 30.0
    tasks: tuple[TaskClass, ...] = ()
    """Whose answers it judges; () = only those of the rules that name it."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What can be checked of the answer to one request."""

    is_json: bool = False
    is_bare: bool = False
    """True = nothing but the JSON may stand in the answer."""
    schema: str | None = None
    """JSON Schema, as JSON text; None = any JSON."""
    is_code: bool = False
    is_capped: bool = False
    """True = the caller itself has limited the length, so an answer that ends there is no flaw."""
    command: CommandCheck | None = None

    @property
    def is_strict(self) -> bool:
        """Whether passing says something about the answer, and not only that it is one."""
        return self.is_json or self.command is not None

    @property
    def in_words(self) -> str:
        """The strictest of the checks."""
        if self.command is not None:
            return f"check {self.command.name}"
        if self.is_json:
            return "its JSON Schema" if self.schema else "whether it is JSON"
        return "whether there is code" if self.is_code else "whether it is an answer"


class Flaw(Struct, frozen=True):
    """Why an answer is none."""

    kind: FlawKind
    why: str
    """To be read after "its answer "."""


def wanted(
    request: ChatRequest,
    prompt: str,
    task: TaskClass,
    *,
    commands: Sequence[CommandCheck] = (),
    named: str | None = None,
) -> Wanted:
    """What can be checked. `named`: the check that the user's rule names; None = by the class of the prompt."""
    form = request.response_format
    if len(prompt) > LONGEST_LOOKED_AT:  # what is asked stands around what was pasted
        prompt = f"{prompt[: LONGEST_LOOKED_AT // 2]} {prompt[-LONGEST_LOOKED_AT // 2 :]}"
    command = next((one for one in commands if one.name == named), None) or next(
        (one for one in commands if named is None and task in one.tasks), None
    )
    return Wanted(
        is_json=form is not None or _WANTS_JSON.search(prompt) is not None,
        is_bare=form is not None,
        schema=form.schema if form else None,
        is_code=task in _CODE_CLASSES and _WANTS_CODE.search(prompt) is not None,
        is_capped=request.max_output_tokens is not None,
        command=command,
    )


def flaw(wanted_: Wanted, text: str, finish_reason: FinishReason | None) -> Flaw | None:
    """What is wrong with the answer, the plainest thing first; None = nothing that can be seen."""
    if not text.strip():
        return Flaw("empty", "was empty")
    if finish_reason == "length" and not wanted_.is_capped:
        return Flaw("truncated", "was cut off at the model's limit of length")
    if is_refusal(text):
        return Flaw("refusal", "was a refusal")
    if wanted_.is_json and (found := _json_flaw(wanted_, text)) is not None:
        return found
    if wanted_.is_code and not has_code(text):
        return Flaw("no_code", "held no code, which was asked for")
    return None


def is_past_doubt(wanted_: Wanted, beginning: str) -> bool:
    """Whether an answer that begins so can be taken for one before it is complete: nothing but its end, a limit of
    length, could still show a flaw.
    """
    if wanted_.is_strict or may_be_refusal(beginning):
        return False
    # A line that is not whole yet may end otherwise than it looks.
    whole_lines = beginning[: beginning.rfind("\n") + 1]
    return not wanted_.is_code or len(beginning) > LONGEST_WITHOUT_CODE or has_code(whole_lines)


def has_code(text: str) -> bool:
    """Whether anything in it may be code."""
    return any(pattern.search(text) for pattern in (_FENCED, _INLINE, _LIKE_CODE)) or "```" in text


def code_in(text: str) -> str:
    """The fenced blocks of an answer, one after the other; where there are none, all of it."""
    blocks = [match.group(2) for match in _FENCED.finditer(text)]
    return "\n".join(blocks) if blocks else text


def _json_flaw(wanted_: Wanted, text: str) -> Flaw | None:
    try:
        value = json.loads(text if wanted_.is_bare else _json_part(text))
    except (ValueError, RecursionError):
        return Flaw("json", "was no JSON, which was asked for")
    schema = _schema(wanted_.schema)
    if schema is None or (wrong := problem(value, schema)) is None:
        return None
    return Flaw("schema", f"did not follow the JSON Schema: {wrong}")


def _json_part(text: str) -> str:
    """Where the JSON of an answer in words is: its fenced block, else all from the first bracket to the last."""
    if (block := _FENCED.search(text)) is not None:
        return block.group(2)
    starts = [place for place in (text.find("{"), text.find("[")) if place >= 0]
    end = max(text.rfind("}"), text.rfind("]"))
    return text[min(starts) : end + 1] if starts and end > min(starts) else text


def _schema(text: str | None) -> Any:
    """The schema, if it can be checked here; None = it cannot, or there is none."""
    if text is None:
        return None
    try:
        schema = json.loads(text)
    except ValueError:
        return None
    return schema if isinstance(schema, dict) and unknown_keyword(schema) is None else None
