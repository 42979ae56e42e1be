"""The command `balance`."""

import click

from bot.cli.errors import print_errors
from bot.cli.output import json_option, print_json, single_line
from bot.cli.startup import load_app_for_writing


@click.command()
@json_option
@print_errors
def balance(*, as_json: bool) -> None:
    """Show how many Neo credits are left, and how long they last; exit 1 if Neo doesn't say.

    Example: neo-usage balance
    """
    import asyncio
    import sys

    from bot.balance.document import sentences, to_document

    app = load_app_for_writing()
    facts = asyncio.run(app.balance())
    if as_json:
        print_json(to_document(facts))
    else:
        for sentence in sentences(facts, app.settings.timezone, app.clock()):
            click.echo(single_line(sentence))
    if facts.balance.unavailable:
        sys.exit(1)


COMMANDS = (balance,)
