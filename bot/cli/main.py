"""The command line: the group of all commands, and its entry point."""

import gc
import os
import sys
from pathlib import Path

import click

from bot import __version__
from bot.cli import (
    backtest,
    balance,
    budgets,
    database,
    digest,
    explain,
    export,
    failures,
    members,
    reconcile,
    service,
    setup,
    subscriptions,
    sync,
    usage,
    webhook,
)
from bot.cli.errors import Debug, error_text, exit_code, print_error
from bot.cli.usage_errors import MainGroup
from bot.terminal import streams
from bot.unused_objects import put_off_the_search


@click.group(cls=MainGroup, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="neo-usage")
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
def app(*, debug: bool) -> None:
    r"""Show what ProjectDiscovery Neo tasks cost, keep budgets, and post to Slack.

    \b
    To try it:    neo-usage demo
    To set it up: neo-usage doctor
    To ask:       neo-usage report last week by:member
    """
    Debug.is_on = debug


for module in (
    service,
    sync,
    usage,
    failures,
    setup,
    members,
    budgets,
    backtest,
    explain,
    digest,
    reconcile,
    balance,
    subscriptions,
    webhook,
    export,
    database,
):
    for command in module.COMMANDS:
        app.add_command(command)


def main() -> None:
    """Run the command line."""
    put_off_the_search()
    os.umask(0o077)  # files that a command makes are for their owner only
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looked for in the metadata of all installed packages
    _ensure_home()
    try:
        _run()
    finally:
        gc.freeze()  # or the interpreter looks once more through all that goes with it


def _ensure_home() -> None:
    """Set HOME for a user without one, as containers have them: slack-sdk cannot be imported otherwise."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = "/"


def _run() -> None:
    with streams.safe_output():
        try:
            app(prog_name="neo-usage")
        except Exception as error:  # noqa: BLE001 - the interpreter's own way to show it goes past the guard
            if not Debug.is_on:
                print_error(error_text(error))
            else:
                import traceback

                traceback.print_exc()
            sys.exit(exit_code(error))
