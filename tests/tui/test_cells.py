"""Text that is measured by the columns it takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from burn_tui.core.environment import Environment
from burn_tui.tui.badges import badge
from burn_tui.tui.cells import cut, filled, filled_before, shortened, shortened_before
from burn_tui.tui.screens.question import FactTable
from burn_tui.tui.widgets.session_tabs import Tab, Tabs, lay_out
from burn_tui.tui.widgets.table import Column, table

TEXTS = st.text(st.sampled_from("ab 修复循環🔥é"), max_size=30)


@given(TEXTS, st.integers(0, 40))
def test_filled_text_takes_exactly_its_columns_or_stays_as_it_is(text: str, cells: int) -> None:
    for one in (filled(text, cells), filled_before(text, cells)):
        assert cell_len(one) == max(cells, cell_len(text))
        assert text in one


@given(TEXTS, st.integers(1, 40))
def test_shortened_text_is_never_wider_than_its_room(text: str, cells: int) -> None:
    for one in (shortened(text, cells), shortened_before(text, cells), cut(text, cells)):
        assert cell_len(one) <= cells
    if cell_len(text) <= cells:
        assert shortened(text, cells) == shortened_before(text, cells) == cut(text, cells) == text


def test_of_shortened_text_as_much_as_there_is_room_for_stays() -> None:
    assert shortened("修复循環", 6) == "修复…"
    assert shortened("abcdef", 4) == "abc…"
    assert shortened_before("abcdef", 4) == "…def"
    assert cut("修复循環", 5) == "修复"


def test_the_badge_of_a_chinese_environment_is_no_wider_than_any_other() -> None:
    assert cell_len(badge(Environment(name="生产环境与测试", hue="grey")).word) <= 8


@pytest.mark.parametrize("name", ["修复这个循环修复这个循环修复这个循环", "🔥" * 20, "a" * 60])
def test_a_tab_takes_no_more_columns_than_its_name_may_have_whatever_it_is_written_in(name: str) -> None:
    tab = Tab(
        badge=badge(Environment(name="staging", hue="green")),
        name=name,
        colour="#00ff00",
        is_calling=False,
        has_unseen_fallback=False,
        is_unread=False,
    )
    view = Tabs(tabs=(tab,) * 3, active=0, label=None, calling_colour="#ff0000", attention_colour="#ffaa00")
    assert [form for _, form in lay_out(view, 160)] == ["full"] * 3


@given(st.lists(TEXTS.map(str.strip), min_size=1, max_size=5))
def test_columns_behind_names_of_any_script_begin_below_each_other(names: list[str]) -> None:
    columns = (Column("name", is_left=True), Column("mark", is_left=True))
    _, lines = table(columns, [{"name": name, "mark": "|"} for name in names], 200)
    assert len({cell_len(line.plain.partition("|")[0]) for line in lines}) == 1


@pytest.mark.parametrize("width", [34, 60])
def test_a_name_that_is_longer_than_its_column_is_not_broken_but_put_below_its_label(width: int) -> None:
    facts = (("target", "anthropic/claude-sonnet-4-5"), ("budget daily", "$4.82 of $20 used"))
    lines = [line.rstrip() for line in FactTable().draw(facts, width).plain.split("\n")]
    assert any(line.endswith("anthropic/claude-sonnet-4-5") for line in lines)
    assert max(map(cell_len, lines)) <= width
