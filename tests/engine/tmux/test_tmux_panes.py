"""What runs in the panes of a real tmux, with programs that are only called ssh, docker and so on."""

import os
import subprocess
from pathlib import Path

import pytest
from support.tmux_server import Server, tmux_server

from burn_tui.core.environment import Environment
from burn_tui.core.neighbours import Neighbour, Rule, neighbours
from burn_tui.engine.tmux import panes as tmux_panes
from burn_tui.engine.tmux.panes import entries_of_ps, git_branch, panes

ENVIRONMENTS = {
    "production": Environment(name="production", hue="blue", is_production=True),
    "local": Environment(name="local", hue="yellow"),
}
RULES = [
    Rule(environment="production", host="*.prod.example.com"),
    Rule(environment="production", container="shop-*"),
    Rule(environment="local", host="pi-*"),
    Rule(environment="local", branch="main"),
]

WAITS = "#!/bin/sh\nwhile :; do sleep 60; done\n"
"""A wrapper: a shell script, whose children wait."""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A directory of programs that do nothing under well-known names."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in ("ssh", "docker", "kubectl"):
        (directory / name).write_text(WAITS)
        (directory / name).chmod(0o755)
    return directory


def found(server: Server) -> dict[str, Neighbour]:
    return {one.name: one for one in neighbours(panes(server.client()), RULES, ENVIRONMENTS)}


def seen(server: Server, *names: str) -> dict[str, Neighbour]:
    server.until(lambda: set(names) <= set(found(server)), ", ".join(names))
    return found(server)


def with_path(programs: Path) -> dict[str, str]:
    return {"PATH": f"{programs}:{os.environ['PATH']}", "ENV": "", "SHELL": "/bin/sh"}


def test_six_ssh_five_containers_and_three_scripts_are_told_apart_at_once(tmp_path: Path, programs: Path) -> None:
    hosts = [*(f"web{n}.prod.example.com" for n in range(3)), "pi-attic", "who-knows", "bastion"]
    containers = [*(f"shop-{n}" for n in range(3)), "scratch", "db"]
    scripts = ["train.py", "nightly.py", "import.py"]
    for name in scripts:
        (tmp_path / name).write_text("import time\ntime.sleep(600)\n")
    with tmux_server(tmp_path / "home", with_path(programs)) as server:
        for host in hosts:
            server.run_in_window(f"ssh -t me@{host} htop")
        for container in containers[:-1]:
            server.run_in_window(f"docker exec -it {container} sh")
        server.run_in_window("tail -f /dev/null | docker exec -i db psql")
        for name in scripts:
            server.run_in_window(f"exec python3 {name}", cwd=tmp_path)
        everybody = seen(server, *hosts, *containers, *scripts)
    assert len(everybody) == 14
    kinds = [one.kind for one in everybody.values()]
    assert (kinds.count("ssh"), kinds.count("container"), kinds.count("script")) == (6, 5, 3)
    unknown = {name for name, one in everybody.items() if not one.environment.is_known}
    assert unknown == {"who-knows", "bastion", "scratch", "db", *scripts}
    assert list(everybody)[: len(unknown)] == [name for name in everybody if name in unknown]
    assert everybody["web0.prod.example.com"].environment.name == "production"
    assert everybody["shop-2"].environment.name == "production"
    assert everybody["pi-attic"].environment.name == "local"


def test_what_is_started_by_hand_in_a_shell_is_seen_and_what_runs_in_its_background_is_not(
    tmp_path: Path, programs: Path
) -> None:
    with tmux_server(tmp_path / "home", with_path(programs)) as server:
        pane = server.run_in_window("exec sh -i")
        server.tmux("send-keys", "-t", pane, "ssh -fN tunnel &", "Enter")
        server.tmux("send-keys", "-t", pane, "docker exec -it scratch sh", "Enter")
        assert list(seen(server, "scratch")) == ["scratch"]
        server.tmux("send-keys", "-t", pane, "C-c", "")
        server.until(lambda: not found(server), "that nothing is in the foreground any more")
        server.tmux("send-keys", "-t", pane, "kill %1", "Enter")  # what runs in the background outlives its terminal
        server.until(lambda: not _runs(programs / "ssh"), "the end of the tunnel")


def _runs(program: Path) -> bool:
    return subprocess.run(["pgrep", "-f", str(program)], capture_output=True, check=False).returncode == 0


def test_a_script_is_known_by_its_directory_and_branch(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    work = tmp_path / "src"
    work.mkdir()
    (work / "train.py").write_text("import time\ntime.sleep(600)\n")
    with tmux_server(tmp_path / "home") as server:
        server.run_in_window("exec python3 train.py", cwd=work)
        train = seen(server, "train.py")["train.py"]
    assert train.detail == f"{work} main"
    assert train.environment.name == "local"


def test_a_pod_is_in_the_context_of_its_kubeconfig(tmp_path: Path, programs: Path) -> None:
    config = tmp_path / "kubeconfig"
    config.write_text("apiVersion: v1\ncurrent-context: prod-eu\n")
    with tmux_server(tmp_path / "home", {**with_path(programs), "KUBECONFIG": str(config)}) as server:
        server.run_in_window("kubectl exec -it -n shop web-0 -- sh")
        assert seen(server, "web-0")["web-0"].detail == "shop prod-eu"


def test_the_pane_that_asks_is_not_among_its_neighbours(tmp_path: Path, programs: Path) -> None:
    with tmux_server(tmp_path / "home", with_path(programs)) as server:
        server.run_in_window("ssh web1")
        seen(server, "web1")
        assert "%0" not in {pane.id for pane in panes(server.client())}
        assert "%1" in {pane.id for pane in panes(server.client())}


def test_without_proc_ps_tells_the_same(tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tmux_server(tmp_path / "home", with_path(programs)) as server:
        server.run_in_window("tail -f /dev/null | docker exec -i db psql")
        server.run_in_window("ssh -t me@web1 htop")
        seen(server, "db", "web1")
        monkeypatch.setattr(tmux_panes, "PROC", tmp_path / "nowhere")
        assert {name: one.kind for name, one in found(server).items()} == {"db": "container", "web1": "ssh"}


def test_the_lines_of_ps_are_read_with_their_words() -> None:
    (entry,) = entries_of_ps("  42     1    42 5f3a1c0    42 ssh -t web1\n")
    assert (entry.pid, entry.parent, entry.group, entry.foreground_group) == (42, 1, 42, 42)
    assert entry.argv == ("ssh", "-t", "web1")


def test_a_branch_is_found_from_below_in_worktrees_and_not_off_any_branch(tmp_path: Path) -> None:
    real = tmp_path / "real"
    (real / ".git").mkdir(parents=True)
    (real / ".git" / "HEAD").write_text("ref: refs/heads/feature/x\n")
    (real / "deep" / "er").mkdir(parents=True)
    assert git_branch(real / "deep" / "er") == "feature/x"
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {real / '.git'}\n")
    assert git_branch(tree) == "feature/x"
    (real / ".git" / "HEAD").write_text("0123456789abcdef\n")
    assert git_branch(real) == ""
