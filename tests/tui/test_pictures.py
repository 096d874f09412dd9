"""Pictures of every screen, at three sizes, as README shows them.

BURN_TUI_ACCEPT_PICTURES=1 makes them anew. Look at each of them before you commit it.
"""

import asyncio
import os
import platform
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

import pytest
import textual
from msgspec import structs
from support.checkout import ROOT
from support.dashboard import GIVE_UP_S, Dashboard, dashboard
from support.foreign import full
from support.neighbours import PANES
from support.scripted import (
    FLASH,
    GPT,
    NOW,
    QWEN,
    SONNET,
    ScriptedGateway,
    ScriptedRuntime,
    answers,
    asks_first,
    begins,
    busy_day,
    empty_day,
    falls_back,
    settled,
)
from support.scripted_prompts import TICKETS
from support.scripted_team import AWAY, BUSY
from support.watching import DEARER, HALF_SPENT, RUNAWAY, told
from textual.widgets import Input

from burn_tui.core.errors import SettingsError
from burn_tui.core.events import (
    AttemptFinished,
    AttemptStarted,
    Escalated,
    Refused,
    RequestFinished,
    TextDelta,
    TooLong,
)
from burn_tui.core.routing import Route
from burn_tui.core.team import TeamView
from burn_tui.core.transcript import Answer, Notice
from burn_tui.tui.app import BurnApp
from burn_tui.tui.screens.boot_error import BootErrorScreen
from burn_tui.tui.screens.question import QuestionScreen
from burn_tui.tui.screens.replay import ReplayScreen
from burn_tui.tui.screens.report import ReportScreen
from burn_tui.tui.screens.search import SearchScreen

if TYPE_CHECKING:
    from textual.app import App

    from burn_tui.engine.runtime import Runtime

PICTURES = ROOT / "snapshots"
HOME = PICTURES / "made-with.txt"
THESE_VERSIONS = f"Python {'.'.join(platform.python_version_tuple()[:2])}, Textual {textual.__version__}\n"
IS_ACCEPTING = os.environ.get("BURN_TUI_ACCEPT_PICTURES") == "1"

SIZES = [(160, 45), (80, 24), (40, 15)]

ANSWER = """Because `attempt` is re-read after the sleep, so the loop never sees its own increment:

```python
for attempt in range(5):
    if call():
        break
    sleep(2 ** attempt)
```

- keep the counter **local**
- stop after five attempts
"""

Scene = Callable[[Dashboard], Awaitable[None]]


@pytest.fixture(autouse=True)
def _frozen_time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def idle(running: Dashboard) -> None:
    running.runtime.router.scripts.append(answers(SONNET, ANSWER))
    await running.send("why does the retry loop never stop?")
    await running.settled()
    await running.type("and how would you test it?")
    await running.until(lambda: "est." in running.text("#route"))


async def streaming(running: Dashboard) -> None:
    await idle(running)
    half = "Give the clock as an argument, then a test can"
    running.runtime.router.scripts.append([*begins(SONNET), TextDelta(half), asyncio.Event()])
    await running.pilot.press("enter")
    await running.until(lambda: "a test can" in " ".join(running.text("#transcript").split()))


async def after_a_fallback(running: Dashboard) -> None:
    await idle(running)
    running.runtime.router.states[SONNET] = ("resting", 43.0)
    half = "Give the clock as an argument, then a test can"
    running.runtime.router.scripts.append([*falls_back(SONNET, GPT), TextDelta(half), asyncio.Event()])
    await running.pilot.press("enter")
    await running.until(lambda: running.main.query_one("#fallback").display)
    await running.until(lambda: "resting" in running.text() or running.app.size.width < 80)
    await running.until(lambda: "a test can" in " ".join(running.text("#transcript").split()))
    # The status line follows once a second.
    await running.until(lambda: "answering 0 s" in running.text("#status") or running.app.size.width < 80)


async def escalated(running: Dashboard) -> None:
    """A cheap answer that was none, and the one after it."""
    await idle(running)
    refusal = "I'm sorry, but I can't help with that."
    why = f"{QWEN} was asked first, and its answer was a refusal."
    first, second = settled(QWEN), settled(SONNET)
    running.runtime.router.scripts.append(
        [
            *begins(QWEN),
            TextDelta(refusal),
            AttemptFinished(first),
            Escalated(QWEN, SONNET, why, from_nanousd=12_100_000, to_nanousd=76_000_000),
            AttemptStarted("s", 2, SONNET),
            TextDelta("Give the clock as an argument, then a test can set it."),
            AttemptFinished(second),
            RequestFinished("r", None, SONNET, (first, second)),
        ]
    )
    await running.pilot.press("enter")
    await running.until(lambda: running.main.query_one("#fallback").display)
    await running.until(lambda: "can set it" in " ".join(running.text("#transcript").split()))
    await running.settled()


