"""Finishing a restore: what the former ledger had posted is taken over, so that nothing is posted twice or lost."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.capability import Capability
from bot.database import metadata
from bot.domain.timestamps import to_us
from bot.ledger.former_ledger import FormerLedger, open_former
from bot.maintenance.persons import erase_again
from bot.outbox import restore
from bot.outbox.key_mapping import KeyMapping, merge_mappings
from bot.outbox.restore import RestoredMessages
from bot.people.rate_limit import adopt_acts
from bot.slack.deduplication import SELECT_REQUESTS, import_requests

if TYPE_CHECKING:
    from bot.database.engine import Database

Capabilities = Callable[[], Sequence[Capability]]


def finish_restore(database: "Database", capabilities: Capabilities, now: datetime) -> RestoredMessages | None:
    """Take over what the former ledger knew, once after a restore; return what becomes of messages.

    None where nothing was restored since the ledger was last opened.
    """
    with database.transaction() as connection:
        return take_over_former(connection, capabilities, now)


def take_over_former(connection: Connection, capabilities: Capabilities, now: datetime) -> RestoredMessages | None:
    """Take over what the former ledger knew, as `finish_restore` does, in a transaction that is under way."""
    unfinished = metadata.read(connection, metadata.RESTORED)
    if unfinished is None:
        return None
    former = json.loads(unfinished)
    messages = _take_over(connection, capabilities(), former["kept"], former["id"], now)
    metadata.write(connection, metadata.RESTORED, None)
    metadata.write(connection, metadata.BEHIND_SINCE, str(to_us(now)))
    return messages


def _take_over(
    connection: Connection, capabilities: Sequence[Capability], kept: str, ledger_id: str, now: datetime
) -> RestoredMessages:
    with open_former(Path(kept) if kept else None, connection) as former:
        if former is None:
            return restore.mark_all_unconfirmed(connection, ledger_id, now)
        try:
            with connection.begin_nested():
                return restore.adopt(connection, former, adopt(connection, capabilities, former, now), now)
        except Exception:  # noqa: BLE001 - whatever a former ledger holds, perhaps damaged, the copy is to open
            return restore.mark_all_unconfirmed(connection, ledger_id, now)


def adopt(
    connection: Connection, capabilities: Sequence[Capability], former: FormerLedger, now: datetime
) -> KeyMapping:
    """Take over what each package knew in the former ledger; return how its keys read here."""
    import_requests(connection, former.rows(SELECT_REQUESTS))
    adopt_acts(connection, former)
    erase_again(connection, capabilities, former, now)
    adopters = [each.upkeep.adopt for each in capabilities if each.upkeep.adopt is not None]
    return merge_mappings([adopter(connection, former, now) for adopter in adopters])
