"""Who works in the panes beside, told by what processes were called with, and how dangerous that is."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from burn_tui.core.environment import Environment
from burn_tui.core.neighbours import Neighbour, Pane, Rule, danger, neighbours
from burn_tui.core.place import Place, Process, place_of

PRODUCTION = Environment(name="production", hue="blue", confirm=True, lock=True, is_production=True)
STAGING = Environment(name="staging", hue="green", confirm=True)
LOCAL = Environment(name="local", hue="yellow")
ENVIRONMENTS = {place.name: place for place in (PRODUCTION, STAGING, LOCAL)}


def process(line: str, **facts: str) -> Process:
    return structs.replace(Process(argv=tuple(shlex.split(line))), **facts)


def place(line: str, **facts: str) -> Place | None:
    return place_of(process(line, **facts))


def pane(*lines: str, number: int = 1) -> Pane:
    return Pane(id=f"%{number}", where=f"work:1.{number}", foreground=tuple(process(line) for line in lines))


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("ssh web1", "web1"),
        ("/usr/bin/ssh -tt -p 2222 deploy@web1.prod.example.com", "web1.prod.example.com"),
        ("ssh -p2222 -o ServerAliveInterval=5 -i key -J jump web1 tail -f /var/log/syslog", "web1"),
        ("ssh -vA -L 8080:localhost:80 web1", "web1"),
        ("ssh ssh://deploy@web1:2222", "web1"),
        ("ssh -l deploy web1", "web1"),
        ("ssh fe80::1", "fe80::1"),
        ("autossh -M 0 web1", "web1"),
        ("mosh web1", "web1"),
        ("tsh ssh root@web1", "web1"),
        ("/bin/sh /home/me/bin/ssh web1", "web1"),
        ("/usr/bin/python3.12 -u /opt/wrappers/ssh -t web1 htop", "web1"),
        ("bash --norc ./ssh web1", "web1"),
        ("env TERM=xterm ssh web1", "web1"),
    ],
)
def test_ssh_is_known_by_the_name_it_was_called_by_and_says_its_host(line: str, host: str) -> None:
    assert place(line) == Place(kind="ssh", name=host, host=host)


@pytest.mark.parametrize(
    ("line", "container", "context"),
    [
        ("docker exec -it web sh", "web", ""),
        ("docker exec -i -e A=1 --user root --workdir /srv db psql -U me", "db", ""),
        ("docker exec -itu root db sh", "db", ""),
        ("docker --context prod-eu exec -it web bash", "web", "prod-eu"),
        ("docker -H ssh://build exec web bash", "web", "ssh://build"),
        ("docker container exec web ls", "web", ""),
        ("docker attach web", "web", ""),
        ("docker run --rm -it -p 8080:80 -v /a:/b --name web nginx:1 sh", "web", ""),
        ("docker run --rm -it -p8080:80 nginx:1 sh", "nginx:1", ""),
        ("docker compose -f prod.yaml exec -T worker sh", "worker", ""),
        ("docker-compose exec worker sh", "worker", ""),
        ("podman exec -it web sh", "web", ""),
        ("nerdctl exec web sh", "web", ""),
        ("sudo docker exec -it web sh", "web", ""),
        ("/bin/sh /home/me/bin/docker exec -it web sh", "web", ""),
    ],
)
def test_containers_are_known_in_all_their_command_lines(line: str, container: str, context: str) -> None:
    assert place(line) == Place(kind="container", name=container, container=container, context=context)


@pytest.mark.parametrize(
    ("line", "pod", "namespace", "context"),
    [
        ("kubectl exec -it web-0 -- sh", "web-0", "", "here"),
        ("kubectl --context prod -n shop exec deploy/web -c app -it -- sh -c x", "web", "shop", "prod"),
        ("kubectl exec --context=prod --namespace=shop web-0 sh", "web-0", "shop", "prod"),
        ("kubectl exec web-0 -n shop -- sh -n not-ours", "web-0", "shop", "here"),
        ("oc rsh web-0", "web-0", "", "here"),
        ("k3s kubectl exec web-0 -- sh", "web-0", "", "here"),
    ],
)
def test_pods_are_known_with_namespace_and_context(line: str, pod: str, namespace: str, context: str) -> None:
    found = place(line, context="here")
    assert found == Place(kind="pod", name=pod, container=pod, namespace=namespace, context=context)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("python train.py --epochs 3", "train.py"),
        ("/usr/bin/python3 -u /srv/jobs/nightly.py", "nightly.py"),
        ("node --inspect server.js", "server.js"),
        ("python -m http.server 8000", "http.server"),
        ("python -c 'print(1)'", "python -c"),
        ("/usr/bin/python3 /home/me/.local/bin/aider", "aider"),
        ("bash ./deploy.sh", "deploy.sh"),
        ("ruby x.rb", "x.rb"),
    ],
)
def test_scripts_are_known_with_where_they_work(line: str, name: str) -> None:
    found = place(line, directory="/srv/shop", branch="main")
    assert found == Place(kind="script", name=name, path="/srv/shop", branch="main")


@pytest.mark.parametrize(
    "line",
    [
        "-zsh",
        "bash",
        "zsh -i",
        "sh -c 'sleep 5'",
        "vim ssh",
        "htop",
        "ssh",
        "ssh -V",
        "'ssh: /tmp/sock [mux]'",
        "docker ps",
        "docker logs -f web",
        "docker",
        "kubectl get pods -w",
        "kubectl exec",
        "less /etc/ssh/ssh_config",
        "python3",
    ],
)
def test_what_reaches_nowhere_is_no_neighbour(line: str) -> None:
    assert place(line) is None


def test_a_pipeline_into_a_container_is_seen() -> None:
    (found,) = neighbours([pane("cat dump.sql", "docker exec -i db psql")], [], ENVIRONMENTS)
    assert (found.kind, found.name) == ("container", "db")


def test_a_pane_is_named_after_what_is_farthest_and_judged_by_what_is_most_dangerous() -> None:
    rules = [Rule(environment="local", host="build"), Rule(environment="production", container="db")]
    (found,) = neighbours([pane("ssh build cat dump", "docker exec -i db psql")], rules, ENVIRONMENTS)
    assert (found.kind, found.name) == ("ssh", "build")
    assert found.environment == PRODUCTION


@pytest.mark.parametrize(
    ("rule", "line", "facts"),
    [
        (Rule(environment="production", host="*.prod.example.com"), "ssh web1.PROD.example.com", {}),
        (Rule(environment="production", container="shop-*"), "docker exec -it shop-web sh", {}),
        (Rule(environment="production", context="prod-*"), "kubectl exec web-0 -- sh", {"context": "prod-eu"}),
        (Rule(environment="production", branch="main"), "python x.py", {"branch": "main"}),
        (Rule(environment="production", path="/srv/*/live"), "python x.py", {"directory": "/srv/shop/live/jobs"}),
        (
            Rule(environment="production", path="/srv", branch="ma?n"),
            "node x.js",
            {"directory": "/srv", "branch": "main"},
        ),
    ],
)
def test_rules_fit_host_container_context_branch_and_path(rule: Rule, line: str, facts: dict[str, str]) -> None:
    here = Pane(id="%1", where="w:1.1", foreground=(process(line, **facts),))
    (found,) = neighbours([here], [rule], ENVIRONMENTS)
    assert found.environment == PRODUCTION
    assert found.rule == "rule 1"


def test_all_patterns_of_a_rule_have_to_fit_and_one_without_any_fits_nothing() -> None:
    here = Place(kind="pod", name="web", container="web", context="prod")
    assert Rule(environment="production", container="web", context="prod").fits(here)
    assert not Rule(environment="production", container="web", context="dev").fits(here)
    assert not Rule(environment="production", container="web", path="/srv").fits(here)
    assert not Rule(environment="production").fits(here)


def test_a_path_fits_what_is_below_it_and_not_what_only_begins_alike() -> None:
    rule = Rule(environment="production", path="/srv/shop")
    assert rule.fits(Place(kind="script", name="x", path="/srv/shop/api"))
    assert not rule.fits(Place(kind="script", name="x", path="/srv/shop-test"))


def test_the_first_rule_that_fits_holds() -> None:
    rules = [Rule(environment="staging", host="web1"), Rule(environment="production", host="*")]
    (found,) = neighbours([pane("ssh web1")], rules, ENVIRONMENTS)
    assert found.environment == STAGING


def test_what_no_rule_knows_is_more_dangerous_than_production_and_stands_first() -> None:
    rules = [Rule(environment="production", host="web1"), Rule(environment="local", host="pi")]
    panes = [pane("ssh web1", number=1), pane("ssh who-knows", number=2), pane("ssh pi", number=3)]
    found = neighbours(panes, rules, ENVIRONMENTS)
    assert [one.name for one in found] == ["who-knows", "web1", "pi"]
    assert found[0].rule == "no rule fits"
    assert not found[0].environment.is_known
    assert danger(found[0].environment) > danger(PRODUCTION) > danger(STAGING) > danger(LOCAL)


def test_a_rule_for_an_environment_that_does_not_exist_makes_its_panes_unknown() -> None:
    (found,) = neighbours([pane("ssh web1")], [Rule(environment="prod", host="web1")], ENVIRONMENTS)
    assert not found.environment.is_known


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
lines = st.lists(
    words | st.sampled_from(["ssh", "docker", "exec", "run", "kubectl", "--", "-it", "-c", "python", "sh", "--name=x"]),
    max_size=8,
)


@given(st.lists(lines, max_size=6))
def test_no_command_line_whatsoever_breaks_the_overview(foreground: list[list[str]]) -> None:
    here = Pane(id="%1", where="w:1.1", foreground=tuple(Process(argv=tuple(argv)) for argv in foreground))
    found = neighbours([here], [Rule(environment="local", host="*", container="*")], ENVIRONMENTS)
    assert len(found) <= 1
    assert all(isinstance(one, Neighbour) and one.name for one in found)
