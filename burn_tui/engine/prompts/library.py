"""Prompts in use: which text a name means here, what it is when its variables have values, and what became of it.

triage               the version that the environment's label is pinned to, else the working one
triage@production    what a label stands for
triage@working       the file as it is now
triage@3f9a1c2b      one version for ever, from the file or from the ledger
triage.anthropic     one variant of it, whoever answers
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from msgspec import Struct, structs

from burn_tui.core.chat import ChatRequest, Message
from burn_tui.core.environment import Environment
from burn_tui.core.errors import LedgerUnavailableError, PromptError, SettingsError, UnknownNameError
from burn_tui.core.pins import previous_of
from burn_tui.core.prompt_form import SHOWN_DIGITS, WORKING, PromptVersion, is_beginning_of_version
from burn_tui.core.prompt_history import History, PinChange, VersionUse, latest_first
from burn_tui.core.prompt_rendering import rendered
from burn_tui.core.prompt_variants import Wording, Wordings, asking
from burn_tui.core.usage import PromptUse
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.prompts import memory
from burn_tui.engine.prompts.files import SUFFIX, PromptFile, Shelf, folders, shelf
from burn_tui.engine.prompts.pins_file import PinsFile, change_pins, read_pins


class Chosen(Struct, frozen=True, kw_only=True):
    """A text, and how it came to be the one."""

    version: PromptVersion
    label: str | None
    """What it was called by; None = by its digits."""
    is_working: bool
    """True = it is what the file says now, and pinned by nobody."""


class Prepared(Struct, frozen=True, kw_only=True):
    """A prompt that is ready to be sent: nothing can be wrong with it any more."""

    chosen: Chosen
    wordings: Wordings
    other_versions: tuple[PromptVersion, ...] = ()
    """Those of its variants."""

    @property
    def question(self) -> str:
        """What the user's side of it says, for a person to read."""
        return "\n\n".join(message.text for message in self.wordings.usual.messages if message.role == "user")

    def after(self, before: tuple[Message, ...]) -> Wordings:
        """For Caller.prompt, where a conversation stands before the prompt."""
        return Wordings(before=before, usual=self.wordings.usual, others=self.wordings.others)

    def request(self, *, before: tuple[Message, ...] = (), model: str | None = None) -> ChatRequest:
        """What is asked of the router. `model`: who is to answer; None = whom the prompt names."""
        prompt = self.chosen.version.prompt
        messages = (*before, *self.wordings.usual.messages)
        return ChatRequest(messages=messages, model=model or prompt.model.route, **asking(prompt))


