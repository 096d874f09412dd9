"""The command line. Every import that costs time is made where it is needed."""

import argparse
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from io import TextIOWrapper
from typing import TYPE_CHECKING, NoReturn, TextIO

from burn_tui import __version__
from burn_tui.core.errors import BurnError, WrongCallError, nearest

if TYPE_CHECKING:
    from pathlib import Path

    from burn_tui.engine.runtime import Runtime
    from burn_tui.engine.settings import Settings

ANSWERED, NO_ANSWER, WRONG_CALL, REFUSED = 0, 1, 2, 3
"""Exit codes of `ask`; every sub-command uses WRONG_CALL for a wrong call or wrong settings."""

_TMUX_WORDS = {
    "install": "write a marked block into tmux's configuration; panes then show their environment",
    "uninstall": "take exactly that out again",
    "show": "print what would be written",
    "switch": "list the panes that run ssh, containers and scripts, and go to one",
}

INTERRUPTED = 130
"""Exit code after ctrl+c, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # An old terminal that lacks a letter gets another one, not a traceback.
            stream.reconfigure(errors="replace")
    try:
        options = _understood(arguments)
        code = options.run(options)
    except BurnError as error:
        print(f"burn-tui: {error}", file=sys.stderr)
        code = WRONG_CALL
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever read the answer has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = NO_ANSWER
    sys.exit(code)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """As argparse does it, with the place where help is to be had."""
        self.print_usage(sys.stderr)
        self.exit(WRONG_CALL, f"burn-tui: {message}. See {self.prog} --help.\n")


def parser() -> argparse.ArgumentParser:
    """What burn-tui understands."""
    top = _Parser(
        prog="burn-tui",
        description="Routes prompts over your AI providers and shows what they burn. "
        "Without a command it opens the dashboard.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"burn-tui {__version__}")
    top.add_argument("--continue", action="store_true", help="open the sessions of last time, drafts and all")
    top.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    _add_places(top)
    top.set_defaults(run=_dashboard)
    commands = top.add_subparsers(title="commands", metavar="COMMAND")

    ask = commands.add_parser(
        "ask", help="send one prompt without a terminal, through the same router", allow_abbrev=False
    )
    ask.add_argument("prompt", help="the prompt; - reads it from standard input")
    ask.add_argument("--env", metavar="E", help="the environment to ask from; default: the least guarded one")
    ask.add_argument(
        "--target", metavar="P/M", help="a provider/model, a provider or a route; default: the default route"
    )
    ask.add_argument("--yes", action="store_true", help="agree to a paid call where the environment asks first")
    ask.add_argument("--local", action="store_true", help="nothing may leave this machine, not even by fallback")
    ask.add_argument("--json", action="store_true", help="one JSON object on standard output instead of the text")
    _add_places(ask, is_again=True)
    ask.set_defaults(run=_ask)

    status = commands.add_parser("status", help="how things stand, in a tenth of a second", allow_abbrev=False)
    forms = status.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_const", dest="form", const="json", help="one JSON object")
    forms.add_argument("--tmux", action="store_const", dest="form", const="tmux", help="one line for status-right")
    _add_places(status, is_again=True)
    status.set_defaults(run=_status, form="words")

    tmux = commands.add_parser("tmux", help="panes that say where they are, and a list of them", allow_abbrev=False)
    doings = tmux.add_subparsers(title="what", metavar="WHAT", required=True)
    for name, words in _TMUX_WORDS.items():
        doing = doings.add_parser(name, help=words, allow_abbrev=False)
        if name in {"install", "show"}:
            doing.add_argument("--key", default="B", help="after the prefix it opens the list; default: B")
        _add_places(doing, is_again=True)
        doing.set_defaults(run=_tmux, doing=name)
    _add_gateway(commands)
    _add_run(commands)
    _add_reports(commands)
    return top


def _add_reports(commands: "argparse._SubParsersAction[_Parser]") -> None:
    from burn_tui.core.report import GROUPINGS, MARKERS

    since = "how far back: 90m, 24h, 7d, 2w or a date; default: 7d"
    report = commands.add_parser("report", help="what was used and what it cost", allow_abbrev=False)
    report.add_argument("--by", choices=GROUPINGS, default="provider", help="what to add up by; default: provider")
    forms = report.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_const", dest="form", const="json", help="one JSON object")
    forms.add_argument("--csv", action="store_const", dest="form", const="csv", help="one line a key, with a header")
    report.set_defaults(run=_report, form="table")

    export = commands.add_parser("export", help="the attempts for another program", allow_abbrev=False)
    export.add_argument("--otel", metavar="FILE", required=True, help="OpenTelemetry spans as OTLP JSON; - = stdout")
    export.set_defaults(run=_export)

    for command in (report, export):
        command.add_argument("--since", metavar="S", default="7d", help=since)
        command.add_argument("--only", choices=MARKERS, help="only attempts with this mark")
        _add_places(command, is_again=True)

    digest = commands.add_parser("digest", help="the last week as Markdown, with advice", allow_abbrev=False)
    digest.add_argument("--week", action="store_true", help="the last seven days, which is the default")
    _add_places(digest, is_again=True)
    digest.set_defaults(run=_digest)

    doctor = commands.add_parser("doctor", help="what is well and what is not, with the mend", allow_abbrev=False)
    doctor.add_argument("--repair", action="store_true", help="recover what can be read of a damaged ledger")
    _add_places(doctor, is_again=True)
    doctor.set_defaults(run=_doctor)


def _add_gateway(commands: "argparse._SubParsersAction[_Parser]") -> None:
    about = "serve OpenAI's, Anthropic's and Google's APIs on loopback, through the same router"
    gateway = commands.add_parser("gateway", help=about, description=f"{about}.", allow_abbrev=False)
    gateway.add_argument("--port", type=int, metavar="N", help="default: gateway.port in the settings, else 4141")
    gateway.add_argument("--host", metavar="H", help="an address that others reach, with TLS only; default: loopback")
    gateway.add_argument("--tls-cert", metavar="FILE", help="certificate chain (PEM)")
    gateway.add_argument("--tls-key", metavar="FILE", help="its private key (PEM)")
    _add_places(gateway, is_again=True)
    gateway.set_defaults(run=_gateway)

    token = gateway.add_subparsers(title="commands", metavar="COMMAND").add_parser(
        "token", help="make, list and revoke the tokens that clients use as API key", allow_abbrev=False
    )
    token.add_argument("--env", metavar="E", help="the one environment it is for; default: any but production")
    token.add_argument("--label", metavar="L", default="unnamed", help="what it is called, and its session")
    token.add_argument("--yes", action="store_true", help="agree beforehand to paid calls where E asks first")
    _add_places(token, is_again=True)
    token.set_defaults(run=_make_token)
    actions = token.add_subparsers(title="commands", metavar="COMMAND")
    listed = actions.add_parser("list", help="one line a token", allow_abbrev=False)
    _add_places(listed, is_again=True)
    listed.set_defaults(run=_list_tokens)
    revoked = actions.add_parser("revoke", help="end a token", allow_abbrev=False)
    revoked.add_argument("name", metavar="TOKEN", help="its id, or the label of several")
    _add_places(revoked, is_again=True)
    revoked.set_defaults(run=_revoke_token)


def _add_run(commands: "argparse._SubParsersAction[_Parser]") -> None:
    about = "run a command whose questions to models go through the gateway"
    run = commands.add_parser(
        "run",
        help=about,
        description=f"{about}.",
        usage="burn-tui run [--env E] [--session NAME] [--yes] -- COMMAND ...",
        allow_abbrev=False,
    )
    run.add_argument("--env", metavar="E", help="the environment to ask from; default: the least guarded one")
    run.add_argument("--session", metavar="NAME", help="what its tab is called; default: named after the command")
    run.add_argument("--yes", action="store_true", help="agree to paid calls where the environment asks first")
    _add_places(run, is_again=True)
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="and its arguments")
    run.set_defaults(run=_run)


def _add_places(command: argparse.ArgumentParser, *, is_again: bool = False) -> None:
    """`is_again`: what stood before the sub-command holds unless it is said anew."""
    default = argparse.SUPPRESS if is_again else None
    command.add_argument(
        "--demo",
        action="store_true",
        default=argparse.SUPPRESS if is_again else False,
        help="simulated providers: no key, no network, nothing is kept",
    )
    command.add_argument("--config", metavar="FILE", default=default, help="settings file (BURN_TUI_CONFIG)")
    command.add_argument(
        "--data-dir", metavar="DIR", default=default, help="where the ledger is kept (BURN_TUI_DATA_DIR)"
    )


def _understood(arguments: Sequence[str] | None) -> argparse.Namespace:
    options, unknown = parser().parse_known_args(arguments)
    if unknown:
        raise WrongCallError(f"{unknown[0]!r} is one too many.", mend=_mend(unknown[0], options))
    if options.demo and (options.config or options.data_dir):
        raise WrongCallError(
            "--demo has settings and a ledger of its own.", mend="Leave away --demo, or --config and --data-dir."
        )
    return options


def _mend(unknown: str, options: argparse.Namespace) -> str:
    if not unknown.startswith("-"):
        return 'Put the whole prompt into quotes: burn-tui ask "PROMPT".'
    flags = ["--" + name.replace("_", "-") for name in vars(options) if name not in {"run", "prompt"}]
    match = next((flag for flag in flags if flag.startswith(unknown)), None) or nearest(unknown, flags)
    return f"Did you mean {match}?" if match else "See burn-tui --help."


def _boot(options: argparse.Namespace, stack: ExitStack) -> "Callable[[], Awaitable[Runtime]]":
    """How the runtime is made, when its time has come. What it needs around it ends with `stack`."""

    async def demo() -> "Runtime":
        from burn_tui.simulator.demo import Demo

        return await stack.enter_context(Demo()).boot()

    async def configured() -> "Runtime":
        from burn_tui.engine import paths
        from burn_tui.engine.runtime import Runtime
        from burn_tui.engine.settings_file import settings_for

        path = paths.config_file(options.config, os.environ)
        is_explicit = bool(options.config or os.environ.get("BURN_TUI_CONFIG"))
        settings = settings_for(path, os.environ, is_explicit=is_explicit)
        data_dir = paths.data_dir(options.data_dir, os.environ)
        runtime = await Runtime.open(settings, data_dir=data_dir, environ=os.environ)
        runtime.follow(path)
        return runtime

    return demo if options.demo else configured


def _dashboard(options: argparse.Namespace) -> int:
    if not (_is_terminal(sys.__stdin__) and _is_terminal(sys.__stderr__)):
        raise WrongCallError("The dashboard needs a terminal.", mend='Without one: burn-tui ask "PROMPT".')
    from burn_tui.tui.app import BurnApp

    with ExitStack() as stack:
        app = BurnApp(boot=_boot(options, stack), continues=getattr(options, "continue"))
        return app.run(mouse=not options.no_mouse) or ANSWERED


def _is_terminal(stream: TextIO | None) -> bool:
    """Textual reads the keys from standard input and draws on standard error. A stream that was closed is None."""
    return stream is not None and stream.isatty()


def _status(options: argparse.Namespace) -> int:
    from burn_tui.engine import paths
    from burn_tui.engine.clock import Clock
    from burn_tui.tui.status_text import report

    if options.demo:
        raise WrongCallError("The demo keeps no ledger.", mend="Leave away --demo.")
    config = paths.config_file(options.config, os.environ)
    data_dir = paths.data_dir(options.data_dir, os.environ)
    print(report(options.form, config=config, data_dir=data_dir, environ=os.environ, clock=Clock()))
    return ANSWERED


def _report(options: argparse.Namespace) -> int:
    from burn_tui.engine.clock import Clock
    from burn_tui.tui.report_commands import report

    report(
        _ledger_dir(options),
        sys.stdout,
        since=options.since,
        by=options.by,
        only=options.only,
        form=options.form,
        settings=lambda: _settings(options),
        clock=Clock(),
    )
    return ANSWERED


def _export(options: argparse.Namespace) -> int:
    from burn_tui.engine.clock import Clock
    from burn_tui.tui.report_commands import export

    export(_ledger_dir(options), options.otel, sys.stderr, since=options.since, only=options.only, clock=Clock())
    return ANSWERED


def _digest(options: argparse.Namespace) -> int:
    from burn_tui.engine.clock import Clock
    from burn_tui.tui.report_commands import digest

    digest(_ledger_dir(options), sys.stdout, settings=_settings(options), clock=Clock())
    return ANSWERED


def _doctor(options: argparse.Namespace) -> int:
    import time

    from burn_tui.engine.doctor import Patient, examined, repaired

    patient, code = Patient(data_dir=_ledger_dir(options), now=time.time()), ANSWERED
    if options.repair:
        for sentence in repaired(patient):
            print(sentence)
    for finding in examined(patient):
        if finding.mend is not None:
            code = NO_ANSWER
        print(f"{'ok  ' if finding.mend is None else 'mend'}  {finding.about}: {finding.words}")
        if finding.mend is not None:
            print(f"      {finding.mend}")
    return code


def _ledger_dir(options: argparse.Namespace) -> "Path":
    from burn_tui.engine import paths

    if options.demo:
        raise WrongCallError("The demo keeps no ledger.", mend="Leave away --demo.")
    return paths.data_dir(options.data_dir, os.environ)


def _settings(options: argparse.Namespace) -> "Settings":
    from burn_tui.engine import paths
    from burn_tui.engine.settings_file import settings_for

    path = paths.config_file(options.config, os.environ)
    return settings_for(path, os.environ, is_explicit=bool(options.config or os.environ.get("BURN_TUI_CONFIG")))


def _tmux(options: argparse.Namespace) -> int:
    from burn_tui.engine import paths

    if options.doing == "switch":
        from burn_tui.tui.switch import SwitchApp

        return SwitchApp(paths.config_file(options.config, os.environ)).run() or ANSWERED
    from burn_tui.engine import tmux_command
    from burn_tui.engine.tmux import program_in_words

    if options.doing == "uninstall":
        tmux_command.uninstall(environ=os.environ, out=sys.stdout)
        return ANSWERED
    do = tmux_command.install if options.doing == "install" else tmux_command.show
    do(program=program_in_words(sys.argv[0], os.environ), key=options.key, environ=os.environ, out=sys.stdout)
    return ANSWERED


def _ask(options: argparse.Namespace) -> int:
    import asyncio

    from burn_tui.engine.ask import ask

    with ExitStack() as stack:
        return asyncio.run(
            ask(
                _prompt(options.prompt),
                boot=_boot(options, stack),
                environment=options.env,
                target=options.target,
                privacy="local" if options.local else "any",
                confirmed=options.yes,
                as_json=options.json,
                out=sys.stdout,
                narration=sys.stderr,
            )
        )


def _data_dir(options: argparse.Namespace, stack: ExitStack) -> "Path":
    """Where tokens are kept; what is only a demonstration leaves nothing behind."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from burn_tui.engine import paths

    if options.demo:
        return Path(stack.enter_context(TemporaryDirectory(prefix="burn-tui-gateway-")))
    return paths.data_dir(options.data_dir, os.environ)


