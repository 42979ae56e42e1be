"""The commands that answer from the ledger: `report`, `errors`, `status`."""

from collections.abc import Sequence
from datetime import timedelta

import click

from bot import terminal
from bot.cli.errors import WRONG_USE, fail, in_one_line
from bot.cli.shared import json_option, load_app, print_json


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1, type=click.UNPROCESSED)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
@in_one_line
def report(query: tuple[str, ...], *, as_json: bool, as_csv: bool) -> None:
    """Answer a question: `neo-usage report 7d by:member`."""
    from bot.usage import export
    from bot.usage.report_builder import terminal_report

    if as_json and as_csv:
        fail("--json and --csv: one of them", code=WRONG_USE)
    app = load_app()
    with app.reader() as reader:
        answer = terminal_report(reader, app.settings, line_of(query), app.clock())
    if as_json:
        click.echo(export.to_json(answer))
    elif as_csv or answer.question.csv:
        click.echo(export.to_csv(answer), nl=False)
    else:
        from bot.usage.report_printer import print_report

        stale_after = timedelta(seconds=2 * app.settings.poll_seconds)
        print_report(answer, terminal.console(), app.clock(), stale_after)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1, type=click.UNPROCESSED)
@json_option
@in_one_line
def errors(query: tuple[str, ...], *, as_json: bool) -> None:
    """Which tasks failed, how, and what they cost: `neo-usage errors 7d`."""
    from bot.failures.report import terminal_report, to_document

    app = load_app()
    with app.reader() as reader:
        found = terminal_report(reader, app.settings, line_of(query), app.clock())
    if as_json:
        print_json(to_document(found))
    else:
        from bot.failures import cli

        cli.show(found, app.settings.timezone, terminal.console())


def line_of(words: Sequence[str]) -> str:
    """Return one line of a shell's words; a word whose quotes the shell took gets them back."""
    return " ".join(_requoted(word) for word in words)


def _requoted(word: str) -> str:
    key, colon, value = word.partition(":")
    if colon and " " in value and " " not in key and ":" not in value and '"' not in value:
        return f'{key}:"{value}"'
    return word


@click.command("status")
@json_option
@in_one_line
def status_command(*, as_json: bool) -> None:
    """Last passes, freshness, quarantine, database."""
    from bot.database.reader import file_bytes
    from bot.ledger.scope import EVERYTHING
    from bot.usage.status import status, to_document
    from bot.usage.status_printer import print_status

    app = load_app()
    with app.reader() as reader:
        found = status(reader, EVERYTHING, file_bytes(app.settings.database_path), app.clock())
    document = to_document(found, app.clock(), 2 * app.settings.poll_seconds)
    if as_json:
        print_json(document)
    else:
        print_status(found, document, terminal.console(), app.settings.timezone)


COMMANDS = (report, errors, status_command)