class Prompts:
    """Files are read anew for every use, so a file that is replaced meanwhile changes nothing that has begun."""

    def __init__(
        self, ledger: Ledger, clock: Clock, *, directory: Path | None = None, config_directory: Path | None = None
    ) -> None:
        """`directory`: where the person works; `config_directory`: where the settings are. None = nowhere."""
        self._ledger = ledger
        self._clock = clock
        self._directory = directory
        self._config_directory = config_directory
        self._kept: set[str] = set()
        """Versions that are in the ledger for certain."""

    def shelf(self) -> Shelf:
        """Every prompt as its file is now."""
        return shelf(folders(self._directory, self._config_directory))

    def file_names(self) -> list[str]:
        """Of all prompts that have a file, without reading any: quick enough for every key that is pressed."""
        found = folders(self._directory, self._config_directory)
        return sorted({path.name.partition(".")[0] for folder in found for path in folder.glob(f"*{SUFFIX}")})

    async def names(self) -> list[str]:
        """Of all prompts that have a file or were ever used."""
        return sorted({*self.shelf().names, *await self._ledger.reading(memory.names)})

    # --- sending ------------------------------------------------------------------------------------

    async def prepare(self, asked: str, variables: Mapping[str, object], environment: Environment) -> Prepared:
        """As `drafted`; its texts are in the ledger from now on, so that they can be read and sent for ever."""
        prepared = await self.drafted(asked, variables, environment)
        await self._keep([prepared.chosen.version, *prepared.other_versions])
        return prepared

    async def drafted(self, asked: str, variables: Mapping[str, object], environment: Environment) -> Prepared:
        """The prompt with these variables, as `environment` would send it now. Nothing is written.

        PromptError, UnknownNameError or SettingsError, all with the mend, for whatever cannot be sent.
        """
        chosen = await self.choose(asked, environment)
        others = await self._variants(asked, chosen)
        wordings = Wordings(
            usual=wording_of(chosen, variables), others=tuple(wording_of(other, variables) for other in others)
        )
        return Prepared(chosen=chosen, wordings=wordings, other_versions=tuple(other.version for other in others))

    async def choose(self, asked: str, environment: Environment | None = None) -> Chosen:
        """The text that `asked` means; without an environment the working one, unless a label or version is named."""
        stem, _, wanted = asked.partition("@")
        files = self.shelf()
        file = _file(files, stem)
        pins = read_pins(file.path.parent) if file is not None else None
        if is_beginning_of_version(wanted):
            return Chosen(version=await self._find(stem, wanted, files), label=None, is_working=False)
        named = pins.pins.get(stem, {}) if pins is not None else {}
        if not wanted:
            wanted = environment.name if environment is not None and environment.name in named else WORKING
        if wanted == WORKING or named.get(wanted) == WORKING:
            return Chosen(version=(file or await self._missing(stem, files)).version, label=wanted, is_working=True)
        if pins is None or wanted not in named:
            if file is None:
                await self._missing(stem, files)
            known = [label for label in named if not label.startswith("previous")]
            raise UnknownNameError(f"label or version of prompt {stem}", wanted, [*known, WORKING])
        return Chosen(version=await self._pinned(pins, stem, wanted, files), label=wanted, is_working=False)

    async def _variants(self, asked: str, chosen: Chosen) -> list[Chosen]:
        """The texts for other targets that go by the same label. What was asked for by its digits stands alone."""
        stem = asked.partition("@")[0]
        if chosen.label is None or "." in stem:
            return []
        files = self.shelf()
        found = []
        for file in files.variants(stem):
            if file.version.variant is None:
                continue
            pin = read_pins(file.path.parent).pins.get(file.version.stem, {}).get(chosen.label)
            if WORKING in {chosen.label, pin}:
                found.append(Chosen(version=file.version, label=chosen.label, is_working=True))
            elif pin is not None:
                version = await self._pinned(read_pins(file.path.parent), file.version.stem, chosen.label, files)
                found.append(Chosen(version=version, label=chosen.label, is_working=False))
        return found

    async def _pinned(self, pins: PinsFile, stem: str, label: str, files: Shelf) -> PromptVersion:
        digits = pins.pins[stem][label]
        try:
            return await self._find(stem, digits, files)
        except PromptError as error:
            raise pins.error(
                f"nobody knows the version {digits[:SHOWN_DIGITS]} of {stem}: the file has changed since, and the "
                "ledger never saw it.",
                stem,
                label,
                mend=f"Pin one that is known: burn-tui prompts pin {stem} --label {label}.",
            ) from error

    async def _find(self, stem: str, digits: str, files: Shelf) -> PromptVersion:
        """The one version that begins with these digits; PromptError if there is none, or more than one."""
        name, _, variant = stem.partition(".")
        here = [file.version for file in files.files.values() if file.version.name == name]
        kept = await self._ledger.reading(partial(memory.found, name=name, beginning=digits))
        known = {version.version: version for version in [*kept, *here] if version.version.startswith(digits)}
        if variant:
            known = {version.version: version for version in known.values() if version.variant == variant}
        if not known:
            mend = f"burn-tui prompts history {name} lists those that are known."
            raise PromptError(f"Nobody knows a version {digits} of prompt {stem}.", mend=mend)
        if len(known) > 1:
            raise PromptError(f"Several versions of {stem} begin with {digits}.", mend="Write more of its digits.")
        return next(iter(known.values()))

    async def _missing(self, stem: str, files: Shelf) -> PromptFile:
        """Always an error: what helps where there is no such file."""
        if not files.directories and not files.names:
            raise PromptError(
                f"There is no prompt {stem!r}, and no folder prompts here, above or beside the settings.",
                mend=f"Write one: prompts/{stem}{SUFFIX}.",
            )
        if stem in await self._ledger.reading(memory.names):
            raise PromptError(
                f"The file of prompt {stem} is gone; its versions are kept.",
                mend=f"burn-tui prompts history {stem} lists them; ask for one as {stem}@VERSION.",
            )
        raise UnknownNameError("prompt", stem, files.files)

    async def _keep(self, versions: list[PromptVersion]) -> None:
        new = [version for version in versions if version.version not in self._kept]
        if not new:
            return
        try:
            await self._ledger.writing(partial(memory.keep, versions=new, at=self._clock.now()))
        except LedgerUnavailableError:
            return  # the ledger says so itself, and a full disk holds up no call
        self._kept.update(version.version for version in new)

    # --- looking back -------------------------------------------------------------------------------

    async def history(self, name: str) -> History:
        """Every version of a prompt, used or not, and what its labels stood for; UnknownNameError if there is none."""
        files = self.shelf()
        known = await self._ledger.reading(partial(memory.uses, name=name))
        here = files.variants(name)
        if not here and not known:
            await self._missing(name, files)
        labels = _labels(here)
        for file in here:
            known.setdefault(file.version.version, VersionUse(version=file.version))
        uses = [structs.replace(use, labels=_standing_for(use.version, labels)) for use in known.values()]
        changes = await self._ledger.reading(partial(memory.changes, name=name))
        return History(name=name, uses=latest_first(uses, WORKING), changes=tuple(changes))

    # --- pins ---------------------------------------------------------------------------------------

    async def pin(self, asked: str, label: str) -> PinChange:
        """Let `label` stand for the version that `asked` means, and keep what it stood for before."""
        stem = asked.partition("@")[0]
        chosen = await self.choose(asked)
        folder, pins = self._pins_of(stem)
        before = pins.pins.get(stem, {}).get(label)
        await self._ledger.writing(partial(memory.keep, versions=[chosen.version], at=self._clock.now()))
        after = chosen.version.version
        if before == after:
            raise PromptError(f"{label} of {stem} is {chosen.version.shown} already.", mend="Nothing was changed.")
        wanted = {label: after} if before is None else {label: after, previous_of(label): before}
        change = PinChange(at=self._clock.now(), what="pin", stem=stem, label=label, before=before, after=after)
        return await self._change(folder, wanted, change)

    async def rollback(self, stem: str, label: str) -> PinChange:
        """Let `label` stand for what it stood for before; once more undoes that."""
        folder, pins = self._pins_of(stem)
        named = pins.pins.get(stem, {})
        before, after = named.get(label), named.get(previous_of(label))
        if before is None or after is None:
            what = f"label {label!r}" if before is None else f"{previous_of(label)}: nothing was pinned before"
            raise pins.error(f"there is no {what}.", stem, label, mend=f"See burn-tui prompts history {stem}.")
        if after != WORKING:
            await self._pinned(pins, stem, previous_of(label), self.shelf())
        change = PinChange(at=self._clock.now(), what="rollback", stem=stem, label=label, before=before, after=after)
        return await self._change(folder, {label: after, previous_of(label): before}, change)

    def _pins_of(self, stem: str) -> tuple[Path, PinsFile]:
        files = self.shelf()
        file = _file(files, stem)
        if file is None:
            raise UnknownNameError("prompt", stem, files.files)
        return file.path.parent, read_pins(file.path.parent)

    async def _change(self, folder: Path, wanted: Mapping[str, str], change: PinChange) -> PinChange:
        def both(connection: Connection) -> None:
            memory.note_change(connection, change)
            change_pins(folder, change.stem, wanted)

        # In one transaction: a change of the file that failed leaves no event, and none is made without one.
        await self._ledger.writing(both)
        return change


