"""Each refusal has the kind that its remedy needs, and no key is ever repeated."""

import re
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from burn_tui.core.failure import FALLS_BACK, IN_WORDS, ErrorType, classify, redacted

QUOTA_BEFORE_RATE_LIMIT = [
    (402, "Insufficient Balance"),
    (402, ""),
    (400, "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade."),
    (400, "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."),
    (403, "This API method requires billing to be enabled."),
    (403, "Your newly created team doesn't have any credits yet. You can purchase credits on console.x.ai."),
    (403, "Key limit exceeded (total limit)."),
    (429, "You exceeded your current quota, please check your plan and billing details. insufficient_quota"),
    (429, "Your account is not active, please check your billing details on our website. billing_not_active"),
    (429, "You have reached your usage limit enforced_spend_limit_reached"),
    (429, "Your team has either used all available credits or reached its monthly spending limit."),
]

GROQ = (
    "Rate limit reached for model `llama-3.3-70b` on tokens per minute (TPM): Limit 6000. Need more tokens? "
    "Upgrade to Dev Tier today at https://console.groq.com/settings/billing"
)
OPENAI = (
    "Rate limit reached for gpt-4o. Limit: 3 / min. Please add a payment method to your account to increase "
    "your rate limit. Visit https://platform.openai.com/account/billing to add a payment method."
)
PASSING_LIMITS = [
    (429, ""),
    (429, "This request would exceed your organization's rate limit of 50 requests per minute"),
    (429, "Resource has been exhausted (e.g. check quota)."),
    (429, GROQ),
    (429, OPENAI),
]

KEYS = [
    (401, ""),
    (401, "Missing Authentication header"),
    (400, "API key not valid. Please pass a valid API key. API_KEY_INVALID"),
    (400, "API key expired. Please renew the API key."),
    (400, "Incorrect API key provided. You can obtain an API key from https://console.x.ai."),
    (403, "Invalid API Key"),
]