async def first_start(running: Dashboard) -> None:
    await running.until(lambda: "No provider yet" in " ".join(running.text("#welcome").split()))


async def confirm(running: Dashboard) -> None:
    running.runtime.router.scripts.append(asks_first(SONNET, "production"))
    await running.send("drop the old index")
    await running.until(lambda: isinstance(running.app.screen, QuestionScreen))


async def too_long(running: Dashboard) -> None:
    facts = TooLong(
        tokens_needed=212_000,
        window=200_000,
        shorten_to=192_000,
        shortest=900,
        carrier=FLASH,
        carrier_window=1_000_000,
        carrier_cost_nanousd=120_000_000,
    )
    refused = Refused("context_length", "It is too long.", "Shorten it.", too_long=facts)
    running.runtime.router.scripts.append([refused, RequestFinished("r", None, None, ())])
    await running.send("and who wrote it?")
    await running.until(lambda: isinstance(running.app.screen, QuestionScreen))


async def reading(running: Dashboard) -> None:
    await idle(running)
    await running.pilot.press("tab", "k", "shift+down", "shift+down", "shift+down", "shift+down")
    await running.until(lambda: running.main.selections)


NOTICES: list[Notice] = [
    Notice("context", "Not sent to openai: 2 thinking blocks of anthropic.", NOW),
    Notice("escalation", "The answer was empty. Now anthropic/claude-sonnet-4-5.", NOW),
    Notice("truncation", "The answer above is incomplete: the stream was cut.", NOW),
    Notice("budget", "Budget daily is 82% used.", NOW),
    Notice("waiting", "Waiting 12 s for anthropic/claude-sonnet-4-5. It rests.", NOW),
    Notice("refusal", "Budget daily has $20 of $20 spent or reserved. Raise budgets.daily.limit_usd.", NOW),
    Notice("failure", "No answer: anthropic refused the key. Set ANTHROPIC_API_KEY.", NOW),
]


def typing(text: str) -> Scene:
    async def scene(running: Dashboard) -> None:
        await idle(running)
        await running.pilot.press("ctrl+u")
        await running.type(text)
        await running.until(lambda: running.main.query_one("#completions").display)
        await running.until(lambda: "Escape" in running.text("#route"))

    return scene


async def comparing(running: Dashboard) -> None:
    await idle(running)
    running.runtime.router.scripts.append(answers(GPT, "Because nobody reads the counter again:\n\n" + ANSWER))
    await running.pilot.press("tab", "plus", "s")
    await running.until(lambda: running.app.screen is not running.main)
    await running.pilot.press("4")
    await running.until(lambda: "gpt-5-mini · openai" in running.text())
    running.app.clear_notifications()


async def judged(running: Dashboard) -> None:
    await idle(running)
    await running.pilot.press("tab", "plus", "n")
    await running.until(lambda: running.app.screen is not running.main)
    await running.type("short and right")
    await running.pilot.press("enter")
    await running.until(lambda: "short and right" in running.text("#transcript"))
    running.app.clear_notifications()


async def noticing(running: Dashboard) -> None:
    transcript = running.main.deck.active.transcript
    transcript.ask("why does the retry loop never stop?", at=NOW)
    transcript.entries += [
        NOTICES[0],
        Answer(GPT, NOW, "", state="done", record=settled(GPT)),
        NOTICES[1],
        Answer(SONNET, NOW, "Because `attempt` is", state="truncated", record=settled(SONNET), verdict="bad"),
        *NOTICES[2:],
    ]
    running.main._bind()
    await running.until(lambda: "refused the key" in " ".join(running.text("#transcript").split()))


async def many_sessions(running: Dashboard) -> None:
    await idle(running)
    await running.pilot.press("alt+2")
    running.runtime.router.scripts.append(answers(QWEN, "A counter that is never read is a retry that never ends."))
    await running.send("say it in one sentence")
    await running.settled()
    await running.pilot.press("alt+1")


