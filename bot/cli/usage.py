"""The commands `report` and `status`."""

from datetime import timedelta

import click

from bot.cli.errors import WRONG_USE, fail, print_errors
from bot.cli.output import json_option, print_json
from bot.cli.query_line import query_line, suggesting_lines_of
from bot.cli.question_help import ReportCommand
from bot.cli.slack_commands import naming_commands
from bot.cli.startup import load_app
from bot.terminal import streams


@click.command(cls=ReportCommand)
@click.argument("query", metavar="[QUESTION]...", nargs=-1, type=click.UNPROCESSED)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@print_errors
def report(query: tuple[str, ...], *, as_json: bool, as_csv: bool) -> None:
    """Answer a question about spend. Without a question: the team's month so far."""
    from bot.usage.report_builder import terminal_report
    from bot.usage.report_csv import to_csv
    from bot.usage.report_document import to_json

    if as_json and as_csv:
        fail("`--json` and `--csv` exclude each other. Use one of them.", code=WRONG_USE)
    app = load_app()
    line = query_line(query)
    with app.ledger.reader() as connection, naming_commands(line), suggesting_lines_of("report"):
        answer = terminal_report(connection, app.settings, line, app.clock())
    if as_csv and answer.question.average:
        fail("A CSV file has no averages. Leave out `--csv`, or the average.", code=WRONG_USE)
    if as_json:
        click.echo(to_json(answer))
    elif as_csv or answer.question.csv:
        click.echo(to_csv(answer), nl=False)
    else:
        from bot.usage.report_printer import print_report

        stale_after = timedelta(seconds=2 * app.settings.poll_seconds)
        print_report(answer, streams.console(), app.clock(), stale_after)


@click.command("status")
@json_option
@click.option("--health", is_flag=True, help="Only ask the bot that runs here whether it's alive; for containers.")
@print_errors
def status_command(*, as_json: bool, health: bool) -> None:
    """Show how fresh and complete the data is, and whether messages are waiting.

    Example: neo-usage status
    """
    if health:
        _check_health()
        return
    from dataclasses import replace

    from bot.database.facts import database_bytes
    from bot.ledger.scope import EVERYTHING
    from bot.maintenance.last_backup import last_backup
    from bot.usage.status import ledger_status, to_document

    app = load_app()
    with app.ledger.reader() as connection:
        current = ledger_status(connection, EVERYTHING, database_bytes(connection), app.clock())
    current = replace(current, backup=last_backup(current.backup, app.settings, app.clock()))
    document = to_document(current, app.clock(), 2 * app.settings.poll_seconds)
    if as_json:
        print_json(document)
    else:
        from bot.usage.status_printer import print_status

        print_status(current, document, streams.console(), app.settings.timezone, app.clock())


def _check_health() -> None:
    """Say that the bot is alive. Raises Exit if it isn't, as the health checks of containers expect."""
    from bot.doctor.health import OTHER_BOT, NoBotError, has_ledger_at, other_bot_text, running_bot
    from bot.settings.environment import load

    settings = load()
    host, port = settings.http_host, settings.http_port
    try:
        bot = running_bot(host, port)
    except NoBotError as error:
        fail(f"{error} Start it with `neo-usage run`, or check HTTP_HOST and HTTP_PORT.")
    if not has_ledger_at(bot, settings.database):
        fail(f"{other_bot_text(host, port)}. {OTHER_BOT}")
    click.echo("The bot is alive.")


COMMANDS = (report, status_command)