LENGTHS = [
    (413, "Request too large"),
    (400, "prompt is too long: 3333404 tokens > 200000 maximum"),
    (400, "input length and `max_tokens` exceed context limit: 198000 + 8192 > 200000"),
    (400, "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."),
    (400, "Your input exceeds the context window of this model. context_length_exceeded"),
    (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
    (400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens."),
    (400, "the request exceeds the available context size. try increasing it"),
    (400, "prompt too long; exceeded max context length by 1119046 tokens"),
]

FILTERS = [
    (400, "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."),
    (400, "Your request was rejected as a result of our safety system. content_policy_violation"),
    (400, "Invalid prompt: your prompt was flagged as potentially violating our usage policy."),
    (403, "The model requires moderation. Your input was flagged for violence."),
]

PLACES = [
    (403, "Generative Language API has not been used in project 1 before or it is disabled."),
    (403, "Country, region, or territory not supported"),
    (400, "User location is not supported for the API use."),
    (400, "This organization has been disabled."),
]

MODELS = [
    (404, ""),
    (410, "gone"),
    (404, "model 'nonexistent-model:latest' not found"),
    (400, "Invalid model: mistral-does-not-exist invalid_model"),
    (400, "The requested model 'gpt-5.2-proo' does not exist."),
    (400, "meta/llama-9 is not a valid model ID"),
    (400, "Model Not Exist"),
    (400, "The model `llama-3.1-70b` has been decommissioned and is no longer supported."),
]

CALLERS = [
    (400, "messages.0: Input does not match the expected shape."),
    (400, "This model does not support assistant message prefill. The conversation must end with a user message."),
    (400, "This model does not support images. The tool call was not found."),
    (400, "Tool call validation failed: parameters for tool get_something did not match schema"),
    (400, "Unsupported value: 'messages[0].role' does not support 'developer' with this model."),
    (409, "conflict"),
    (422, "temperature: must be at most 2"),
]

SERVERS: list[tuple[int, str, ErrorType]] = [
    (500, "Internal server error", "transient"),
    (502, "<html><title>502 Bad Gateway</title></html>", "transient"),
    (520, "", "transient"),
    (503, "The engine is currently overloaded, please try again later", "overloaded"),
    (529, "Overloaded", "overloaded"),
    (408, "", "timeout"),
    (504, "Request timed out", "timeout"),
    (500, "maximum context length is 8192 tokens", "transient"),
    (500, "billing is down", "transient"),
    (304, "", "bad_answer"),
]


@pytest.mark.parametrize(("status", "words"), QUOTA_BEFORE_RATE_LIMIT)
def test_money_that_is_used_up_is_no_passing_limit_whatever_the_status(status: int, words: str) -> None:
    assert classify(status, words) == "quota_exhausted"


@pytest.mark.parametrize(("status", "words"), PASSING_LIMITS)
def test_a_limit_that_passes_is_no_matter_of_money_even_where_it_advertises(status: int, words: str) -> None:
    assert classify(status, words) == "rate_limited"


@pytest.mark.parametrize(("status", "words"), KEYS)
def test_a_bad_key_is_recognised_behind_other_statuses(status: int, words: str) -> None:
    assert classify(status, words) == "auth"


@pytest.mark.parametrize(("status", "words"), LENGTHS)
def test_too_much_input_is_recognised_in_everybodys_words(status: int, words: str) -> None:
    assert classify(status, words) == "context_length"


@pytest.mark.parametrize(("status", "words"), FILTERS)
def test_blocked_content_is_not_offered_to_somebody_else(status: int, words: str) -> None:
    assert classify(status, words) == "content_filter"
    assert "content_filter" not in FALLS_BACK


@pytest.mark.parametrize(("status", "words"), PLACES)
def test_what_this_account_may_not_do_another_provider_may(status: int, words: str) -> None:
    assert classify(status, words) == "permission"
    assert "permission" in FALLS_BACK


@pytest.mark.parametrize(("status", "words"), MODELS)
def test_a_missing_model_is_recognised_behind_a_bad_request(status: int, words: str) -> None:
    assert classify(status, words) == "model_gone"


@pytest.mark.parametrize(("status", "words"), CALLERS)
def test_a_plain_bad_request_is_the_callers_fault_and_goes_nowhere_else(status: int, words: str) -> None:
    assert classify(status, words) == "caller_fault"
    assert "caller_fault" not in FALLS_BACK


@pytest.mark.parametrize(("status", "words", "error_type"), SERVERS)
def test_a_servers_own_failure_is_told_by_its_status(status: int, words: str, error_type: ErrorType) -> None:
    assert classify(status, words) == error_type


def test_every_kind_of_failure_can_be_said_in_words() -> None:
    assert set(IN_WORDS) == set(get_args(ErrorType))


@given(st.integers(300, 599), st.text(max_size=200))
def test_any_refusal_at_all_has_a_kind(status: int, words: str) -> None:
    assert classify(status, words) in get_args(ErrorType)


def _secret(beginning: str, characters: str, length: int) -> st.SearchStrategy[str]:
    return st.text(characters, min_size=length, max_size=length).map(lambda rest: beginning + rest)


LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
WORD = LETTERS + DIGITS

SHAPES = {
    "OpenAI": _secret("sk-", WORD, 48),
    "OpenAI project": _secret("sk-proj-", WORD + "-_", 60),
    "Anthropic": _secret("sk-ant-api03-", WORD + "-_", 95),
    "OpenRouter": _secret("sk-or-v1-", "0123456789abcdef", 64),
    "DeepSeek": _secret("sk-", "0123456789abcdef", 32),
    "Google": _secret("AIza", WORD + "-_", 35),
    "Google, new": _secret("AQ.", WORD + "-_", 40),
    "Google access": _secret("ya29.", WORD + "-_", 60),
    "Groq": _secret("gsk_", WORD, 52),
    "xAI": _secret("xai-", WORD, 80),
    "Perplexity": _secret("pplx-", WORD, 48),
    "Cerebras": _secret("csk-", LETTERS.lower() + DIGITS, 48),
    "Fireworks": _secret("fw_", WORD, 24),
    "Together": _secret("tgp_v1_", WORD + "-_", 43),
    "Replicate": _secret("r8_", WORD, 37),
    "Hugging Face": _secret("hf_", LETTERS, 34),
    "NVIDIA": _secret("nvapi-", WORD + "-_", 64),
    "GitHub": _secret("ghp_", WORD, 36),
    "GitHub, fine-grained": _secret("github_pat_", WORD + "_", 82),
    "AWS": _secret("AKIA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
    "Azure": _secret("a1", "0123456789abcdef", 30),
    "Mistral": _secret("a1", WORD, 30),
    "JSON web token": _secret("eyJ", WORD, 40).map(lambda head: f"{head}.eyJzdWIiOiIxIn0.{head}"),
}
keys = st.sampled_from(sorted(SHAPES)).flatmap(SHAPES.__getitem__)

edges = st.sampled_from([" ", "\n", '"', "'", "`", "(", "<", "[", ":", "=", ": ", "/", "_", "é"])
ends = st.sampled_from(["", " ", "\n", '"', "'", "`", ")", ">", "]", ".", ",", ". ", "\\n"])


@given(st.text(max_size=40), edges, keys, ends, st.text(max_size=40))
def test_a_planted_key_never_survives(before: str, edge: str, key: str, end: str, after: str) -> None:
    assume(key[-8:] not in before + after)
    shown = redacted(before + edge + key + end + after)
    assert key not in shown
    assert key[-8:] not in shown


named = st.sampled_from(
    [
        "Authorization: Bearer {}",
        "bearer {}",
        "x-api-key: {}",
        '{{"api_key": "{}"}}',
        "https://host/v1?key={}&alt=sse",
        "Incorrect API key provided: {}.",
        "Your api key: {} is invalid",
        "access_token={}",
        "password: {}",
    ]
)


@given(named, st.text(WORD, min_size=6, max_size=20))
def test_what_is_named_a_key_is_taken_for_one_whatever_it_looks_like(sentence: str, key: str) -> None:
    assert re.search(rf"(?<![a-zA-Z0-9]){key}(?![a-zA-Z0-9])", redacted(sentence.format(key))) is None


@pytest.mark.parametrize(
    "words",
    [
        "Rate limit reached for gpt-5-mini in organization org-abc on tokens per min.",
        "The model `llama-3.3-70b-versatile` does not exist.",
        "Invalid API key format",
        "Missing bearer or basic authentication in header",
        "Tool sk-learn, risk-adjusted: disk-space is low",
        "request req_011CczucEpAJhxQrXmpnodCV 0b6e2f3c-8f7a-4b0e-9d1e-3f2a1b4c5d6e",
        "unexpected key: messages.0.content",
    ],
)
def test_plain_words_are_left_as_they_are(words: str) -> None:
    assert redacted(words) == words


def test_a_redacted_sentence_still_says_what_it_was_about() -> None:
    words = "Incorrect API key provided: sk-proj-0123456789abcdef. Find yours at https://platform.openai.com."
    assert redacted(words) == "Incorrect API key provided: [secret] Find yours at https://platform.openai.com."


@given(st.text(max_size=1_000))
def test_words_are_one_line_of_at_most_three_hundred_characters(words: str) -> None:
    shown = redacted(words)
    assert len(shown) <= 300
    assert len(shown.splitlines()) <= 1


def test_what_was_cut_off_is_marked() -> None:
    assert redacted("word " * 100).endswith("…")
