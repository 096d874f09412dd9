"""50 KB of Markdown, a hundred chunks a second, into TranscriptReader, and into Textual's plain Log and MarkdownStream.

    python tests/bench/transcript_stream.py [REPEATS]

Prints how late the event loop was (95th percentile and worst), CPU and wall time of each, all in one run, and what
TranscriptReader takes of the CPU that Log takes. Wanted: lag p95 at most 50 ms, CPU at most 1.2 x Log, wall at most 2 %
above the ideal.
"""

import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable
from time import perf_counter, process_time

from msgspec import Struct
from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.widgets import Log, Markdown
from textual.widgets.markdown import MarkdownStream

from burn_tui.core.catalog import Target
from burn_tui.core.events import AttemptStarted, TextDelta
from burn_tui.core.transcript import Transcript
from burn_tui.tui.widgets.transcript_reader import TranscriptReader

BYTES = 50_000
CHUNKS_PER_S = 100
CHUNK_BYTES = 100
LOOK_S = 0.005
"""How long the sleeps are whose delay is measured."""

PASSAGE = """\
## Why attempt {n} never ends

Because `attempt` is read again after the **body** of the loop, the counter does not grow. A bounded loop with a
jittered wait between two attempts does what was meant, and says so when it has given up.

1. take the bound as an argument
2. wait longer each time
   - with some chance in it
   - but never longer than a minute

```python
def retry(call: Callable[[], T], *, attempts: int = {n}) -> T:
    \"\"\"Call until it works; RuntimeError when it never does.\"\"\"
    for attempt in range(attempts):
        try:
            return call()
        except OSError as error:
            log.warning("attempt %d of %d failed: %s", attempt, attempts, error)

    raise RuntimeError("gave up")
```

| provider  | p50   | price |
|-----------|------:|------:|
| anthropic | 1.9 s | $3.00 |
| openai    | 1.2 s | $2.50 |

> Every failure is shown, and none is silent.

"""


class Cost(Struct, frozen=True):
    """Of one run."""

    lag_p95_s: float
    lag_worst_s: float
    cpu_s: float
    wall_s: float


class Host(App[None]):
    """Nothing but the widget."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self._widget = widget

    def compose(self) -> ComposeResult:
        yield self._widget


def markdown() -> str:
    text = "".join(PASSAGE.format(n=n) for n in range(BYTES // len(PASSAGE) + 1))
    return text[:BYTES]


Write = Callable[[str], Awaitable[None]]
"""Hands one chunk over."""


async def run(widget: Widget, write: Write) -> Cost:
    text = markdown()
    chunks = [text[start : start + CHUNK_BYTES] for start in range(0, len(text), CHUNK_BYTES)]
    async with Host(widget).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        lags: list[float] = []
        watching = asyncio.create_task(_watch(lags))
        wall, cpu = perf_counter(), process_time()
        for position, chunk in enumerate(chunks):
            await write(chunk)
            await asyncio.sleep(max(wall + (position + 1) / CHUNKS_PER_S - perf_counter(), 0))
        await pilot.pause()
        p95 = statistics.quantiles(lags, n=20)[-1]
        cost = Cost(p95, max(lags), process_time() - cpu, perf_counter() - wall)
        watching.cancel()
    return cost


async def _watch(lags: list[float]) -> None:
    while True:
        before = perf_counter()
        await asyncio.sleep(LOOK_S)
        lags.append(perf_counter() - before - LOOK_S)


def into_log() -> tuple[Widget, Write]:
    log = Log()

    async def write(chunk: str) -> None:
        log.write(chunk)

    return log, write


def into_markdown() -> tuple[Widget, Write]:
    """As Textual's manual has it: one stream, which gathers what comes while it is busy."""
    markdown = Markdown()
    streams: list[MarkdownStream] = []

    async def write(chunk: str) -> None:
        if not streams:
            streams.append(Markdown.get_stream(markdown))
        await streams[0].write(chunk)

    return markdown, write


def into_transcript() -> tuple[Widget, Write]:
    view, transcript = TranscriptReader(), Transcript()
    transcript.ask("why?", at=0.0)
    transcript.apply(AttemptStarted("e", 1, Target("anthropic", "claude-sonnet-4-5")), at=0.0)

    async def write(chunk: str) -> None:
        transcript.apply(TextDelta(chunk), at=0.0)
        view.notice_change()

    view.bind(transcript)
    return view, write


_WAYS = {"Log": into_log, "MarkdownStream": into_markdown, "TranscriptReader": into_transcript}


def main() -> None:
    ideal_s = len(markdown()) / CHUNK_BYTES / CHUNKS_PER_S
    for _ in range(_repeats()):
        costs = {
            name: asyncio.run(run(*into()))
            for name, into in (
                ("Log", into_log),
                ("MarkdownStream", into_markdown),
                ("TranscriptReader", into_transcript),
            )
        }
        for name, cost in costs.items():
            print(
                f"{name:<16} lag p95 {cost.lag_p95_s * 1e3:7.1f} ms   worst {cost.lag_worst_s * 1e3:7.1f} ms   "
                f"cpu {cost.cpu_s:5.2f} s   wall {cost.wall_s:5.2f} s, {cost.wall_s / ideal_s - 1:+.1%}"
            )
        print(f"TranscriptReader takes {costs['TranscriptReader'].cpu_s / costs['Log'].cpu_s:.2f} x the CPU of Log")


def _repeats() -> int:
    return int(sys.argv[1]) if len(sys.argv) > 1 else 1


if __name__ == "__main__":
    main()
