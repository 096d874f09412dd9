"""What can go wrong with an attempt, in few enough kinds that each has one remedy."""

import re
from typing import Literal

from msgspec import Struct, structs

ErrorType = Literal[
    "transient",
    "overloaded",
    "rate_limited",
    "quota_exhausted",
    "auth",
    "permission",
    "model_gone",
    "context_length",
    "content_filter",
    "caller_fault",
    "bad_answer",
    "truncated",
    "timeout",
    "cancelled",
    "refused",
    "interrupted",
    "unknown",
]
"""transient: 5xx, refused or lost connection. overloaded: the provider is full (529, 503), not your limit.
rate_limited: your limit, passes by itself. quota_exhausted: money or a monthly cap, does not pass by itself.
auth: the key is wrong. permission: the key may not do this. model_gone: no such model.
context_length: too much input. content_filter: blocked by policy. caller_fault: a bad request, everywhere.
bad_answer: 200 without an answer. truncated: the stream ended before the model did. timeout: nothing came in time.
cancelled: by the person or client. refused: by our own guard or budget, nothing was sent.
interrupted: burn-tui itself died in mid-attempt."""

FALLS_BACK: frozenset[ErrorType] = frozenset(
    {
        "transient",
        "overloaded",
        "rate_limited",
        "quota_exhausted",
        "auth",
        "permission",
        "model_gone",
        "context_length",
        "bad_answer",
        "truncated",
        "timeout",
        "unknown",
    }
)
"""The failures that another provider may not share; after context_length only one with a larger window is asked.
A bad request or a blocked prompt is not among them: sending it elsewhere would bill the backup for the same refusal."""

IN_WORDS: dict[ErrorType, str] = {
    "transient": "failed",
    "overloaded": "is overloaded",
    "rate_limited": "refused: rate limited",
    "quota_exhausted": "refused: out of credit or over its spend limit",
    "auth": "refused the API key",
    "permission": "refused: not permitted",
    "model_gone": "does not have that model",
    "context_length": "refused: the conversation is too long for the model",
    "content_filter": "blocked the content",
    "caller_fault": "rejected the request as malformed",
    "bad_answer": "answered without an answer",
    "truncated": "broke off in mid-answer",
    "timeout": "did not answer in time",
    "cancelled": "was cancelled",
    "refused": "was not asked",
    "interrupted": "was interrupted when burn-tui stopped",
    "unknown": "failed in an unknown way",
}
"""What the provider did, to be read after its name."""


class Failure(Struct, frozen=True):
    """Why an attempt did not answer."""

    error_type: ErrorType
    message: str
    """The provider's own words (or ours for the network), shortened, secrets removed."""
    http_status: int | None = None
    """None if the failure is not an HTTP answer."""
    retry_after_s: float | None = None
    """Seconds until the provider wants to be asked again; None = it did not say; 0 = at once."""
    limit_tokens: int | None = None
    """The context window, where a context_length refusal states it."""


_CREDENTIAL = r"""(?ix)
      (?<![a-z0-9])(?: sk | pk | rk | gsk | xai | pplx | csk | fw | key | tgp | r8 | hf | nvapi | glpat | gh[opsu]
                     | github_pat )[-_][a-z0-9_\-*]{6,}
    | (?<![a-z0-9])(?: AIza | AKIA | ASIA | AQ\. | ya29\. | eyJ )[a-z0-9_\-.]{10,}
    | (?P<scheme> (?<![a-z0-9])(?: Bearer\s+ | Basic\s+(?=\S{16}) ))[a-z0-9._~+/=\-]{6,}
    | (?P<name> (?: (?:api|access)[ _-]?key | [?&]key | (?:access|auth)[ _-]?token | secret | password )
                ["']? (?:\ provided)? \s*[:=]\s* ["'<]? )[^\s,;"'<>&]{6,}
    | (?<![a-z0-9])(?= [a-z]*[0-9] )(?= [0-9]*[a-z] )[a-z0-9]{32,}
    """
"""What providers' keys look like: a known beginning, a name before it, or nothing but 32 letters and digits."""

_MESSAGE_CHARS = 300


def redacted(words: str) -> str:
    """`words` with everything that looks like a credential replaced, on one line, at most 300 characters."""
    line = " ".join(re.sub(_CREDENTIAL, r"\g<scheme>\g<name>[secret]", words).split())
    return line if len(line) <= _MESSAGE_CHARS else line[: _MESSAGE_CHARS - 1] + "…"


def without_key(failure: Failure, api_key: str | None) -> Failure:
    """The failure, should the provider have repeated the key that it was sent; None = it was sent none."""
    if not api_key or api_key not in failure.message:
        return failure
    return structs.replace(failure, message=failure.message.replace(api_key, "[secret]"))


def _says(pattern: str, words: str) -> bool:
    # Compiled (and kept) by `re` when the first failure comes: most processes see none, and all of them start.
    return re.search(pattern, words, re.IGNORECASE) is not None


_CREDIT_WORDS = (
    r"credit balance|insufficient[ _](?:balance|quota|credit|funds)|(?<!/)billing|spend(?:ing)?[ _]limit|"
    r"API usage limits|key limit exceeded|(?:any|available|enough|more|no|out of|purchase) credits"
)
"""Not the address in "Need more tokens? Upgrade at https://.../settings/billing", which ends Groq's rate limits."""

_CONTEXT_WORDS = (
    r"prompt (?:is )?too long|context.(?:length|size|window|limit)|maximum (?:context|prompt length)|"
    r"input is too long|too many (?:input )?tokens|exceeds? the (?:maximum|max|model)[^.]*token|exceeded max context"
)
_FILTER_WORDS = (
    r"content.?filter|content management policy|safety system|content_policy|(?:prompt|input|content) was flagged"
)
_KEY_WORDS = r"api.?key (?:not valid|invalid|expired)|(?:incorrect|invalid).(?:x-)?api.?key|API_KEY_INVALID"
_PLACE_WORDS = r"(?:location|country|region)[^.]* not supported|organization has been disabled"
_MODEL_WORDS = (
    r"model[_ ]not[_ ](?:found|exist)|invalid[_ ]model|not a valid model|no such model|unknown model|"
    r"models? (?:[^.]|\.(?=\S)){0,120}?(?:does not exist|not found|is not available|been decommissioned)|"
    r"models/\S+ is not found|DeploymentNotFound"
)


def classify(status: int, words: str) -> ErrorType:
    """The kind of an HTTP refusal, from its status and everything its body says.

    Order matters: money hides behind 400, 403 and 429, and a bad key or a missing model behind 400.
    """
    if status == 402 or (status in {400, 403, 429} and _says(_CREDIT_WORDS, words)):
        return "quota_exhausted"
    if status == 429:
        return "rate_limited"
    if status in {529, 503}:
        return "overloaded"
    if status in {408, 504}:
        return "timeout"
    if status >= 500:
        return "transient"
    if status == 401 or _says(_KEY_WORDS, words):
        return "auth"
    return _refusal_of_the_request(status, words)


def _refusal_of_the_request(status: int, words: str) -> ErrorType:
    if _says(_FILTER_WORDS, words):
        return "content_filter"
    if status == 413 or _says(_CONTEXT_WORDS, words):
        return "context_length"
    if status == 403 or _says(_PLACE_WORDS, words):
        return "permission"
    if status in {404, 410} or _says(_MODEL_WORDS, words):
        return "model_gone"
    return "caller_fault" if 400 <= status < 500 else "bad_answer"
