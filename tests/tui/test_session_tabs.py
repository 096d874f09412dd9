"""The row of tabs at every width."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.tui.badges import Badge
from burn_tui.tui.widgets.session_tabs import SessionTabs, Tab, Tabs, lay_out

names = st.lists(st.text("abcdefghij-", min_size=1, max_size=40), min_size=1, max_size=14)


def tabs(names: list[str], active: int = 0, *, is_calling: bool = False, has_unseen_fallback: bool = False) -> Tabs:
    return Tabs(
        tabs=tuple(
            Tab(
                badge=Badge("PROD", "■"),
                name=name,
                colour="#3b82f6",
                is_calling=is_calling,
                has_unseen_fallback=has_unseen_fallback,
            )
            for name in names
        ),
        active=active,
        label=None,
        calling_colour="#e5484d",
        attention_colour="#f5a524",
    )


def drawn(view: Tabs, width: int) -> str:
    return SessionTabs().draw(view, width).plain


@given(names, st.data(), st.integers(12, 200))
def test_the_row_never_overflows_and_always_holds_the_active_tab(
    names: list[str], data: st.DataObject, width: int
) -> None:
    active = data.draw(st.integers(0, len(names) - 1))
    view = tabs(names, active)
    assert len(drawn(view, width)) == width
    assert active in [position for position, _ in lay_out(view, width)]


def test_with_room_every_tab_has_number_glyph_word_and_name() -> None:
    assert drawn(tabs(["one", "two"]), 60).split() == ["▸1", "■", "PROD", "one", "2", "■", "PROD", "two"]


def test_without_room_the_other_tabs_lose_their_names_first() -> None:
    assert drawn(tabs(["first-session", "second-session"]), 45).split() == [
        "▸1",
        "■",
        "PROD",
        "first-session",
        "2",
        "■",
        "PROD",
    ]


def test_a_call_and_an_unseen_fallback_have_their_own_marks() -> None:
    assert "●" in drawn(tabs(["a"], is_calling=True), 40)
    assert "⚠" in drawn(tabs(["a"], has_unseen_fallback=True), 40)


def test_the_row_does_not_move_when_a_call_begins() -> None:
    quiet, calling = drawn(tabs(["one", "two"]), 60), drawn(tabs(["one", "two"], is_calling=True), 60)
    assert quiet.index("2") == calling.index("2")
