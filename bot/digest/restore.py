"""Restoring digests: what the former ledger decided stays decided."""

from typing import TYPE_CHECKING

from bot.database.rows import insert_row
from bot.digest.keys import DigestKey, DigestTopic
from bot.digest.rules import DigestOutcome
from bot.domain.timestamps import to_us
from bot.ledger.charges import newest_charge
from bot.ledger.former_ledger import FormerLedger
from bot.outbox.key_mapping import KeyMapping, unchanged_key

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


_LAST = "SELECT channel, max(day) AS day FROM digest WHERE fate = ? GROUP BY channel"
_KEEP_OUTCOME = "UPDATE digest SET fate = ? WHERE channel = ? AND day = ?"


def adopt(connection: "Connection", former: FormerLedger, now: "datetime") -> KeyMapping:
    """Copy the former ledger's decisions, and return how its keys read here.

    What is read again is not "booked late", and each channel's last digest is incomplete until a complete pass ends.
    """
    newest = newest_charge(connection)
    last = {row["channel"]: row["day"] for row in former.rows(_LAST, (DigestOutcome.OWED,))}
    for row in former.rows("SELECT * FROM digest"):
        kept = {name: row[name] for name in row if name != "id"} | {"last_charge": newest}
        if row["day"] == last.get(row["channel"]):
            kept |= {"complete": 0, "decided_at": to_us(now)}
        if insert_row(connection, "digest", kept) is None:  # requested since though it was skipped, or past by now
            connection.exec_driver_sql(_KEEP_OUTCOME, (row["fate"], row["channel"], row["day"]))
    return KeyMapping({DigestKey.kind: unchanged_key}, {DigestTopic.kind: unchanged_key})
