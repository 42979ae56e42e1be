"""The command `errors`."""

import click

from bot import terminal
from bot.cli.errors import print_errors
from bot.cli.output import json_option, print_json
from bot.cli.query_line import query_line
from bot.cli.startup import load_app


@click.command("errors", context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1, type=click.UNPROCESSED)
@json_option
@print_errors
def failed_tasks(query: tuple[str, ...], *, as_json: bool) -> None:
    """Which tasks failed, how, and what they cost: `neo-usage errors 7d`."""
    from bot.failures.report import error_document, terminal_error_report

    app = load_app()
    with app.ledger.reader() as connection:
        report = terminal_error_report(connection, app.settings, query_line(query), app.clock())
    if as_json:
        print_json(error_document(report))
    else:
        from bot.failures.report_printer import print_report

        print_report(report, app.settings.timezone, terminal.console())


COMMANDS = (failed_tasks,)
