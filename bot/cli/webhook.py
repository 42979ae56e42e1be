"""The command group `webhook`."""

from typing import TYPE_CHECKING

import click

from bot.cli.errors import fail, print_errors
from bot.cli.output import single_line
from bot.cli.startup import load_app_for_writing

if TYPE_CHECKING:
    from bot.app import App


@click.group(no_args_is_help=True)
def webhook() -> None:
    """Test the webhook that WEBHOOK_URL sets up."""


@webhook.command()
@print_errors
def test() -> None:
    """Send a test event to WEBHOOK_URL. Exits with 1 if the receiver doesn't take it.

    If the receiver had said that it wants no more events, and takes this one, the bot sends events again.

    Example: neo-usage webhook test
    """
    import asyncio

    from bot.outbox.receiver import Reply
    from bot.outbox.webhook_queue import resume
    from bot.webhook.cli import WebhookTest
    from bot.webhook.client import WebhookClient

    app = load_app_for_writing()
    client = WebhookClient.from_settings(app.settings)
    if client is None:
        fail("WEBHOOK_URL isn't set. Set it to the address of your receiver.")
    was_stopped = _is_stopped(app)
    answer = asyncio.run(WebhookTest(client).send(app.clock()))
    if answer.reply is not Reply.TAKEN:
        fail(f"{client.host} didn't take the test event: {answer.why}.")
    click.echo(single_line(f"{client.host} took the test event."))
    if was_stopped:
        with app.ledger.database() as database, database.transaction() as connection:
            resume(connection)
        click.echo("The bot sends events again. What happened in the meantime isn't sent.")


def _is_stopped(app: "App") -> bool:
    """Return whether no events are sent since the receiver wanted none. Raises LedgerError if nobody can tell."""
    from bot.database.place import absence
    from bot.outbox.webhook_queue import is_gone

    if absence(app.settings.database):
        return False
    with app.ledger.reader() as reader:
        return is_gone(reader)


COMMANDS = (webhook,)
