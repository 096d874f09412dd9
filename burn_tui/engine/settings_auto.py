"""What the settings file says of auto: its section and the user's rules."""

import re
from pathlib import PurePath

from msgspec import structs

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.catalog import Catalog, Target
from burn_tui.core.checks import CommandCheck
from burn_tui.core.errors import UnknownTargetError, mend_by_name
from burn_tui.core.routing_rules import Rule
from burn_tui.engine.settings_schema import AutoSettings, CheckSettings, FileSettings
from burn_tui.engine.yaml_source import Document

_CONDITIONS = ("project", "path", "regex", "operation", "session", "task")


def auto_policy(document: Document, sections: FileSettings, catalog: Catalog) -> AutoPolicy:
    """The sections `auto:` and `rules:`; SettingsError for what can never hold or means nobody."""
    given = sections.auto or AutoSettings()
    shares = given.strong_share + given.mid_share + given.local_share
    if shares > 1:
        mend = "Lower strong_share, mid_share or local_share until they are 1 together at most."
        raise document.error(f"the shares are {shares:g} together.", ("auto",), mend=mend)
    plain = structs.asdict(given)
    tiers = {
        _target(document, ("auto", "tiers", name), name, catalog): tier for name, tier in plain.pop("tiers").items()
    }
    patterns = []
    for task, written in plain.pop("task_classes").items():
        for position, pattern in enumerate(written):
            _check_pattern(document, ("auto", "task_classes", task, position), pattern)
            patterns.append((task, pattern))
    checks = tuple(_check(document, name) for name in sections.checks or {})
    names = [one.name for one in checks]
    count = len(sections.rules or [])
    rules = tuple(_rule(document, position, catalog, names, is_last=position + 1 == count) for position in range(count))
    return AutoPolicy(**plain, tiers=tiers, patterns=tuple(patterns), rules=rules, checks=checks)


def policy_in(document: Document, catalog: Catalog) -> AutoPolicy:
    """The policy in a file that holds nothing but `auto:` and `rules:`, or a whole settings file."""
    sections = document.convert((), FileSettings) if document.value is not None else FileSettings()
    return auto_policy(document, sections, catalog)


def _check(document: Document, name: str) -> CommandCheck:
    given = document.convert(("checks", name), CheckSettings)
    for key in ("file", "copy"):
        for place in [given.file] if key == "file" else given.copy:
            if PurePath(place).is_absolute() or ".." in PurePath(place).parts:
                mend = "Name it relative to the working directory, without .."
                raise document.error(f"{place!r} leads out of the directory.", ("checks", name, key), mend=mend)
    return CommandCheck(
        name=name,
        run=tuple(given.run),
        file=given.file,
        copies=tuple(given.copy),
        timeout_s=given.timeout_s,
        tasks=tuple(given.tasks),
    )


def _rule(document: Document, position: int, catalog: Catalog, checks: list[str], *, is_last: bool) -> Rule:
    path = ("rules", position)
    rule = document.convert(path, Rule)
    if all(getattr(rule, name) is None for name in ("tier", "use", "profile", "check")):
        mend = "Give it a tier, a profile, a check, or use: provider/model."
        raise document.error("it decides nothing.", path, mend=mend)
    if rule.check is not None and rule.check not in checks:
        mend = mend_by_name(rule.check, checks) if checks else "Declare it in the section checks:."
        raise document.error(f"there is no check {rule.check!r}.", (*path, "check"), mend=mend)
    if all(getattr(rule, name) is None for name in _CONDITIONS) and not is_last:
        mend = "Put it last, or give it a project, path, regex, operation, session or task."
        raise document.error("it always holds, so no rule after it ever does.", path, mend=mend)
    if rule.regex is not None:
        _check_pattern(document, (*path, "regex"), rule.regex)
    if rule.use is not None:
        _target(document, (*path, "use"), rule.use, catalog)
    return rule


def _check_pattern(document: Document, path: tuple[str | int, ...], pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        mend = "In YAML, write regular expressions in single quotes."
        raise document.error(f"{pattern!r} is no regular expression: {error}.", path, mend=mend) from error


def _target(document: Document, path: tuple[str | int, ...], name: str, catalog: Catalog) -> Target:
    try:
        return catalog.resolve(name)
    except UnknownTargetError as error:
        raise document.error(str(error), path, mend="Targets are written provider/model.") from error
