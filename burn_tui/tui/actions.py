"""Every key of the dashboard, once: bindings, footer, palette, help and README's key table are made from it.

Their order is that of their worth: where the footer has no room for all, the last ones are left out.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec import structs
from textual.binding import Binding, BindingType

from burn_tui.tui.action import Action, Place
from burn_tui.tui.conversation_keys import CONVERSATION_ACTIONS
from burn_tui.tui.list_keys import LIST_ACTIONS
from burn_tui.tui.prompt_keys import PROMPT_ACTIONS, PROMPT_OPENERS
from burn_tui.tui.report_keys import REPORT_ACTIONS, REPORT_OPENERS
from burn_tui.tui.watching_keys import GATEWAY_OPENER, WATCHING_ACTIONS

_ALL = (
    Action(
        id="help",
        keys=("f1",),
        shown="F1",
        label="help",
        tooltip="Show every key.",
        place="dashboard",
        handler="help",
        palette="Help: show every key",
        in_footer=True,
    ),
    Action(
        id="palette",
        keys=("ctrl+p",),
        shown="ctrl+p",
        label="palette",
        tooltip="Find any command, session or theme by name.",
        place="dashboard",
        handler="app.command_palette",
        in_footer=True,
    ),
    Action(
        id="provider",
        keys=("f2",),
        shown="F2",
        label="provider",
        tooltip="Choose who serves this session: one more key picks at once. Draft and place in the text stay.",
        place="dashboard",
        handler="choose_provider",
        palette="Provider: choose who serves this session",
        in_footer=True,
    ),
    Action(
        id="sessions",
        keys=("f8",),
        shown="F8",
        label="sessions",
        tooltip="List the sessions; open, rename and close them there.",
        place="dashboard",
        handler="list_sessions",
        palette="Sessions: list them all",
        in_footer=True,
    ),
    Action(
        id="quit",
        keys=("ctrl+q",),
        shown="ctrl+q",
        label="quit",
        tooltip="Leave burn-tui; asks first if anything would be lost.",
        place="dashboard",
        handler="app.quit",
        palette="Quit",
        in_footer=True,
    ),
    Action(
        id="new",
        keys=("ctrl+t",),
        shown="ctrl+t",
        label="new",
        tooltip="Open another session, in an environment of your choice.",
        place="dashboard",
        handler="new_session",
        palette="Session: open another one",
        in_footer=True,
    ),
    Action(
        id="burn",
        keys=("f5",),
        shown="F5",
        label="burn",
        tooltip="Show what is being burnt, on the whole screen.",
        place="dashboard",
        handler="show_burn",
        palette="Burn: show it on the whole screen",
        in_footer=True,
    ),
    Action(
        id="close",
        keys=("f3",),
        shown="F3",
        label="close",
        tooltip="Close this session; it can be brought back. Asks first if an answer is still being written.",
        place="dashboard",
        handler="close_session",
        palette="Session: close this one",
        in_footer=True,
    ),
    Action(
        id="search",
        keys=("ctrl+r",),
        shown="ctrl+r",
        label="search",
        tooltip="Search every session, open or past, and go to the place.",
        place="dashboard",
        handler="search",
        palette="Search every session, open or past",
        in_footer=True,
    ),
    Action(
        id="past",
        keys=("ctrl+o",),
        shown="ctrl+o",
        label="past",
        tooltip="List past sessions; take one up again, or erase it.",
        place="dashboard",
        handler="list_past",
        palette="Past sessions: resume one",
    ),
    Action(
        id="reopen",
        keys=("alt+t",),
        shown="alt+t",
        label="bring back",
        tooltip="Bring back the session that was closed last, as it was.",
        place="dashboard",
        handler="reopen_session",
        palette="Session: bring back the one that was closed last",
    ),
    Action(
        id="duplicate",
        keys=("alt+d",),
        shown="alt+d",
        label="duplicate",
        tooltip="Go on in a copy of this session; the session itself stays as it is.",
        place="dashboard",
        handler="duplicate_session",
        palette="Session: go on in a copy of this one",
    ),
    Action(
        id="move-left",
        keys=("alt+left",),
        shown="alt+←",
        label="move left",
        tooltip="Move this session's tab to the left.",
        place="dashboard",
        handler="move_session(-1)",
        palette="Session: move its tab to the left",
    ),
    Action(
        id="move-right",
        keys=("alt+right",),
        shown="alt+→",
        label="move right",
        tooltip="Move this session's tab to the right.",
        place="dashboard",
        handler="move_session(1)",
        palette="Session: move its tab to the right",
    ),
    Action(
        id="neighbours",
        keys=("alt+n",),
        shown="alt+n",
        label="neighbours",
        tooltip="List the panes of tmux that run ssh, containers and scripts, the most dangerous first; go to one.",
        place="dashboard",
        handler="list_neighbours",
        palette="Neighbours: list the panes of tmux beside this one",
    ),
    Action(
        id="privacy",
        keys=("alt+l",),
        shown="alt+l",
        label="local only",
        tooltip="Let nothing of this session leave the machine, not even by fallback; once more lifts it.",
        place="dashboard",
        handler="toggle_privacy",
        palette="Privacy: keep this session on this machine, or lift that",
    ),
    Action(
        id="lock",
        keys=("alt+y",),
        shown="alt+y",
        label="lock",
        tooltip="Lock paid calls of this session again at once; while they are locked, say how to unlock them.",
        place="dashboard",
        handler="lock",
        palette="Lock paid calls again, or see how to unlock them",
    ),
    *REPORT_OPENERS,
    GATEWAY_OPENER,
    *PROMPT_OPENERS,
    Action(
        id="edit",
        keys=("ctrl+g",),
        shown="ctrl+g",
        label="editor",
        tooltip="Write the prompt in your own editor (VISUAL, EDITOR).",
        place="dashboard",
        handler="edit",
        palette="Prompt: write it in your own editor",
    ),
    Action(
        id="colours",
        keys=("f9",),
        shown="F9",
        label="colours",
        tooltip="Colour the tabs by environment or by provider.",
        place="dashboard",
        handler="toggle_colours",
        palette="Colours: tabs by environment or by provider",
        in_footer=True,
    ),
    Action(
        id="rename",
        keys=("f4",),
        shown="F4",
        label="rename",
        tooltip="Give this session another name.",
        place="dashboard",
        handler="rename_session",
        palette="Session: rename this one",
        in_footer=True,
    ),
    Action(
        id="stop",
        keys=("escape",),
        shown="Escape",
        label="stop",
        tooltip="Stop the answer that is running; without one, dismiss the banner above the prompt.",
        place="dashboard",
        handler="stop",
        palette="Stop the answer, or dismiss the banner",
    ),
    Action(
        id="tab",
        keys=tuple(f"alt+{number}" for number in range(1, 10)),
        shown="alt+1…9",
        label="tab",
        tooltip="Go to that session.",
        place="dashboard",
        handler="go_to_tab",
        is_numbered=True,
    ),
    Action(
        id="send",
        keys=("enter",),
        shown="Enter",
        label="send",
        tooltip="Send the prompt along the route shown below it.",
        place="prompt",
        handler="send",
    ),
    Action(
        id="newline",
        keys=("alt+enter", "shift+enter"),
        shown="alt+Enter",
        label="new line",
        tooltip="Begin a new line in the prompt.",
        place="prompt",
        handler="new_line",
    ),
    Action(
        id="scroll-up",
        keys=("pageup",),
        shown="PageUp",
        label="up",
        tooltip="Scroll the conversation back.",
        place="prompt",
        handler="cursor_page_up",
    ),
    Action(
        id="scroll-down",
        keys=("pagedown",),
        shown="PageDown",
        label="down",
        tooltip="Scroll the conversation on.",
        place="prompt",
        handler="cursor_page_down",
    ),
    Action(
        id="to-conversation",
        keys=("tab",),
        shown="Tab",
        label="answers",
        tooltip="Move between prompt and conversation, where letters copy, judge, repeat and compare.",
        place="prompt",
        handler="app.focus_next",
    ),
    *CONVERSATION_ACTIONS,
    *LIST_ACTIONS,
    *REPORT_ACTIONS,
    *PROMPT_ACTIONS,
    *WATCHING_ACTIONS,
)

ACTIONS: dict[str, Action] = {action.id: action for action in _ALL}
"""By id, in the order of footer, palette, help and README; with the keys that hold now."""


def move_keys(moved: Mapping[str, tuple[str, ...]], shown: Callable[[Iterable[str]], str]) -> dict[str, str]:
    """Give these actions other keys, and all others their own; what Textual's keymap has to be from now on."""
    for action in _ALL:
        keys = moved.get(action.id)
        ACTIONS[action.id] = structs.replace(action, keys=keys, shown=shown(keys)) if keys else action
    return {name: ",".join(keys) for name, keys in moved.items()}


