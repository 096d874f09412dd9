"""Saying what a prompt really is: one key gives it the next class, and those like it are taken for the same."""

from burn_tui.core.task_class import TASK_CLASSES, classify
from burn_tui.core.transcript import Asked
from burn_tui.tui.screens.asking import Asking


class Classing(Asking):
    """The draft is meant, or the last question where nothing is typed."""

    async def action_correct_class(self) -> None:
        """The next class; after the last one the first again."""
        self._keep_draft()
        session, auto = self.deck.active, self._runtime.router.auto
        prompt = session.draft.strip() or self._last_question()
        if not prompt:
            self.notify("There is no prompt here that could be classed.", severity="warning")
            return
        patterns = self._runtime.router.setup.auto.patterns
        present = classify(prompt, patterns, auto.corrections).task_class
        chosen = TASK_CLASSES[(TASK_CLASSES.index(present) + 1) % len(TASK_CLASSES)]
        await auto.correct(prompt, chosen)
        self.notify(f"From now on this prompt and those like it are {_in_words(chosen)}, not {_in_words(present)}.")
        self._show_route()

    def _last_question(self) -> str:
        entries = self.deck.active.transcript.entries
        return next((entry.text for entry in reversed(entries) if isinstance(entry, Asked)), "")


def _in_words(task: str) -> str:
    return task.replace("_", " ")
