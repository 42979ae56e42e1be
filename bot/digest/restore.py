"""After a restore: the digests that the former ledger had decided upon are decided."""

from typing import TYPE_CHECKING

from bot.digest import store
from bot.digest.keys import DigestKey, DigestTopic
from bot.digest.rules import DigestOutcome
from bot.domain.timestamps import to_us
from bot.ledger.former import FormerLedger, insert
from bot.outbox.key_mapping import KeyMapping, unchanged_key

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


def adopt(connection: "Connection", former: FormerLedger, now: "datetime") -> KeyMapping:
    """Take them over; returns how the keys that name them read here.

    What is read again is not "booked late": the last of each channel is complete once a whole reading has ended.
    """
    newest = store.newest_charge(connection)
    last = {row["channel"]: row["day"] for row in former.rows(_TOLD, (DigestOutcome.OWED,))}
    for row in former.rows("SELECT * FROM digest"):
        kept = {name: row[name] for name in row if name != "id"} | {"last_charge": newest}
        if row["day"] == last.get(row["channel"]):
            kept |= {"complete": 0, "decided_at": to_us(now)}
        if insert(connection, "digest", kept) is None:  # asked for since though it was skipped, or past by now
            connection.exec_driver_sql(
                "UPDATE digest SET fate = ? WHERE channel = ? AND day = ?", (row["fate"], row["channel"], row["day"])
            )
    return KeyMapping({DigestKey.kind: unchanged_key}, {DigestTopic.kind: unchanged_key})


_TOLD = "SELECT channel, max(day) AS day FROM digest WHERE fate = ? GROUP BY channel"
