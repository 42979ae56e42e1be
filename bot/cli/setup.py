"""The commands that help to set up: `doctor` and `manifest`."""

import click

from bot.cli.errors import FAILED, print_errors
from bot.cli.output import print_json, single_line
from bot.cli.startup import log_warnings
from bot.terminal import streams


@click.command()
@click.option("--offline", is_flag=True, help="Skip the checks that need the network.")
@print_errors
def doctor(*, offline: bool) -> None:
    """Check settings, database, Neo and Slack, and say what to fix. Exits with 1 if a check fails.

    Example: neo-usage doctor --offline
    """
    from bot.doctor.check import CheckState
    from bot.doctor.examination import examine
    from bot.terminal.layout import print_facts

    log_warnings()
    checks = examine(offline=offline)
    width = max(len(check.what) for check in checks)
    lines = [
        (f"{check.state:<4}  {single_line(check.what):<{width}}",
         f"{single_line(check.finding)}  {single_line(check.remedy)}")
        for check in checks
    ]  # fmt: skip
    print_facts(streams.console(), lines)
    if any(check.state is CheckState.FAIL for check in checks):
        raise click.exceptions.Exit(FAILED)


@click.command("manifest")
@click.option("--url", help="Where Slack sends requests if you don't use Socket Mode: https://.../slack/events")
@print_errors
def manifest_command(url: str | None) -> None:
    """Print the Slack app's manifest. Paste it when you create the app.

    Example: neo-usage manifest
    """
    from bot.slack.manifest import manifest

    print_json(manifest(url))


COMMANDS = (doctor, manifest_command)
