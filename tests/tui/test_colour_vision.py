"""Contrast and distance of colours, against published figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.tui.colour_vision import EYES, Triple, _ciede2000, contrast, distance, nearest_pair

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")

SHARMA = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]
"""Some of the pairs by which implementations of CIEDE2000 are checked (Sharma, Wu, Dalal 2005, table 1)."""


@pytest.mark.parametrize(("one", "other", "published"), SHARMA)
def test_the_distance_is_the_published_one(one: Triple, other: Triple, published: float) -> None:
    assert _ciede2000(one, other) == pytest.approx(published, abs=5e-5)


def test_black_and_white_have_all_the_contrast_there_is() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@given(colours, colours)
def test_contrast_and_distance_do_not_depend_on_the_order(one: str, other: str) -> None:
    assert contrast(one, other) == contrast(other, one)
    for eyes in EYES:
        assert distance(one, other, eyes) == pytest.approx(distance(other, one, eyes), abs=1e-9)
        assert distance(one, one, eyes) == 0


def test_red_and_green_of_one_lightness_are_far_apart_except_to_eyes_that_confuse_them() -> None:
    red, green = "#d06070", "#7f9060"
    assert distance(red, green, "all colours") > 40
    assert distance(red, green, "deuteranopia") < 3
    assert distance(red, green, "tritanopia") > 30


def test_greys_look_to_everybody_as_they_are() -> None:
    for eyes in EYES:
        assert distance("#808080", "#a0a0a0", eyes) == pytest.approx(distance("#808080", "#a0a0a0"), abs=0.05)


def test_the_nearest_pair_is_found_with_the_eyes_that_confuse_it() -> None:
    apart, eyes, names = nearest_pair({"red": "#d06070", "green": "#7f9060", "white": "#ffffff"})
    assert (eyes, names) == ("deuteranopia", ("red", "green"))
    assert apart == distance("#d06070", "#7f9060", "deuteranopia")
