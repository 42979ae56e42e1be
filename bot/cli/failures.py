"""The command `errors`."""

import click

from bot.cli.errors import print_errors
from bot.cli.output import json_option, print_json
from bot.cli.query_line import query_line, suggesting_lines_of
from bot.cli.question_help import ErrorsCommand
from bot.cli.startup import load_app
from bot.terminal import streams


@click.command("errors", cls=ErrorsCommand)
@click.argument("query", metavar="[QUESTION]...", nargs=-1, type=click.UNPROCESSED)
@json_option
@print_errors
def failed_tasks(query: tuple[str, ...], *, as_json: bool) -> None:
    """Show which tasks failed, how, and what they cost."""
    from bot.failures.report import error_document, terminal_error_report

    app = load_app()
    with app.ledger.reader() as connection, suggesting_lines_of("errors"):
        report = terminal_error_report(connection, app.settings, query_line(query), app.clock())
    if as_json:
        print_json(error_document(report))
    else:
        from bot.failures.report_printer import print_report

        print_report(report, app.settings.timezone, streams.console())


COMMANDS = (failed_tasks,)
