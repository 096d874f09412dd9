"""A repository's own settings, `.burn-tui.yaml`: read only once a person has trusted exactly these bytes.

Whoever clones a repository must not be governed by it unasked; so it is ignored until `burn-tui trust`, and again after
each edit. What it says can only take away (core/narrowing.py).
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from burn_tui.core import narrowing
from burn_tui.core.catalog import Target
from burn_tui.core.environment import Environment, Privacy
from burn_tui.core.narrowing import Base
from burn_tui.engine import paths
from burn_tui.engine.settings import Settings, budgets_of, environment_of, usual_hue
from burn_tui.engine.settings_schema import EnvironmentSettings
from burn_tui.engine.text_file import text_of
from burn_tui.engine.yaml_source import Document, parse

NAME = ".burn-tui.yaml"


class BaseSettings(Struct, forbid_unknown_fields=True):
    """The sections of the file; each may be left out."""

    environments: dict[str, Any] | None = None
    targets: list[str] | None = None
    privacy: Privacy = "any"
    budgets: list[Any] | None = None


class TrustBook:
    """Which files a person has trusted, by what was in them."""

    def __init__(self, file: Path) -> None:
        self.file = file
        """JSON: path to SHA-256."""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "TrustBook":
        """The person's own: never where a repository could put it."""
        return cls(paths.data_dir(None, environ) / "trusted.json")

    def trusts(self, path: Path, content: bytes) -> bool:
        """Whether exactly this was trusted."""
        return self._read().get(str(path.resolve())) == _digest(content)

    def has_trusted(self, path: Path) -> bool:
        """Whether the file was trusted, whatever it holds now."""
        return str(path.resolve()) in self._read()

    def trust(self, path: Path) -> None:
        """As it is now."""
        self._write({**self._read(), str(path.resolve()): _digest(path.read_bytes())})

    def revoke(self, path: Path) -> bool:
        """False if it was not trusted."""
        trusted = self._read()
        was_trusted = trusted.pop(str(path.resolve()), None) is not None
        self._write(trusted)
        return was_trusted

    def _read(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self.file.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError):
            return {}  # nothing is trusted

    def _write(self, trusted: dict[str, str]) -> None:
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        made.write_bytes(msgspec.json.format(msgspec.json.encode(trusted)))
        made.chmod(0o600)
        made.replace(self.file)


def nearest(directory: Path) -> Path | None:
    """The file in this directory or the first one above that has one."""
    # In text, because it is asked twice a second, and paths take longer to make than to look at.
    place, above = str(directory), ""
    while place != above:
        if os.path.isfile(found := os.path.join(place, NAME)):  # noqa: PTH113, PTH118
            return Path(found)
        place, above = os.path.dirname(place), place  # noqa: PTH120
    return None


def under(settings: Settings, directory: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings as they are where the person works: narrowed by the repository, if its file is trusted."""
    path = nearest(directory) if directory is not None else None
    if path is None:
        return settings
    book = TrustBook.of(environ)
    try:
        content = path.read_bytes()
    except OSError as error:
        return _remarked(settings, f"{path} is ignored: {error.strerror}. Make it readable, or remove it.")
    if not book.trusts(path, content):
        why = "has changed since it was trusted" if book.has_trusted(path) else "was never trusted"
        return _remarked(settings, f"{path} is ignored, because it {why}. Read it, then: burn-tui trust")
    base = read(path)
    catalog = narrowing.catalog(settings.catalog, base)
    narrowed = {name: _narrowed(route.targets, base, settings) for name, route in settings.routes.items()}
    return structs.replace(
        settings,
        origin=f"{settings.origin}, narrowed by {path}",
        base=base,
        catalog=catalog,
        environments=narrowing.environments(settings.environments, base),
        routes={
            name: structs.replace(route, targets=narrowed[name])
            for name, route in settings.routes.items()
            if narrowed[name]
        },
        budgets=narrowing.budgets(settings.budgets, base),
    )


def read(path: Path) -> Base:
    """What the file says; SettingsError if it cannot be taken as it is."""
    document = parse(text_of(path), file=str(path))
    given = document.convert((), BaseSettings) if document.value is not None else BaseSettings()
    return Base(
        environments={name: _environment(document, name) for name in given.environments or {}},
        targets=None if given.targets is None else tuple(given.targets),
        privacy=given.privacy,
        budgets=budgets_of(document, given.budgets or []),
    )


def in_words(base: Base) -> list[str]:
    """What it asks, a line each."""
    lines = [f"  environments  only {', '.join(base.environments)}"] if base.environments else []
    if base.targets is not None:
        lines.append(f"  targets       only {', '.join(base.targets) or 'none'}")
    if base.privacy == "local":
        lines.append("  privacy       nothing leaves this machine")
    if base.budgets:
        lines.append(f"  budgets       also {', '.join(budget.name for budget in base.budgets)}")
    return lines or ["  It asks for nothing."]


def _environment(document: Document, name: str) -> Environment:
    given = document.convert(("environments", name), EnvironmentSettings)
    return environment_of(name, given.hue or usual_hue(name), given)


def _narrowed(targets: tuple[Target, ...], base: Base, settings: Settings) -> tuple[Target, ...]:
    return tuple(
        target
        for target in targets
        if narrowing.allows(base, target) and (base.privacy != "local" or settings.catalog.provider(target).is_local)
    )


def _remarked(settings: Settings, remark: str) -> Settings:
    return structs.replace(settings, remarks=(*settings.remarks, remark))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
