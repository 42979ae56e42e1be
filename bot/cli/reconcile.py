"""The command `reconcile`."""

import click

from bot.cli.errors import print_errors
from bot.cli.output import json_option, print_json, single_line
from bot.cli.query_line import query_line, suggesting_lines_of
from bot.cli.startup import load_app_for_writing
from bot.cli.usage_errors import WordsCommand


@click.command(cls=WordsCommand)
@click.argument("window", metavar="[TIME]...", nargs=-1, type=click.UNPROCESSED)
@json_option
@print_errors
def reconcile(window: tuple[str, ...], *, as_json: bool) -> None:
    """Compare spend with Neo's own total, by UTC day; exit 1 if a day differs or can't be compared.

    What differs is read again from Neo first. Example: neo-usage reconcile last month
    """
    import asyncio
    import sys
    from datetime import UTC

    from bot.reconcile.document import sentences, to_document

    app = load_app_for_writing()
    with suggesting_lines_of("reconcile"):
        comparison = asyncio.run(app.reconcile(query_line(window)))
    if as_json:
        print_json(to_document(comparison))
    else:
        for sentence in sentences(comparison, app.clock().astimezone(UTC).date()):
            click.echo(single_line(sentence))
    if not comparison.agrees:
        sys.exit(1)


COMMANDS = (reconcile,)
