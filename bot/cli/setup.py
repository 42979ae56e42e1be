"""The commands that help to set up: `doctor` and `manifest`."""

import click

from bot.cli.errors import FAILED, print_errors
from bot.cli.output import print_json, single_line
from bot.cli.startup import log_warnings


@click.command()
@click.option("--offline", is_flag=True, help="Ask nothing over the network.")
@print_errors
def doctor(*, offline: bool) -> None:
    """Check settings, database, Neo and Slack; exit 1 if anything fails."""
    from bot.doctor.check import CheckState
    from bot.doctor.examination import examine

    log_warnings()
    checks = examine(offline=offline)
    width = max(len(check.what) for check in checks)
    for check in checks:
        what, finding, remedy = map(single_line, (check.what, check.finding, check.remedy))
        click.echo(f"{check.state:<4}  {what:<{width}}  {finding}{remedy and f'  {remedy}'}")
    if any(check.state is CheckState.FAIL for check in checks):
        raise click.exceptions.Exit(FAILED)


@click.command("manifest")
@click.option("--url", help="Where Slack shall send requests, without Socket Mode: https://.../slack/events")
@print_errors
def manifest_command(url: str | None) -> None:
    """The Slack app's manifest, to paste when making the app."""
    from bot.slack.manifest import manifest

    print_json(manifest(url))


COMMANDS = (doctor, manifest_command)
