"""Panes beside the dashboard's, one of each kind of danger."""

from support.scripted import ENVIRONMENTS

from burn_tui.core.environment import unknown
from burn_tui.core.neighbours import Neighbour

PANES = [
    Neighbour(
        pane="%7",
        where="work:2.1",
        kind="ssh",
        name="who-knows",
        detail="",
        environment=unknown(""),
        rule="no rule fits",
    ),
    Neighbour(
        pane="%3",
        where="work:1.2",
        kind="pod",
        name="web-0",
        detail="shop prod-eu",
        environment=ENVIRONMENTS["production"],
        rule="rule 1",
    ),
    Neighbour(
        pane="%5",
        where="play:1.1",
        kind="script",
        name="train.py",
        detail="/home/me/play main",
        environment=ENVIRONMENTS["local"],
        rule="rule 3",
    ),
]
