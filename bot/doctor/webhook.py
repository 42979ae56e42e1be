"""The check of the webhook: where events go, and whether the receiver wants them."""

from collections.abc import Iterator

from bot.app import App
from bot.doctor.check import Check, failure, ok
from bot.doctor.ledger import read_unchanged
from bot.outbox.webhook_queue import is_gone
from bot.webhook.client import WebhookClient


def webhook_checks(app: App) -> Iterator[Check]:
    """Yield the check of the webhook, if there is one. Nothing is sent."""
    client = WebhookClient.from_settings(app.settings)
    if client is None:
        return
    if read_unchanged(app, is_gone):
        remedy = "Fix the receiver, then run `neo-usage webhook test`; or change WEBHOOK_URL."
        yield failure("webhook", f"{client.host} answered 410 and gets no more events", remedy)
        return
    members = "members by e-mail" if app.settings.webhook_members else "no e-mails"
    yield ok("webhook", f"signed events go to {client.host}, with {members}; `neo-usage webhook test` sends one")
