"""50 KB of Markdown, a hundred chunks a second, into TranscriptView and into Textual's plain Log, in one run.

    python tests/bench/transcript_stream.py

Prints how late the event loop was (95th percentile), CPU and wall time of each, and TranscriptView as a ratio to Log.
"""

import asyncio
import statistics
import sys
from collections.abc import Callable
from time import perf_counter, process_time

from msgspec import Struct
from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.widgets import Log

from burn_tui.core.catalog import Target
from burn_tui.core.events import AttemptStarted, TextDelta
from burn_tui.core.transcript import Transcript
from burn_tui.tui.widgets.transcript_view import TranscriptView

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


async def run(widget: Widget, write: Callable[[str], None]) -> Cost:
    text = markdown()
    chunks = [text[start : start + CHUNK_BYTES] for start in range(0, len(text), CHUNK_BYTES)]
    async with Host(widget).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        lags: list[float] = []
        watching = asyncio.create_task(_watch(lags))
        wall, cpu = perf_counter(), process_time()
        for position, chunk in enumerate(chunks):
            write(chunk)
            await asyncio.sleep(max(wall + (position + 1) / CHUNKS_PER_S - perf_counter(), 0))
        await pilot.pause()
        cost = Cost(statistics.quantiles(lags, n=20)[-1], process_time() - cpu, perf_counter() - wall)
        watching.cancel()
    return cost


async def _watch(lags: list[float]) -> None:
    while True:
        before = perf_counter()
        await asyncio.sleep(LOOK_S)
        lags.append(perf_counter() - before - LOOK_S)


def into_log() -> tuple[Widget, Callable[[str], None]]:
    log = Log()
    return log, lambda chunk: _ignore(log.write(chunk))


def into_transcript() -> tuple[Widget, Callable[[str], None]]:
    view, transcript = TranscriptView(), Transcript()
    transcript.ask("why?", at=0.0)
    transcript.apply(AttemptStarted("e", 1, Target("anthropic", "claude-sonnet-4-5")), at=0.0)

    def write(chunk: str) -> None:
        transcript.apply(TextDelta(chunk), at=0.0)
        view.notice_change()

    view.bind(transcript)
    return view, write


def _ignore(_: object) -> None:
    """A writer returns nothing."""


def main() -> None:
    pairs = [(asyncio.run(run(*into_log())), asyncio.run(run(*into_transcript()))) for _ in range(_repeats())]
    for log, view in pairs:
        for name, cost in (("Log", log), ("TranscriptView", view)):
            print(
                f"{name:<15} lag p95 {cost.lag_p95_s * 1e3:6.1f} ms   cpu {cost.cpu_s:5.2f} s   wall {cost.wall_s:5.2f} s"
            )
        print(
            f"{'ratio':<15} lag p95 {view.lag_p95_s / log.lag_p95_s:6.2f} x    cpu {view.cpu_s / log.cpu_s:5.2f} x   "
            f"wall {view.wall_s / log.wall_s:5.2f} x"
        )


def _repeats() -> int:
    return int(sys.argv[1]) if len(sys.argv) > 1 else 1


if __name__ == "__main__":
    main()
