"""What stops working when one provider is down."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.catalog import Target
from burn_tui.core.diversity import Outage, reliances
from burn_tui.core.environment import Environment
from burn_tui.core.routing import Route

ONE, TWO, HERE = Target("one", "a"), Target("two", "b"), Target("here", "c")
DEV = Environment(name="development", hue="violet")
PROD = Environment(name="production", hue="blue", allow=("one",))


def _allowed(target: Target, place: Environment) -> bool:
    return place.allows(target.provider_name)


def test_a_route_of_one_provider_stops_and_another_goes_on_with_the_next() -> None:
    routes = (Route("quick", (ONE, TWO)), Route("deep", (ONE,)))
    one, two = reliances(("one", "two"), routes, (DEV,), _allowed)
    assert one.outages == (
        Outage(route="deep", environments=(), then=None),
        Outage(route="quick", environments=(), then=TWO),
    )
    assert (two.outages, [stop.route for stop in one.stops]) == ((), ["deep"])


def test_where_only_one_provider_is_allowed_the_route_stops_there_alone() -> None:
    (one,) = reliances(("one",), (Route("quick", (ONE, TWO)),), (DEV, PROD), _allowed)
    assert one.outages == (
        Outage(route="quick", environments=("production",), then=None),
        Outage(route="quick", environments=("development",), then=TWO),
    )


def test_who_has_no_key_takes_over_from_nobody() -> None:
    (one,) = reliances(("one",), (Route("quick", (ONE, TWO, HERE)),), (DEV,), lambda target, _: target != TWO)
    assert one.outages == (Outage(route="quick", environments=(), then=HERE),)


targets = st.lists(st.sampled_from([ONE, TWO, HERE]), min_size=1, unique=True)


@given(st.lists(targets, max_size=4))
def test_every_route_that_can_be_asked_hangs_on_exactly_one_provider_in_each_environment(
    found: list[list[Target]],
) -> None:
    routes = [Route(f"r{place}", tuple(one)) for place, one in enumerate(found)]
    everybody = reliances(("one", "two", "here"), routes, (DEV,), _allowed)
    assert sorted(outage.route for one in everybody for outage in one.outages) == [route.name for route in routes]
