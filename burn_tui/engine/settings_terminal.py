"""What the settings file says of the terminal: keys, and who works in the panes beside."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from burn_tui.core.environment import Environment
from burn_tui.core.errors import mend_by_name
from burn_tui.core.neighbours import Rule
from burn_tui.engine.settings_schema import NeighbourSettings
from burn_tui.engine.yaml_source import Document


class KeyChange(Struct, frozen=True):
    """Other keys for one action."""

    action: str
    """Its id; whether there is one is for those to say who know the actions."""
    keys: tuple[str, ...]
    line: int | None
    """Where it stands in the file."""


def key_changes(document: Document, entries: Mapping[str, str | list[str]]) -> tuple[KeyChange, ...]:
    """The section `keys:`."""
    return tuple(
        KeyChange(action, (keys,) if isinstance(keys, str) else tuple(keys), document.lines.get(("keys", action)))
        for action, keys in entries.items()
    )


def neighbour_rules(
    document: Document, entries: list[Any], environments: Mapping[str, Environment]
) -> tuple[Rule, ...]:
    """The section `neighbours:`; SettingsError for a rule that can never hold."""
    rules = []
    for position in range(len(entries)):
        path = ("neighbours", position)
        given = document.convert(path, NeighbourSettings)
        if environments and given.environment not in environments:
            mend = mend_by_name(given.environment, environments)
            raise document.error(f"there is no environment {given.environment!r}.", (*path, "environment"), mend=mend)
        patterns = {name: pattern for name, pattern in structs.asdict(given).items() if pattern is not None}
        if len(patterns) == 1:
            raise document.error("it fits nothing.", path, mend="Give it a host, container, context, branch or path.")
        if given.path is not None:
            patterns["path"] = str(Path(given.path).expanduser())
        rules.append(Rule(**patterns))
    return tuple(rules)
