"""One registry of keys, from which everything else is made."""

from itertools import groupby

import pytest
from textual.binding import Binding

from burn_tui.tui.action import Action, Place
from burn_tui.tui.actions import ACTIONS, actions_of, bindings, key_table_markdown
from burn_tui.tui.app import BurnApp
from burn_tui.tui.screens.audit import AuditScreen
from burn_tui.tui.screens.budgets import BudgetsScreen
from burn_tui.tui.screens.burn import BurnScreen
from burn_tui.tui.screens.choose_provider import KEYS, ChooseProviderScreen
from burn_tui.tui.screens.compare import CompareScreen
from burn_tui.tui.screens.comparison import PromptComparisonScreen
from burn_tui.tui.screens.gateway import GatewayScreen
from burn_tui.tui.screens.help import HelpScreen
from burn_tui.tui.screens.inspector import InspectorScreen
from burn_tui.tui.screens.latency import LatencyScreen
from burn_tui.tui.screens.main import MainScreen
from burn_tui.tui.screens.name_session import NameSessionScreen
from burn_tui.tui.screens.neighbours import NeighboursScreen
from burn_tui.tui.screens.past import PastScreen
from burn_tui.tui.screens.prompts import PromptsScreen
from burn_tui.tui.screens.providers import ProvidersScreen
from burn_tui.tui.screens.question import QuestionScreen
from burn_tui.tui.screens.replay import ReplayScreen
from burn_tui.tui.screens.reports import REPORTS
from burn_tui.tui.screens.requests import RequestsScreen
from burn_tui.tui.screens.search import SearchScreen
from burn_tui.tui.screens.sessions import SessionsScreen
from burn_tui.tui.widgets.prompt import Prompt

TAKEN_BY_TMUX = {"ctrl+b", "ctrl+a", "ctrl+s", "ctrl+h", "ctrl+j", "ctrl+k", "ctrl+l", "ctrl+tab"}

HOMES: dict[Place, tuple[type, ...]] = {
    "dashboard": (MainScreen,),
    "conversation": (MainScreen,),
    "prompt": (Prompt,),
    "provider list": (ChooseProviderScreen,),
    "session list": (SessionsScreen,),
    "past list": (PastScreen,),
    "neighbour list": (NeighboursScreen,),
    "search": (SearchScreen,),
    "comparison": (CompareScreen,),
    "question": (QuestionScreen,),
    "name": (NameSessionScreen,),
    "reading": (HelpScreen,),
    "burn": (BurnScreen,),
    "report": tuple(REPORTS.values()),
    "request": (InspectorScreen,),
    "request list": (RequestsScreen,),
    "latency": (LatencyScreen,),
    "providers": (ProvidersScreen,),
    "alerts": (BudgetsScreen,),
    "audit": (AuditScreen,),
    "replay": (ReplayScreen,),
    "prompt versions": (PromptsScreen,),
    "prompt comparison": (PromptComparisonScreen,),
    "watched session": (MainScreen,),
    "gateway": (GatewayScreen,),
}


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.id)
def test_no_key_is_one_that_tmux_takes(action: Action) -> None:
    assert not TAKEN_BY_TMUX & set(action.keys)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.id)
def test_every_action_has_a_method_that_does_it(action: Action) -> None:
    namespace, _, name = action.handler.partition("(")[0].rpartition(".")
    homes = (BurnApp,) if namespace == "app" else HOMES[action.place]
    assert all(hasattr(home, f"action_{name}") for home in homes)


@pytest.mark.parametrize("place", HOMES)
def test_a_key_means_one_thing_in_one_place(place: Place) -> None:
    keys = [key for action in actions_of(place) for key in action.keys]
    assert len(keys) == len(set(keys))


def test_a_numbered_action_is_given_the_position_of_its_key() -> None:
    tab = [binding for binding in bindings("dashboard") if isinstance(binding, Binding) and binding.key == "alt+3"]
    assert [binding.action for binding in tab] == ["go_to_tab(3)"]


def test_the_provider_list_has_a_key_for_each_letter_and_digit() -> None:
    assert ACTIONS["pick"].keys == tuple(KEYS)


def test_every_action_has_its_row_in_the_key_table_of_the_readme() -> None:
    rows = key_table_markdown().splitlines()[2:]
    assert len(rows) == len(ACTIONS)
    assert all(
        action.shown in row and action.tooltip in row for action, row in zip(ACTIONS.values(), rows, strict=True)
    )


def test_the_key_table_keeps_the_actions_of_one_place_together() -> None:
    places = [row.split("|")[2].strip() for row in key_table_markdown().splitlines()[2:]]
    assert len(set(places)) == len([place for place, _ in groupby(places)])
