"""After a restore: subscriptions that were made, posted or ended since the copy stay so."""

from datetime import datetime

from sqlalchemy import Connection

from bot.ledger.former_ledger import FormerLedger
from bot.outbox.key_mapping import KeyMapping
from bot.subscriptions.keys import SubscriptionEndedKey, SubscriptionKey
from bot.subscriptions.store import adopt_subscriptions


def adopt(connection: Connection, former: FormerLedger, _now: datetime) -> KeyMapping:
    """Take over the former ledger's subscriptions, and return how the keys that name one read here."""
    ids = adopt_subscriptions(connection, former)

    def answer(text: str) -> SubscriptionKey | None:
        key = SubscriptionKey.decode(text)
        return SubscriptionKey(ids[key.id], key.day) if key.id in ids else None

    def ended(text: str) -> SubscriptionEndedKey | None:
        key = SubscriptionEndedKey.decode(text)
        return SubscriptionEndedKey(ids[key.id]) if key.id in ids else None

    return KeyMapping({SubscriptionKey.kind: answer, SubscriptionEndedKey.kind: ended}, {})
