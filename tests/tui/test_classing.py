"""Correcting what kind of work a prompt is taken for."""

from support.dashboard import dashboard

from burn_tui.core.task_class import TASK_CLASSES, classify


async def test_one_key_gives_the_draft_its_next_class_and_prompts_like_it_follow() -> None:
    async with dashboard() as running:
        await running.type("write unit tests for the cart")
        await running.hit("alt+k")
        await running.until(lambda: running.toasts)
        said = "From now on this prompt and those like it are other, not test or debug."
        assert running.toasts == [said]
        corrections = running.runtime.router.auto.corrections
        assert classify("write unit tests for the cart, please", (), corrections).task_class == "other"
        assert running.prompt == "write unit tests for the cart"


async def test_the_key_goes_round_all_classes() -> None:
    async with dashboard() as running:
        await running.type("tell me of Mars")
        for _ in TASK_CLASSES:
            await running.hit("alt+k")
        await running.until(lambda: len(running.toasts) == len(TASK_CLASSES))
        corrections = running.runtime.router.auto.corrections
        assert {one.task_class for one in corrections} == set(TASK_CLASSES)
        assert classify("tell me of Mars", (), corrections).task_class == "other"


async def test_without_a_draft_the_last_question_is_meant() -> None:
    async with dashboard() as running:
        await running.send("tell me of Mars")
        await running.until(lambda: not running.main.deck.active.is_busy and running.prompt == "")
        await running.hit("alt+k")
        await running.until(lambda: running.runtime.router.auto.corrections)
        assert "mars" in running.runtime.router.auto.corrections[0].words


async def test_without_any_prompt_it_says_so() -> None:
    async with dashboard() as running:
        await running.hit("alt+k")
        await running.until(lambda: running.toasts)
        assert running.toasts == ["There is no prompt here that could be classed."]
