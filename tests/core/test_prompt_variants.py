"""Which text of a prompt a target is sent."""

import pytest

from burn_tui.core.catalog import Target
from burn_tui.core.chat import said
from burn_tui.core.context import going_on
from burn_tui.core.prompt_form import Model, Options, Prompt, version_of
from burn_tui.core.prompt_variants import Wording, Wordings, chosen, worded
from burn_tui.core.usage import PromptUse
from burn_tui.engine.prompts.library import Chosen, Prepared

SONNET = Target("anthropic", "claude-sonnet-4-5")
GPT = Target("openai", "gpt-5-mini")
ROUTED = Target("openrouter", "anthropic/claude-sonnet-4-5")
QWEN = Target("ollama", "qwen3:8b")


@pytest.mark.parametrize(
    ("variants", "target", "expected"),
    [
        (["anthropic"], SONNET, "anthropic"),
        (["anthropic", "claude"], SONNET, "claude"),
        (["claude", "claude-sonnet", "claude-opus"], SONNET, "claude-sonnet"),
        (["claude-sonnet-4-5", "claude-sonnet"], SONNET, "claude-sonnet-4-5"),
        (["claude"], ROUTED, "claude"),
        (["anthropic"], ROUTED, None),
        (["gpt-5"], GPT, "gpt-5"),
        (["gpt-5-m"], GPT, None),
        (["qwen3"], QWEN, "qwen3"),
        (["Anthropic"], SONNET, "Anthropic"),
        ([], SONNET, None),
    ],
)
def test_the_nearest_variant_is_chosen_and_else_the_plain_text(
    variants: list[str], target: Target, expected: str | None
) -> None:
    assert chosen(variants, target) == expected


def wording(text: str, variant: str | None, temperature: float) -> Wording:
    prompt = Prompt(name="n", body=text, model=Model(options=Options(temperature=temperature)))
    use = PromptUse(name="n", version="0" * 64, variant=variant)
    return Wording(prompt=prompt, messages=(said("system", f"s {text}"), said("user", text)), use=use)


def test_only_the_question_is_reworded_and_what_was_answered_of_it_stays() -> None:
    before = (said("user", "earlier"), said("assistant", "yes"))
    wordings = Wordings(
        before=before, usual=wording("plain", None, 0.5), others=(wording("for claude", "claude", 0.9),)
    )
    version = version_of(wordings.usual.prompt)
    prepared = Prepared(chosen=Chosen(version=version, label="working", is_working=True), wordings=wordings)
    cut = going_on(prepared.request(before=before), "half an answer")
    at_gpt, at_claude = worded(cut, wordings, GPT), worded(cut, wordings, SONNET)
    assert at_gpt == cut
    assert at_claude.messages == (*before, *wordings.others[0].messages, *cut.messages[4:])
    assert (at_gpt.temperature, at_claude.temperature) == (0.5, 0.9)


def test_a_request_without_a_prompt_is_as_it_was() -> None:
    request = Prepared(
        chosen=Chosen(version=version_of(Prompt(name="n", body="x\n")), label=None, is_working=False),
        wordings=Wordings(usual=wording("x", None, 1.0)),
    ).request()
    assert worded(request, None, GPT) is request
