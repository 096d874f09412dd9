"""What the Gemini API and Vertex refuse.

From Google's reference (Method: models.generateContent, Content, Part) and its guides on function calling, thought
signatures and image understanding; the sentences as its users report them.
"""

import re
from collections.abc import Iterator, Sequence

from burn_tui.providers.reading import items, mapping, mappings, text
from burn_tui.simulator.strict_shared import Asked, Body, is_base64, names, out_of_range, unknown_fields

_FIELDS = names(
    "cachedContent contents generationConfig labels model safetySettings serviceTier store systemInstruction "
    "toolConfig tools"
)
_CONFIG = names(
    "candidateCount enableEnhancedCivicAnswers frequencyPenalty imageConfig logprobs maxOutputTokens mediaResolution "
    "presencePenalty responseJsonSchema responseLogprobs responseMimeType responseModalities responseSchema seed "
    "speechConfig stopSequences temperature thinkingConfig topK topP"
)
_DATA = ("text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult")
_MEDIA_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
_SKIP = "skip_thought_signature_validator"
"""What may stand where no signature exists."""

_NEEDS_SIGNATURES = re.compile(r"gemini-(?:[3-9]|\d\d)|-latest")

_Turn = tuple[str, list[Body]]


def complaints(body: Body, asked: Asked) -> Iterator[str]:
    """Everything that is wrong with `body`, the first thing first."""
    yield from unknown_fields(body, _FIELDS, 'Invalid JSON payload received. Unknown name "{}": Cannot find field.')
    config = mapping(body, "generationConfig")
    yield from unknown_fields(config, _CONFIG, "Unknown name \"{}\" at 'generation_config': Cannot find field.")
    turns = [(text(turn, "role"), list(mappings(turn, "parts"))) for turn in mappings(body, "contents")]
    yield from _about_turns(turns)
    for place, (role, parts) in enumerate(turns):
        for part in parts:
            yield from _about_part(part, role, f"contents[{place}]", asked)
    yield from _about_calls(turns)
    if _NEEDS_SIGNATURES.search(asked.model):
        yield from _about_missing_signatures(turns)
    yield from _about_settings(body, config)


def _about_turns(turns: Sequence[_Turn]) -> Iterator[str]:
    if not turns:
        yield "GenerateContentRequest.contents: contents is not specified"
        return
    for place, (role, parts) in enumerate(turns):
        if role not in {"user", "model"}:
            yield "Please use a valid role: user, model."
        if not parts:
            yield f"contents[{place}].parts must not be empty."
    if turns[0][0] != "user":
        yield "Please ensure that the first turn is the user's."
    if turns[-1][0] != "user":
        yield "Requests ending with a model turn are not supported."


def _about_part(part: Body, role: str, where: str, asked: Asked) -> Iterator[str]:
    data = [name for name in _DATA if name in part]
    proof = text(part, "thoughtSignature")
    if len(data) != 1:
        yield f"{where}.parts: must have one initialized field"
    elif data == ["text"] and not text(part, "text") and not proof:
        yield f"{where}: Unable to submit request because Model input cannot be empty."
    elif data == ["inlineData"]:
        yield from _about_picture(mapping(part, "inlineData"), where)
    elif data in (["functionCall"], ["functionResponse"]):
        yield from _about_function(mapping(part, data[0]), data[0], role, where)
    if proof and proof != _SKIP and not asked.knows(proof):
        yield "Thought signature is not valid."


def _about_picture(blob: Body, where: str) -> Iterator[str]:
    if text(blob, "mimeType") not in _MEDIA_TYPES:
        yield f"Unsupported MIME type: {text(blob, 'mimeType')}"
    if not is_base64(text(blob, "data")):
        yield f"Invalid value at '{where}.parts.inline_data.data': Base64 decoding failed"


def _about_function(function: Body, kind: str, role: str, where: str) -> Iterator[str]:
    if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}", text(function, "name")):
        yield f"{where}: Invalid function name. Must start with a letter or an underscore."
    if role != {"functionCall": "model", "functionResponse": "user"}[kind]:
        yield f"{where}: {kind} may not stand in a turn of {role}"
    field = {"functionCall": "args", "functionResponse": "response"}[kind]
    if not isinstance(function.get(field), dict):
        yield f"Invalid value at '{where}.{kind}.{field}': a Struct is wanted"


def _about_calls(turns: Sequence[_Turn]) -> Iterator[str]:
    before: list[str] = []
    for role, parts in turns:
        calls = [text(part, "functionCall", "name") for part in parts if "functionCall" in part]
        results = [text(part, "functionResponse", "name") for part in parts if "functionResponse" in part]
        if results and not before:
            yield "Please ensure that function response turn comes immediately after a function call turn."
        if before and len(results) != len(before):
            yield (
                "Please ensure that the number of function response parts is equal to the number of function call "
                "parts of the function call turn."
            )
        if sorted(results) != sorted(before):
            yield "Please ensure that the function responses name the functions that were called."
        if results and len(results) < len(parts):
            yield "A function response may not share its content with other parts."
        before = calls if role == "model" else []
    if before:
        yield "Please ensure that a function call turn is followed by a function response turn."


def _about_missing_signatures(turns: Sequence[_Turn]) -> Iterator[str]:
    """In the present turn, which begins with the last thing that the user said, each step's first call has one."""
    began = max((at for at, (role, parts) in enumerate(turns) if role == "user" and _is_said(parts)), default=0)
    for _, parts in turns[began:]:
        first = next((part for part in parts if "functionCall" in part), None)
        if first is not None and not text(first, "thoughtSignature"):
            yield "Function call is missing a thought_signature in functionCall parts."


def _is_said(parts: Sequence[Body]) -> bool:
    return not any("functionResponse" in part for part in parts)


def _about_settings(body: Body, config: Body) -> Iterator[str]:
    if len(items(config, "stopSequences")) > 5:
        yield "The number of stop sequences must be at most 5."
    if out_of_range(config, "temperature", 0, 2) or out_of_range(config, "topP", 0, 1):
        yield "Unable to submit request because it has a temperature or topP value out of range."
    if out_of_range(config, "maxOutputTokens", 1, 10**9):
        yield "max_output_tokens must be positive."
    for group in mappings(body, "tools"):
        for tool in mappings(group, "functionDeclarations"):
            if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}", text(tool, "name")):
                yield "Invalid function name. Must start with a letter or an underscore."
