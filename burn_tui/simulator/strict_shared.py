"""What the rules of all dialects have in common."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from msgspec import Struct

from burn_tui.providers.reading import mapping, text
from burn_tui.simulator.signing import is_signed_by, signature

Body = dict[str, object]

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


class Asked(Struct, frozen=True):
    """Who is asked."""

    provider_name: str
    """Whose signatures are known."""
    model: str

    def knows(self, proof: str) -> bool:
        """Whether the provider signed with `proof`."""
        return is_signed_by(self.provider_name, proof)

    def wrote(self, words: str, proof: str) -> bool:
        """Whether the provider signed these very `words` with `proof`."""
        return proof == signature(self.provider_name, words)


def names(listed: str) -> frozenset[str]:
    """The words of `listed`."""
    return frozenset(listed.split())


def unknown_fields(body: Body, known: AbstractSet[str], words: str) -> Iterator[str]:
    """A complaint for each field that the API does not have; `{}` in `words` is its name."""
    return (words.format(name) for name in body if name not in known)


def is_base64(data: str) -> bool:
    """Whether `data` is base64 of the standard alphabet, padded, and not empty."""
    return bool(data) and _BASE64.fullmatch(data) is not None


def out_of_range(body: Body, name: str, least: float, most: float) -> bool:
    """Whether the field is there and no number from `least` to `most`."""
    value = body.get(name)
    if value is None:
        return False
    return not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most


def data_url(url: str) -> tuple[str, str] | None:
    """Media type and base64 data of a data: address; None for another one."""
    found = re.fullmatch(r"data:([^;,]+);base64,(.*)", url, re.DOTALL)
    return (found[1], found[2]) if found else None


def bad_image_url(url: str) -> bool:
    """Whether OpenAI's dialects would refuse the picture at `url`."""
    if url.startswith(("https://", "http://")):
        return False
    inline = data_url(url)
    kinds = {"image/png", "image/jpeg", "image/gif", "image/webp"}
    return inline is None or inline[0] not in kinds or not is_base64(inline[1])


def openai_tool_names(tools: list[dict[str, object]]) -> Iterator[str]:
    """Complaints about the names of functions, nested as in Chat Completions or flat as in Responses."""
    for place, tool in enumerate(tools):
        function = mapping(tool, "function") or tool
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", text(function, "name")):
            yield f"Invalid 'tools[{place}].name': string does not match pattern '^[a-zA-Z0-9_-]+$'."
