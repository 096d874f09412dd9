"""Where a process reaches, told by what it was called with: a host, a container, a pod, or as far as its own script.

A process is known by the name it was called by, so a wrapper called ssh is one, whatever it is written in.
"""

from collections.abc import Callable, Iterable, Sequence
from posixpath import basename
from typing import Literal

from msgspec import Struct, structs

Kind = Literal["ssh", "pod", "container", "script"]


_SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "fish", "ash")
_INTERPRETERS = (*_SHELLS, "python", "node", "bun", "ruby", "perl", "php", "lua")
"""What runs scripts; versions may follow, as in python3.12."""

_RUNNERS = frozenset({"env", "sudo", "doas", "nohup", "time", "nice", "ionice", "stdbuf", "uv", "uvx", "pipx", "watch"})
"""What only starts something else, which is a process of its own or stands behind it."""

_CONTAINERS = frozenset({"docker", "podman", "nerdctl", "docker-compose", "podman-compose"})
_PODS = frozenset({"kubectl", "oc", "k3s", "microk8s"})
_SSH = frozenset({"ssh", "autossh", "mosh", "slogin"})

_SSH_VALUED = frozenset("BbcDEeFIiJLlmOopQRSWw")
"""Options of ssh(1) that take a value."""

_ENGINE_VALUED = frozenset(
    {"c", "context", "H", "host", "l", "log-level", "config", "tlscacert", "tlscert", "tlskey", "url", "connection"}
    | {"f", "file", "p", "project-name", "profile", "env-file", "project-directory"}
)
"""Options of docker, podman and compose before their command that take a value."""

_EXEC_VALUED = frozenset({"e", "env", "env-file", "u", "user", "w", "workdir", "detach-keys", "index"})

_RUN_FLAGS = frozenset(
    {"d", "detach", "i", "interactive", "t", "tty", "P", "publish-all", "q", "quiet", "rm", "privileged", "init"}
    | {"read-only", "no-healthcheck", "oom-kill-disable", "help", "sig-proxy", "disable-content-trust", "replace"}
)
"""Options of `run` that take no value; all of its many others do."""

_POD_VALUED = frozenset(
    {"n", "namespace", "context", "kubeconfig", "cluster", "user", "s", "server", "as", "as-group", "token", "v"}
    | {"request-timeout", "c", "container", "f", "filename", "pod-running-timeout", "cache-dir", "image", "target"}
)


class Process(Struct, frozen=True, kw_only=True):
    """One process in the foreground of a pane, or started by one that is."""

    argv: tuple[str, ...]
    """What it was called with, its own name first."""
    directory: str = ""
    """Where it works; "" = unknown."""
    branch: str = ""
    """Of git, there; "" = none."""
    context: str = ""
    """The Kubernetes context that it would use unless told otherwise; "" = unknown."""


class Place(Struct, frozen=True, kw_only=True):
    """Where a process reaches. A word that does not apply is "", and matches no rule."""

    kind: Kind
    name: str
    """What a person calls it: the host, the container, the pod or the script."""
    host: str = ""
    container: str = ""
    """Of a pod its name."""
    context: str = ""
    """Of docker or Kubernetes."""
    namespace: str = ""
    branch: str = ""
    path: str = ""


def places(processes: Iterable[Process]) -> list[Place]:
    """Where these processes reach."""
    return [place for process in processes if (place := place_of(process)) is not None]


def place_of(process: Process) -> Place | None:
    """Where one process reaches; None for one that is of no interest."""
    called = _called(process.argv)
    if not called:
        return None
    name, *words = called
    if name in _SSH:
        return _ssh(words, _SSH_VALUED | {"M"} if name == "autossh" else _SSH_VALUED)
    if name == "tsh" and words[:1] == ["ssh"]:
        return _ssh(words[1:], _SSH_VALUED)
    if name in _CONTAINERS:
        return _container(words, process)
    if name in _PODS:
        return _pod(words[1:] if words[:1] == ["kubectl"] else words, process)
    return _script(process)


# --- what a process was called ----------------------------------------------------------------------


def _called(argv: Sequence[str]) -> list[str]:
    """The name that a process was called by, without interpreter and starters, and what it was given."""
    words = list(argv)
    while words:
        name = _name(words[0])
        if _is_interpreter(name):
            script = _script_at(words)
            if script is None:
                return [name, *words[1:]]
            words = words[script:]
        elif name in _RUNNERS:
            words = _started_by(name, words[1:])
        else:
            return [name, *words[1:]]
    return []


def _name(word: str) -> str:
    # A login shell calls itself -bash; a daemon or ssh's own child puts a title there: "ssh: host [mux]".
    return basename(word.split(" ", maxsplit=1)[0].rstrip(":")).removeprefix("-").removesuffix(".exe")


def _is_interpreter(name: str) -> bool:
    return name.rstrip("0123456789.") in _INTERPRETERS


