"""The commands that help to set up: `doctor` and `manifest`."""

import click

from bot.cli.errors import FAILED, print_errors
from bot.cli.output import json_option, print_json
from bot.cli.startup import log_errors
from bot.terminal import streams


@click.command()
@click.option("--offline", is_flag=True, help="Skip the checks that need the network.")
@json_option
@print_errors
def doctor(*, offline: bool, as_json: bool) -> None:
    """Check settings, database, Neo and Slack, and say what to fix. Exits with 1 if a check fails.

    Example: neo-usage doctor --offline
    """
    from bot.doctor.check import CheckState
    from bot.doctor.examination import examine
    from bot.doctor.report import print_report, to_document

    log_errors()
    checks = examine(offline=offline)
    if as_json:
        print_json(to_document(checks))
    else:
        print_report(checks, streams.console())
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
