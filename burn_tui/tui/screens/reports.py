"""The reports by name. A new one is a file here and its name in REPORTS and NAMES."""

from typing import Any

from burn_tui.tui.screens.audit import AuditScreen
from burn_tui.tui.screens.bottlenecks import BottlenecksScreen
from burn_tui.tui.screens.budgets import BudgetsScreen
from burn_tui.tui.screens.diversity import DiversityScreen
from burn_tui.tui.screens.inspector import InspectorScreen
from burn_tui.tui.screens.latency import LatencyScreen
from burn_tui.tui.screens.pressure import PressureScreen
from burn_tui.tui.screens.prompts import PromptsScreen
from burn_tui.tui.screens.providers import ProvidersScreen
from burn_tui.tui.screens.report import ReportScreen
from burn_tui.tui.screens.team import TeamScreen

REPORTS: dict[str, type[ReportScreen[Any]]] = {
    screen.name_of: screen
    for screen in (
        InspectorScreen,
        BottlenecksScreen,
        LatencyScreen,
        ProvidersScreen,
        BudgetsScreen,
        PressureScreen,
        AuditScreen,
        TeamScreen,
        PromptsScreen,
        DiversityScreen,
    )
}
"""In the order of NAMES."""
