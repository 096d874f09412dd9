"""What the demo's models say."""

ANSWERS = (
    """The loop never stops because `attempt` is read again **after** it was reset.

1. `fetch()` sets `attempt = 0` on every new connection.
2. A 429 closes the connection, so the next pass opens a new one.
3. The limit is compared with a counter that is back at zero.

Keep the counter outside of the connection:

```python
def fetch(url: str, limit: int = 4) -> bytes:
    for attempt in range(limit):
        with connect(url) as connection:
            if (body := connection.read()) is not None:
                return body
        sleep(backoff(attempt))
    raise RetriesExhausted(url, limit)
```

Now the bound is visible in the loop itself, and a test can count the calls.
""",
    """Short answer: **yes**, but only while the lock is held.

| step | holds the lock | may block |
|------|----------------|-----------|
| read the balance | yes | no |
| reserve | yes | no |
| call the provider | no | yes |
| settle | yes | no |

The call itself stands outside, so a slow provider never keeps the others waiting.
""",
    """Three things to look at, the cheapest first:

- the index: `EXPLAIN QUERY PLAN` shows a scan over `attempt`
- the sum: it is taken over rows, and a roll-up of hours already holds it
- the panel: it asks once a second, although nothing has changed

> Measure first. The second one usually pays for the other two.
""",
)

OTHER_PROGRAMS = (
    (
        "nightly-eval",
        "staging",
        "gemini",
        "Grade this answer against the rubric, from 1 to 5, with one sentence of reason.",
    ),
    (
        "nightly-eval",
        "staging",
        "gemini",
        "Does the summary contradict the source? Answer yes or no, then quote the line.",
    ),
    ("review-diff", "staging", "openai", "Review this diff for race conditions and for errors that are swallowed."),
    ("scratch", "local", "ollama", "Name five short test cases for a parser of ISO 8601 durations."),
)
"""(operation, environment, provider, prompt) of the programs that go on beside the person."""
