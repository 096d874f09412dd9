"""What a model must be able to do for a request, and whether it is known not to be. Unknown turns nobody away."""

from typing import Literal

from msgspec import Struct

from burn_tui.core.chat import ChatRequest, Image

Capability = Literal["tools", "images", "json"]


class Capabilities(Struct, frozen=True, kw_only=True):
    """Of one model. None = unknown."""

    tools: bool | None = None
    """Whether it calls functions."""
    images: bool | None = None
    """Whether it takes pictures."""
    json: bool | None = None
    """Whether it can be held to JSON."""

    def lacks(self, wanted: Capability) -> bool:
        """Whether it is known that the model cannot do it."""
        return getattr(self, wanted) is False


_WHY_NOT: dict[Capability, str] = {
    "tools": "It calls no tools, and this brings some.",
    "images": "It takes no images, and this has one.",
    "json": "It cannot be held to JSON, which this asks for.",
}


def wanted_by(request: ChatRequest) -> tuple[Capability, ...]:
    """What the request cannot do without."""
    has_image = any(isinstance(part, Image) for message in request.messages for part in message.parts)
    wanted: tuple[tuple[Capability, bool], ...] = (
        ("tools", bool(request.tools)),
        ("images", has_image),
        ("json", request.response_format is not None),
    )
    return tuple(capability for capability, is_wanted in wanted if is_wanted)


def unable(model: Capabilities, request: ChatRequest) -> str | None:
    """Why the model cannot serve the request, as a sentence; None = nothing is known against it."""
    return next((_WHY_NOT[one] for one in wanted_by(request) if model.lacks(one)), None)
