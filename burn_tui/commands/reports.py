"""`status`, `report`, `export` and `digest`: what the ledger says, on standard output."""

import argparse
import os
import sys

from burn_tui.commands.places import ANSWERED, Commands, add_places, config_file, ledger_dir, settings


def add_status(commands: Commands) -> None:
    """Put the parser of `status`."""
    status = commands.add_parser("status", help="how things stand, in a tenth of a second", allow_abbrev=False)
    forms = status.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_const", dest="form", const="json", help="one JSON object")
    forms.add_argument("--tmux", action="store_const", dest="form", const="tmux", help="one line for status-right")
    add_places(status, is_again=True)
    status.set_defaults(run=_status, form="words")


def add(commands: Commands) -> None:
    """Put the parsers of the others."""
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
        add_places(command, is_again=True)

    digest = commands.add_parser("digest", help="the last week as Markdown, with advice", allow_abbrev=False)
    digest.add_argument("--week", action="store_true", help="the last seven days, which is the default")
    add_places(digest, is_again=True)
    digest.set_defaults(run=_digest)


def _status(options: argparse.Namespace) -> int:
    from burn_tui.engine.clock import Clock
    from burn_tui.tui.status_text import report

    place = ledger_dir(options)
    print(report(options.form, config=config_file(options), data_dir=place, environ=os.environ, clock=Clock()))
    return ANSWERED


def _report(options: argparse.Namespace) -> int:
    from burn_tui.engine.clock import Clock
    from burn_tui.tui.report_commands import report

    report(
        ledger_dir(options),
        sys.stdout,
        since=options.since,
        by=options.by,
        only=options.only,
        form=options.form,
        settings=lambda: settings(options),
        clock=Clock(),
    )
    return ANSWERED


def _export(options: argparse.Namespace) -> int:
    from burn_tui.engine.clock import Clock
    from burn_tui.tui.report_commands import export

    export(ledger_dir(options), options.otel, sys.stderr, since=options.since, only=options.only, clock=Clock())
    return ANSWERED


def _digest(options: argparse.Namespace) -> int:
    from burn_tui.engine.clock import Clock
    from burn_tui.tui.report_commands import digest

    digest(ledger_dir(options), sys.stdout, settings=settings(options), clock=Clock())
    return ANSWERED
