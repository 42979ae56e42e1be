"""After a restore: what the former ledger decided on digests stays decided."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.digest.keys import DigestCompletedKey, DigestKey, DigestTopic
from bot.digest.store import adopt_decisions
from bot.ledger.former_ledger import FormerLedger
from bot.outbox.key_mapping import KeyMapping, unchanged_key

if TYPE_CHECKING:
    from datetime import datetime


def adopt(connection: Connection, former: FormerLedger, now: "datetime") -> KeyMapping:
    """Copy the former ledger's decisions, and return how its keys read here: as they are."""
    adopt_decisions(connection, former, now)
    return KeyMapping(
        dict.fromkeys((DigestKey.kind, DigestCompletedKey.kind), unchanged_key), {DigestTopic.kind: unchanged_key}
    )