def _file(files: Shelf, stem: str) -> PromptFile | None:
    """The file of that name and variant; SettingsError if it or its twin is broken. None = there is none."""
    if (problem := files.problems.get(stem)) is not None:
        raise problem
    return files.files.get(stem)


def wording_of(chosen: Chosen, variables: Mapping[str, object]) -> Wording:
    """The text with its variables; PromptError for those that are wrong."""
    version = chosen.version
    made = rendered(version.prompt, variables)
    use = PromptUse(
        name=version.name,
        version=version.version,
        variant=version.variant,
        label=chosen.label,
        variables_hash=made.variables_hash,
    )
    return Wording(prompt=version.prompt, messages=made.messages, use=use, is_working=chosen.is_working)


def _labels(here: list[PromptFile]) -> dict[str, list[str]]:
    """What stands for which digits, or for the working version of which file."""
    found: dict[str, list[str]] = {}
    for file in here:
        found.setdefault(file.version.version, []).append(WORKING)
        try:
            pins = read_pins(file.path.parent).pins.get(file.version.stem, {})
        except SettingsError:
            continue  # a prompt can be looked at although its pins are broken
        for label, pin in pins.items():
            found.setdefault(file.version.version if pin == WORKING else pin, []).append(label)
    return found


def _standing_for(version: PromptVersion, labels: Mapping[str, list[str]]) -> tuple[str, ...]:
    found = [label for digits, named in labels.items() if version.version.startswith(digits) for label in named]
    return tuple(dict.fromkeys(found))