def _gateway(options: argparse.Namespace) -> int:
    import asyncio

    from burn_tui.gateway.command import Place, serve

    place = Place(host=options.host, port=options.port, certificate=options.tls_cert, key=options.tls_key)
    with ExitStack() as stack:
        boot, data_dir = _boot(options, stack), _data_dir(options, stack)
        return asyncio.run(serve(boot, place, data_dir=data_dir, narration=sys.stderr))


def _make_token(options: argparse.Namespace) -> int:
    import time

    from burn_tui.engine import paths
    from burn_tui.engine.settings_file import settings_for
    from burn_tui.gateway.command import make_token
    from burn_tui.gateway.tokens import TokenBook

    path = paths.config_file(options.config, os.environ)
    return make_token(
        settings_for(path, os.environ, is_explicit=bool(options.config or os.environ.get("BURN_TUI_CONFIG"))),
        TokenBook(paths.data_dir(options.data_dir, os.environ) / "tokens"),
        label=options.label,
        environment=options.env,
        has_agreed=options.yes,
        now=time.time(),
        out=sys.stdout,
        narration=sys.stderr,
    )


def _list_tokens(options: argparse.Namespace) -> int:
    from burn_tui.engine import paths
    from burn_tui.gateway.command import list_tokens
    from burn_tui.gateway.tokens import TokenBook

    return list_tokens(TokenBook(paths.data_dir(options.data_dir, os.environ) / "tokens"), sys.stdout)


