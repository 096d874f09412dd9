"""All the themes there are: those of burn-tui and the user's own, which are read again as soon as they change."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

from burn_tui.core.errors import SettingsError
from burn_tui.tui.theme import DEFAULT, Palette, own_directory, read
from burn_tui.tui.theme_rules import faults

LOOK_S = 0.5
"""Between two looks at the user's directory: a file that was saved is worn within a second."""


class _File(Struct):
    stamp: tuple[int, int]
    """When it was written, and how long it is."""
    palette: Palette | None = None
    """The latest that could be read; None = it never could."""
    problem: str | None = None


class Palettes(Mapping[str, Palette]):
    """By name. A theme of burn-tui is read when it is wanted, which most never are."""

    def __init__(self, palettes: Mapping[str, Palette | Path]) -> None:
        self._palettes = palettes

    def __getitem__(self, name: str) -> Palette:
        found = self._palettes[name]
        return _own(found) if isinstance(found, Path) else found

    def __iter__(self) -> Iterator[str]:
        return iter(self._palettes)

    def __len__(self) -> int:
        return len(self._palettes)


@cache
def _own(path: Path) -> Palette:
    return read(path)[0]


class Wardrobe:
    """The user's themes replace those of burn-tui that have the same name."""

    def __init__(self, directory: Path | None) -> None:
        self.palettes: Mapping[str, Palette] = {}
        """By name, the default one first."""
        self.problems: list[str] = []
        """What is wrong with the user's files, one sentence each."""
        self._told: list[str] = []
        self._directory = directory
        self._own: dict[str, Palette | Path] = {path.stem: path for path in sorted(own_directory().glob("*.yaml"))}
        self._own[DEFAULT.name] = DEFAULT
        self._files: dict[Path, _File] = {}
        self._gather()
        self.look()

    def look(self) -> bool:
        """Read what has changed in the user's directory, and say whether anything has.

        A file that cannot be read any more keeps the colours it had: nobody saves a theme in one go.
        """
        stamps = self._stamps()
        if stamps == {path: file.stamp for path, file in self._files.items()}:
            return False
        self._files = {path: self._file(path, stamp) for path, stamp in stamps.items()}
        self._gather()
        return True

    def tell(self, notices: list[str]) -> None:
        """Bring the part of `notices` that is about themes up to date."""
        notices[:] = [notice for notice in notices if notice not in self._told] + self.problems
        self._told = list(self.problems)

    def _stamps(self) -> dict[Path, tuple[int, int]]:
        if self._directory is None:
            return {}
        stamps = {}
        for path in sorted(self._directory.glob("*.yaml")):
            try:
                stat = path.stat()
            except OSError:  # It went away between the two looks, or leads nowhere.
                continue
            stamps[path] = (stat.st_mtime_ns, stat.st_size)
        return stamps

    def _file(self, path: Path, stamp: tuple[int, int]) -> _File:
        before = self._files.get(path)
        if before is not None and before.stamp == stamp:
            return before
        try:
            palette, document = read(path)
        except SettingsError as error:
            return _File(stamp, before.palette if before else None, str(error))
        found = faults(palette)
        if not found:
            return _File(stamp, palette)
        more = f"{len(found) - 1} more of its colours are hard to see. " if len(found) > 1 else ""
        mend = f"{more}It is worn as it is."
        return _File(stamp, palette, str(document.error(found[0].problem, found[0].path, mend=mend)))

    def _gather(self) -> None:
        theirs = {path.stem: file.palette for path, file in self._files.items() if file.palette is not None}
        self.palettes = Palettes({DEFAULT.name: DEFAULT, **self._own, **theirs})
        self.problems = [file.problem for file in self._files.values() if file.problem is not None]
