"""What an empty session shows: who would answer, and how to begin."""

from msgspec import Struct
from rich.cells import cell_len
from textual.content import Content

from burn_tui.tui.actions import ACTIONS
from burn_tui.tui.cells import filled
from burn_tui.tui.widgets.drawn import Drawn

_FIRST_KEYS = ("send", "provider", "palette", "help")

_KEY_CELLS = 8

_WAYS = (
    ("Export a key", "in the shell that starts burn-tui: export ANTHROPIC_API_KEY=…"),
    ("Start a local server", "Ollama, LM Studio, llama.cpp or vLLM is found by itself."),
    ("Look around first", "burn-tui --demo needs no key and no network."),
)
_WAY_WITH_SETTINGS = (
    "Name it in the settings",
    "providers: {anthropic: {}}. Without that section, keys and local servers are found.",
)
"""In place of the first two."""

_WAYS_IN_SHORT = "Export a key such as ANTHROPIC_API_KEY, start Ollama, or try burn-tui --demo."


class Offer(Struct, frozen=True, kw_only=True):
    """One provider that could answer."""

    provider_name: str
    colour: str
    models: str
    """Its models in words."""


class Start(Struct, frozen=True, kw_only=True):
    """What is known before the first prompt."""

    offers: tuple[Offer, ...]
    """Empty = nobody can answer yet."""
    origin: str
    """Where the settings come from."""
    names_providers: bool = False
    """True = they say which providers there are, and none is looked for."""
    unread: tuple[tuple[str, int], ...] = ()
    """Tools whose logs are here and were not read yet, each with how many; () = there are none."""


class Welcome(Drawn[Start]):
    """Stands where the conversation will be, in the longest form that its place can hold."""

    DEFAULT_CSS = """
    Welcome { height: 1fr; padding: 1 2; }
    """

    def draw(self, view: Start, width: int) -> Content:
        """Short lines, wrapped where even they are too long."""
        for lines in (
            _at_length(view, width),
            _without_origin(view, width),
            _without_models(view, width),
            _in_short(view, width),
        ):
            if len(lines) <= self.content_size.height:
                break
        return Content("\n").join(line.rstrip() for line in lines)


def _at_length(view: Start, width: int) -> list[Content]:
    origin = Content.styled(view.origin, "$foreground-muted").wrap(max(width, 1))
    return [*_without_origin(view, width), Content(), *origin]


def _without_origin(view: Start, width: int) -> list[Content]:
    lines = _ready(view, width) if view.offers else _nobody(view, width)
    return [*lines, Content(), *_found(view, width)] if view.unread else lines


def _found(view: Start, width: int) -> list[Content]:
    """The offer to read the logs of other tools, and with which keys."""
    tools = [f"{name} ({number})" for name, number in view.unread]
    named = " and ".join([", ".join(tools[:-1]), tools[-1]] if tools[1:] else tools)
    opens, reads = ACTIONS["audit"].shown, ACTIONS["audit-read"].shown
    found = Content.assemble(
        ("Logs are here of ", "bold"),
        (named, "bold"),
        ". ",
        (opens, "bold $text-accent"),
        ", then ",
        (reads, "bold $text-accent"),
        " reads them: what was burnt before today, and on what.",
    )
    return found.wrap(max(width, 1))


def _without_models(view: Start, width: int) -> list[Content]:
    return [*_in_short(view, width), Content(), *_keys(width)] if view.offers else _in_short(view, width)


def _in_short(view: Start, width: int) -> list[Content]:
    if not view.offers:
        text = Content.assemble(("No provider yet. ", "bold"), _WAYS_IN_SHORT)
    else:
        names = ", ".join(offer.provider_name for offer in view.offers)
        text = Content.assemble(("Ready. ", "bold"), f"{names} can answer.")
    return text.wrap(max(width, 1))


def _ready(view: Start, width: int) -> list[Content]:
    lines = [Content.styled("Ready. These can answer:", "bold"), Content()]
    indent = max(cell_len(offer.provider_name) for offer in view.offers) + 4
    for offer in view.offers:
        first, *rest = Content.styled(offer.models, "$foreground-muted").wrap(max(width - indent, 1))
        lines.append(Content.assemble(("▌ ", offer.colour), filled(offer.provider_name, indent - 2), first))
        lines += [line.pad_left(indent) for line in rest]
    return [*lines, Content(), *_keys(width)]


def _keys(width: int) -> list[Content]:
    lines: list[Content] = []
    for action in (ACTIONS[name] for name in _FIRST_KEYS):
        what = action.tooltip.partition(". ")[0].rstrip(".") + "."
        first, *rest = Content(what).wrap(max(width - _KEY_CELLS, 1))
        lines.append(Content.assemble((filled(action.shown, _KEY_CELLS), "bold $text-accent"), first))
        lines += [line.pad_left(_KEY_CELLS) for line in rest]
    return lines


def _nobody(view: Start, width: int) -> list[Content]:
    ways = (_WAY_WITH_SETTINGS, _WAYS[-1]) if view.names_providers else _WAYS
    head = f"No provider yet. {'Two' if view.names_providers else 'Three'} ways to get one:"
    lines = [*Content.styled(head, "bold").wrap(max(width, 1)), Content()]
    for number, (way, how) in enumerate(ways, start=1):
        lines.append(Content.assemble((f"{number}  ", "bold $text-accent"), (way, "bold")))
        lines += [line.pad_left(3) for line in Content.styled(how, "$foreground-muted").wrap(max(width - 3, 1))]
    return lines