async def searching(running: Dashboard) -> None:
    await many_sessions(running)
    await running.pilot.press("ctrl+r")
    await running.until(lambda: isinstance(running.app.screen, SearchScreen))
    running.app.screen.query_one(Input).value = "retry"
    await running.until(lambda: "answer  14:02" in running.text())


async def the_past(running: Dashboard) -> None:
    await many_sessions(running)
    await running.pilot.press("f3", "f3")
    await running.until(lambda: len(running.main.deck.sessions) == 1)
    await running.settled()
    running.app.clear_notifications()
    await running.pilot.press("ctrl+o")
    await running.until(lambda: "say it in one" in running.text())


def pressing(*keys: str) -> Scene:
    async def scene(running: Dashboard) -> None:
        await idle(running)
        await running.pilot.press(*keys)
        await running.until(lambda: running.app.screen is not running.main)

    return scene


async def by_auto(running: Dashboard) -> None:
    await idle(running)
    await running.pilot.press("f2", "1")
    await running.until(lambda: "auto > " in running.text("#route"))


def report(*keys: str) -> Scene:
    """On the afternoon on which everything happens."""

    async def scene(running: Dashboard) -> None:
        running.runtime.lens.fill((SONNET, GPT, FLASH, QWEN))
        running.runtime.watch.kept = told(RUNAWAY, HALF_SPENT, DEARER)
        await idle(running)
        await running.pilot.press(*keys)
        await running.until(lambda: isinstance(running.app.screen, ReportScreen) and running.app.screen.last)
        await running.settled()

    return scene


async def diversity(running: Dashboard) -> None:
    """Two routes, one of which hangs on one provider."""
    routes = (Route("default", (SONNET, GPT, QWEN)), Route("deep", (SONNET,)), Route("quick", (FLASH, QWEN)))
    running.runtime.router.routes = {route.name: route for route in routes}
    await report("alt+v")(running)


def replay(*keys: str) -> Scene:
    """Three policies, one of which saves half."""

    async def scene(running: Dashboard) -> None:
        await running.pilot.press("alt+x")
        await running.until(lambda: isinstance(running.app.screen, ReplayScreen) and running.app.screen.last)
        await running.settled()
        for key in keys:
            await running.pilot.press(key)
        if "a" in keys:
            await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.settled()

    return scene


def prompts(*keys: str) -> Scene:
    """The prompts of a project that has several."""

    async def scene(running: Dashboard) -> None:
        running.runtime.prompts.fill()
        await idle(running)
        await running.pilot.press("f7")
        await running.until(lambda: "triage" in running.text() or "review-diff" in running.text())
        await running.pilot.press("left_square_bracket")
        await running.until(lambda: TICKETS.shown in running.text())
        await running.pilot.press(*keys)
        await running.settled()

    return scene


def compared(*keys: str) -> Scene:
    """Two models of which the new one broke a case."""

    async def scene(running: Dashboard) -> None:
        running.runtime.prompts.fill()
        running.runtime.comparing.fill()
        await idle(running)
        await running.pilot.press("f7")
        await running.until(lambda: "triage" in running.text() or "review-diff" in running.text())
        await running.pilot.press("left_square_bracket")
        await running.until(lambda: TICKETS.shown in running.text())
        await running.pilot.press("c")
        await running.until(lambda: "NEW FAILURE" in running.text())
        await running.pilot.press(*keys)
        await running.settled()

    return scene


def team(view: TeamView) -> Scene:
    """What everybody burns."""

    async def scene(running: Dashboard) -> None:
        running.runtime.membership.seen = view
        await idle(running)
        await running.pilot.press("alt+o")
        await running.until(lambda: isinstance(running.app.screen, ReportScreen) and running.app.screen.last)
        await running.settled()

    return scene


async def beside(running: Dashboard) -> None:
    running.runtime.neighbourhood.panes = PANES
    await pressing("alt+n")(running)
    await running.until(lambda: "who-knows" in running.text())


async def watched(running: Dashboard) -> None:
    running.runtime.foreign = full().foreign
    await idle(running)
    await running.until(lambda: len(running.main.deck.foreign) == 3)
    await running.pilot.press("alt+5")
    await running.until(lambda: "calling" in running.text("#watched"))


async def serving(running: Dashboard) -> None:
    running.runtime.gateway = gateway = ScriptedGateway()
    await gateway.start()
    await idle(running)
    await running.until(lambda: "gateway on" in running.text("#status") or running.app.size.width < 160)
    await running.pilot.press("alt+g")
    await running.until(lambda: "started here" in running.text())


