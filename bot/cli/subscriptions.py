"""The command group `subscription`."""

from typing import TYPE_CHECKING

import click

from bot.cli.errors import WRONG_USE, fail, print_errors
from bot.cli.output import json_option, print_json, single_line
from bot.cli.query_line import query_line
from bot.cli.startup import load_app, load_app_for_writing
from bot.cli.usage_errors import WordsCommand
from bot.terminal import streams

if TYPE_CHECKING:
    from bot.app import App
    from bot.subscriptions.cli import SubscriptionAddition
    from bot.subscriptions.store import StoredSubscription


@click.group("subscription", no_args_is_help=True)
def subscriptions() -> None:
    """List, add and remove answers that are posted in Slack on a schedule."""


@subscriptions.command("list")
@json_option
@print_errors
def list_subscriptions(*, as_json: bool) -> None:
    """List everyone's subscriptions, with their schedules and when the next answer is posted.

    Example: neo-usage subscription list
    """
    from bot.subscriptions import cli
    from bot.subscriptions.store import active_subscriptions
    from bot.terminal.layout import print_line

    app = load_app()
    with app.ledger.reader() as connection:
        found = active_subscriptions(connection)
    zone, now = app.settings.timezone, app.clock()
    if as_json:
        print_json(cli.document(found, zone, now))
        return
    for line in cli.lines(found, zone, now):
        print_line(streams.console(), single_line(line))


@subscriptions.command("add", cls=WordsCommand)
@click.argument("question", nargs=-1, type=click.UNPROCESSED)
@click.option("--channel", metavar="CHANNEL", help="The channel to post in, by #name or id.")
@click.option("--to", metavar="E-MAIL", help="The person to send it to, in a DM; they see what they may see.")
@click.option("--owner", metavar="OPERATOR", help="The operator whose it is: an e-mail or Slack id of ADMINS.")
@print_errors
def add_subscription(question: tuple[str, ...], channel: str | None, to: str | None, owner: str | None) -> None:
    """Post an answer on a schedule.

    Example: neo-usage subscription add team last week by:member every monday 09:00 --channel '#neo-spend'
    """
    import asyncio

    from bot.subscriptions.cli import SubscriptionAddition, description

    if (channel is None) == (to is None):
        fail("Say where to post it: either --channel '#name' or --to E-MAIL.", code=WRONG_USE)
    app = load_app_for_writing()
    added = asyncio.run(_add(app, SubscriptionAddition(query_line(question), channel, to, owner)))
    click.echo(single_line(f"Added subscription {added.number} of {added.owner}: {description(added)}"))


async def _add(app: "App", addition: "SubscriptionAddition") -> "StoredSubscription":
    import asyncio

    from bot.settings.errors import SettingsError
    from bot.slack.workspace import connect_workspace

    token = app.settings.slack_bot_token
    if token is None:
        raise SettingsError(["SLACK_BOT_TOKEN: it isn't set. Copy it from your Slack app: OAuth & Permissions."])
    async with connect_workspace(token.reveal(), app.settings.slack_api_url) as workspace:
        await workspace.identify()
        database = await asyncio.to_thread(app.ledger.open_for_booking)
        try:
            return await addition.add(app.wire(database, workspace).context)
        finally:
            await asyncio.to_thread(database.close)


@subscriptions.command("remove")
@click.argument("number", type=int)
@click.option("--owner", metavar="SLACK-ID", help="Whose it is, if several people have that number.")
@print_errors
def remove_subscription(number: int, owner: str | None) -> None:
    """Stop a subscription by its number. Its owner gets a DM about it.

    Example: neo-usage subscription remove 2
    """
    from bot.subscriptions import cli

    app = load_app_for_writing()
    with app.ledger.database() as database, database.transaction() as connection:
        removed = cli.remove(connection, number, owner, app.clock())
    click.echo(single_line(f"Removed subscription {removed.number} of {removed.owner}: {cli.description(removed)}"))


COMMANDS = (subscriptions,)