def _revoke_token(options: argparse.Namespace) -> int:
    from burn_tui.engine import paths
    from burn_tui.gateway.command import revoke_token
    from burn_tui.gateway.tokens import TokenBook

    tokens = TokenBook(paths.data_dir(options.data_dir, os.environ) / "tokens")
    return revoke_token(tokens, options.name, sys.stdout)


def _run(options: argparse.Namespace) -> int:
    import asyncio

    from burn_tui.gateway.running import Errand, run

    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise WrongCallError("There is no command to run.", mend="Say which: burn-tui run -- COMMAND.")
    errand = Errand(command=command, environment=options.env, session=options.session, has_agreed=options.yes)
    with ExitStack() as stack:
        boot, data_dir = _boot(options, stack), _data_dir(options, stack)
        return asyncio.run(run(errand, boot, data_dir=data_dir, environ=os.environ, narration=sys.stderr))


def _prompt(given: str) -> str:
    try:
        prompt = sys.stdin.read() if given == "-" else given
        prompt.encode()  # what was no text on the command line is smuggled through as lone surrogates
    except UnicodeError as error:
        raise WrongCallError("The prompt is not UTF-8 text.", mend="Convert it first, as with iconv.") from error
    if not prompt.strip():
        raise WrongCallError("The prompt is empty.", mend='Say something: burn-tui ask "PROMPT".')
    return prompt
