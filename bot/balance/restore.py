"""After a restore: what the former ledger warned of is not warned of again here, and what it did not is."""

from dataclasses import replace

from sqlalchemy import Connection

from bot.balance.keys import BalanceKey
from bot.balance.store import stored_balance, write_balance
from bot.domain.keys import NotificationKey
from bot.ledger.former_ledger import FormerLedger
from bot.outbox.key_mapping import KeyMapping, unchanged_key


def adopt(connection: Connection, former: FormerLedger) -> KeyMapping:
    """Take over what the former ledger knew of the balance; return how the keys of its warnings read here."""
    here, there = stored_balance(connection), stored_balance(former.connection)
    if there.attempted_at is None:  # it never asked: the copy may know more
        return KeyMapping({BalanceKey.kind: unchanged_key}, {})
    adopted = replace(
        there,
        fillings=_continued(here.fillings, there.fillings),
        extensions=_continued(here.extensions, there.extensions),
    )
    write_balance(connection, adopted)

    def event(text: str) -> NotificationKey:
        key = BalanceKey.decode(text)
        is_current = key.beginning == there.beginnings(key.cause)
        return replace(key, beginning=adopted.beginnings(key.cause)) if is_current else key

    return KeyMapping({BalanceKey.kind: event}, {})


def _continued(here: int, there: int) -> int:
    # one that began anew counts from 0, and its next warnings would be taken for those sent here long ago
    return there if there >= here else here + 1