def _script_at(words: Sequence[str]) -> int | None:
    """The position of the script that an interpreter was given; None = it was given none."""
    for position, word in enumerate(words[1:], start=1):
        if word in {"-c", "-e", "-m", "--eval", "-r", "-p"} or word == "-":
            return None
        if not word.startswith("-"):
            return position
    return None


def _started_by(name: str, words: list[str]) -> list[str]:
    """What a starter was told to start."""
    if name in {"uv", "pipx"} and words[:1] == ["run"]:
        words = words[1:]
    while words and (words[0].startswith("-") or "=" in words[0].partition("/")[0]):
        words = words[1:]
    return words


# --- ssh, containers, pods, scripts -----------------------------------------------------------------


def _ssh(words: Sequence[str], valued: frozenset[str]) -> Place | None:
    host = _first(words, valued.__contains__)
    host = host.removeprefix("ssh://").rpartition("@")[2].partition("/")[0]
    if host.count(":") == 1:  # and not an address of IPv6
        host = host.partition(":")[0]
    return Place(kind="ssh", name=host, host=host) if host else None


def _container(words: Sequence[str], process: Process) -> Place | None:
    options, rest = _options(words, _ENGINE_VALUED.__contains__)
    if rest[:1] == ["compose"]:
        more, rest = _options(rest[1:], _ENGINE_VALUED.__contains__)
        options |= more
    elif rest[:1] == ["container"]:
        rest = rest[1:]
    command, *given = rest or [""]
    match command:
        case "exec" | "attach":
            name = _first(given, _EXEC_VALUED.__contains__)
        case "run":
            chosen, others = _options(given, lambda option: option not in _RUN_FLAGS)
            name = chosen.get("name") or next(iter(others), "")
        case _:
            return None
    context = options.get("context") or options.get("c") or options.get("host") or options.get("H") or ""
    return _placed(Place(kind="container", name=name, container=name, context=context), process) if name else None


def _pod(words: Sequence[str], process: Process) -> Place | None:
    options, rest = _options(words, _POD_VALUED.__contains__)
    command, *given = rest or [""]
    if command not in {"exec", "attach", "rsh", "debug"}:
        return None
    # What stands behind two dashes is for the pod itself.
    ours = given[: given.index("--")] if "--" in given else given
    more, others = _options(ours, _POD_VALUED.__contains__, is_interspersed=True)
    options |= more
    name = next(iter(others), "").rpartition("/")[2]
    context = options.get("context") or process.context
    namespace = options.get("namespace") or options.get("n") or ""
    place = Place(kind="pod", name=name, container=name, context=context, namespace=namespace)
    return _placed(place, process) if name else None


def _script(process: Process) -> Place | None:
    words = list(process.argv)
    while words and _name(words[0]) in _RUNNERS:
        words = _started_by(_name(words[0]), words[1:])
    if not words or not _is_interpreter(_name(words[0])):
        return None
    position = _script_at(words)
    name = basename(words[position]) if position is not None else _without_script(words)
    # The dashboard itself is nobody's neighbour.
    return _placed(Place(kind="script", name=name), process) if name not in {"", "burn-tui", "burn_tui"} else None


def _without_script(words: Sequence[str]) -> str:
    """A module, or a program that stands in the command itself; "" for a shell, which only waits for others."""
    interpreter = _name(words[0])
    if interpreter in _SHELLS:
        return ""
    for position, word in enumerate(words[1:-1], start=1):
        if word == "-m":
            return words[position + 1]
        if word in {"-c", "-e", "--eval"}:
            return f"{interpreter} {word}"
    return ""


def _placed(place: Place, process: Process) -> Place:
    return structs.replace(place, path=process.directory, branch=process.branch)


# --- command lines ----------------------------------------------------------------------------------


def _first(words: Sequence[str], takes_value: Callable[[str], bool]) -> str:
    """The first word that is no option; "" if there is none."""
    return next(iter(_options(words, takes_value)[1]), "")


def _options(
    words: Sequence[str], takes_value: Callable[[str], bool], *, is_interspersed: bool = False
) -> tuple[dict[str, str], list[str]]:
    """Options by name with their values, and the words from the first that is none.

    `is_interspersed`: options may stand behind other words as well.
    """
    options: dict[str, str] = {}
    others: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            return options, others + waiting
        if word == "-" or not word.startswith("-"):
            others.append(word)
            if not is_interspersed:
                return options, others + waiting
        elif word.startswith("--"):
            name, is_given, value = word[2:].partition("=")
            if not is_given and takes_value(name) and waiting:
                value = waiting.pop(0)
            options[name] = value
        else:
            options |= _cluster(word[1:], waiting, takes_value)
    return options, others


def _cluster(letters: str, waiting: list[str], takes_value: Callable[[str], bool]) -> dict[str, str]:
    """Options of one letter behind one dash; the last may have its value right behind it, or in the next word."""
    options = {}
    for position, letter in enumerate(letters, start=1):
        if takes_value(letter):
            options[letter] = letters[position:] or (waiting.pop(0) if waiting else "")
            break
        options[letter] = ""
    return options