async def serving_invented_answers(running: Dashboard) -> None:
    running.runtime.gateway = gateway = ScriptedGateway(secret="sk-burn-kIWur8dZmHBFfqUEGSNLII29AtKfCd4ZAxlsujBbGW8")
    await gateway.start()
    await idle(running)
    await running.pilot.press("alt+g")
    await running.until(lambda: "started here" in running.text())


async def alarm(running: Dashboard) -> None:
    await idle(running)
    running.runtime.figures = structs.replace(busy_day(), told=told(RUNAWAY, HALF_SPENT))
    await running.until(lambda: running.main.query_one("#notice").display)


SCENES: dict[str, Scene] = {
    "main": idle,
    "streaming": streaming,
    "fallback": after_a_fallback,
    "escalated": escalated,
    "first-start": first_start,
    "provider": pressing("f2"),
    "sessions": pressing("f8"),
    "new-session": pressing("ctrl+t"),
    "burn": pressing("f5"),
    "alarm": alarm,
    "inspector": report("alt+i"),
    "bottlenecks": report("f6"),
    "latency": report("alt+w"),
    "providers": report("alt+p"),
    "budgets": report("alt+m"),
    "pressure": report("alt+r"),
    "requests": report("alt+a"),
    "audit": report("alt+e"),
    "diversity": diversity,
    "replay": replay("down"),
    "replay-adopt": replay("down", "a"),
    "team": team(BUSY),
    "team-away": team(AWAY),
    "auto": by_auto,
    "help": pressing("f1"),
    "confirm": confirm,
    "too-long": too_long,
    "search": searching,
    "commands": typing("/"),
    "names": typing("@o"),
    "compare": comparing,
    "judged": judged,
    "reading": reading,
    "notices": noticing,
    "past": the_past,
    "neighbours": beside,
    "watched": watched,
    "gateway": serving,
    "gateway-demo": serving_invented_answers,
    "prompts": prompts("down"),
    "prompt-diff": prompts("d"),
    "prompt-comparison": compared(),
    "prompt-comparison-ask": compared("r"),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCENES)
async def test_the_screen_looks_as_it_was_accepted(name: str, size: tuple[int, int]) -> None:
    if name == "first-start":
        runtime = ScriptedRuntime(targets=(), environments={}, burn=empty_day())
    else:
        runtime = ScriptedRuntime(label="DEMO", burn=busy_day())
    async with dashboard(runtime, size=size) as running:
        await running.until(lambda: "$" in running.text("#status"))
        await SCENES[name](running)
        await running.pilot.pause()
        compare(running.app, f"{name}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_boot_error_looks_as_it_was_accepted(size: tuple[int, int]) -> None:
    async def boot() -> "Runtime":
        raise SettingsError(
            "is not a number.",
            file="~/.config/burn-tui/config.yaml",
            line=12,
            key="budgets.daily.limit_usd",
            mend="Write dollars, such as limit_usd: 20.",
        )

    app = BurnApp(boot=boot)
    async with app.run_test(size=size) as pilot:
        async with asyncio.timeout(GIVE_UP_S):
            while not isinstance(app.screen, BootErrorScreen):
                await pilot.pause()
        await pilot.pause()
        compare(app, f"boot-error-{size[0]}x{size[1]}")


async def test_the_line_for_a_terminal_that_is_too_small_looks_as_it_was_accepted() -> None:
    async with dashboard(ScriptedRuntime(burn=busy_day()), size=(10, 3)) as running:
        await running.pilot.pause()
        compare(running.app, "too-small-10x3")


def compare(app: "App[int]", name: str) -> None:
    """Fail if the app does not look like the picture of that name; make it if pictures are being accepted."""
    file, drawn = PICTURES / f"{name}.svg", normalized(app.export_screenshot())
    if IS_ACCEPTING:
        PICTURES.mkdir(exist_ok=True)
        file.write_text(drawn)
        HOME.write_text(THESE_VERSIONS)
        return
    made_with = HOME.read_text() if HOME.exists() else "nothing: no picture was ever accepted"
    if made_with != THESE_VERSIONS:
        pytest.skip(f"pictures were made with {made_with.strip()}")
    assert drawn == file.read_text(), f"{file.name} differs; look at it, then accept it"


def normalized(svg: str) -> str:
    """Without the fonts from another machine and the number that is different every time."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("<text ", '<text xml:space="preserve" ')
    return re.sub(r"terminal-\d+", "terminal", svg)
