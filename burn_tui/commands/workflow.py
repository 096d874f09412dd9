"""`workflow`: prompts one after the other from a file of steps."""

import argparse

from burn_tui.commands.places import Commands, add_places, paid


def add(commands: Commands) -> None:
    """Put the parsers."""
    about = "prompts one after the other, from a file of steps"
    workflow = commands.add_parser("workflow", help=about, description=f"{about}.", allow_abbrev=False)
    add_places(workflow, is_again=True)
    what = workflow.add_subparsers(title="commands", metavar="COMMAND", required=True)
    about = "run a file of steps, with cost and time of each"
    run = what.add_parser("run", help=about, description=f"{about}.", allow_abbrev=False)
    run.add_argument("file", metavar="F", help="a YAML list of steps: step, prompt or use, target, budget_usd, check")
    run.add_argument("--env", metavar="E", help="the environment to ask from; default: the least guarded one")
    run.add_argument("--yes", action="store_true", help="agree to paid calls where the environment asks first")
    run.add_argument(
        "--resume", action="store_true", help="go on with the last run of this file; nothing is paid twice"
    )
    run.add_argument(
        "--json", action="store_true", help="one JSON object on standard output instead of the last answer"
    )
    add_places(run, is_again=True)
    run.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from burn_tui.engine.workflow import run_workflow

    return paid(options, run_workflow, file=Path(options.file), resumes=options.resume)