def own_keys() -> dict[str, Action]:
    """All actions as they are without any change."""
    return {action.id: action for action in _ALL}


def handler_at(place: Place, key: str) -> str | None:
    """What the key does there; None = nothing."""
    for action in actions_of(place):
        if key in action.keys:
            return handler_of(action, action.keys.index(key) + 1)
    return None


def commands() -> dict[str, str]:
    """What can be typed after a slash: every action of the palette, by its id, with what it does."""
    return {action.id: action.tooltip for action in ACTIONS.values() if action.palette is not None}


def handler_of_command(name: str) -> str:
    """What the command of that name does."""
    return ACTIONS[name].handler


def actions_of(place: Place) -> list[Action]:
    """What can be done there."""
    return [action for action in ACTIONS.values() if action.place == place]


def bindings(place: Place) -> list[BindingType]:
    """The keys that work there, as Textual wants them."""
    return [binding for action in actions_of(place) for binding in _bindings(action)]


def _bindings(action: Action) -> list[Binding]:
    if not action.is_numbered:
        return [_binding(action, ",".join(action.keys), action.handler, action.id)]
    return [
        _binding(action, key, handler_of(action, position), f"{action.id}-{position}")
        for position, key in enumerate(action.keys, start=1)
    ]


def handler_of(action: Action, position: int) -> str:
    """What the key at `position`, from 1, of this action does."""
    return f"{action.handler}({position})" if action.is_numbered else action.handler


def _binding(action: Action, key: str, handler: str, binding_id: str) -> Binding:
    return Binding(key, handler, action.label, tooltip=action.tooltip, id=binding_id)


def key_table_markdown() -> str:
    """All keys as README shows them."""
    rows = [f"| {action.shown} | {action.place} | {action.tooltip} |" for action in ACTIONS.values()]
    return "\n".join(["| Key | Where | What it does |", "| --- | --- | --- |", *rows]) + "\n"
