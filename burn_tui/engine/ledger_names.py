"""Words that recur in the ledger's rows, each kept once and known by a number."""

import sqlite3

from burn_tui.core.usage import AttemptOpened
from burn_tui.engine.tables.migrations import LABELS

_SELECT_NAME = "SELECT id FROM names WHERE name = ?"
_INSERT_NAME = "INSERT INTO names (name) VALUES (?) RETURNING id"

_SELECT_SUBJECT = "SELECT id FROM subjects WHERE provider_name = ? AND request_model IS ? AND operation_name IS ?"
_INSERT_SUBJECT = "INSERT INTO subjects (provider_name, request_model, operation_name) VALUES (?, ?, ?) RETURNING id"

_SELECT_LABELS = f"SELECT id FROM labels WHERE {' AND '.join(f'{label} IS ?' for label in LABELS)}"  # noqa: S608
_INSERT_LABELS = f"""
    INSERT INTO labels ({", ".join(LABELS)}, model_subject, operation_subject)
    VALUES ({", ".join("?" * len(LABELS))}, ?, ?) RETURNING id
"""  # noqa: S608

REMEMBERED = 50_000
"""Words; more are looked up again. Sessions and reasons come and go for ever."""


class Names:
    """For use within a transaction that holds the write lock: what is new is written.

    It remembers what it has seen, so `forget` after a transaction that came to nothing.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._names: dict[str, int] = {}
        self._labels: dict[tuple[object, ...], int] = {}

    def forget(self) -> None:
        """Look everything up again from now on."""
        self._names.clear()
        self._labels.clear()

    def number(self, name: str | None) -> int | None:
        """The number of a word; None for None."""
        if name is None:
            return None
        known = self._names.get(name)
        if known is None:
            if len(self._names) >= REMEMBERED:
                self._names.clear()
            known = self._names[name] = self._found(_SELECT_NAME, _INSERT_NAME, (name,))
        return known

    def labels_of(self, opened: AttemptOpened) -> int:
        """The number of everything that reports group this attempt by."""
        prompt = opened.prompt
        labels = (
            opened.provider_name,
            opened.request_model,
            opened.environment,
            opened.operation_name,
            opened.project,
            opened.member,
            opened.source,
            *((prompt.name, prompt.version, prompt.variant, prompt.label) if prompt else (None, None, None, None)),
        )
        known = self._labels.get(labels)
        if known is None:
            if len(self._labels) >= REMEMBERED:
                self._labels.clear()
            known = self._labels[labels] = self._found_labels(labels, opened)
        return known

    def _found_labels(self, labels: tuple[object, ...], opened: AttemptOpened) -> int:
        model = (opened.provider_name, opened.request_model, None)
        operation = (opened.provider_name, None, opened.operation_name)
        subjects = [self._found(_SELECT_SUBJECT, _INSERT_SUBJECT, subject) for subject in (model, operation)]
        return self._found(_SELECT_LABELS, _INSERT_LABELS, labels, (*labels, *subjects))

    def _found(self, select: str, insert: str, key: tuple[object, ...], row: tuple[object, ...] | None = None) -> int:
        found = self._connection.execute(select, key).fetchone()
        if found is None:
            found = self._connection.execute(insert, row or key).fetchone()
        return int(found[0])
