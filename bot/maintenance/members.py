"""Merging: two e-mails become one member, with everything that any capability stores about them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.capability import Capability
from bot.ledger.member_merge import merge_emails


def merge_members(connection: Connection, capabilities: Sequence[Capability], old: str, new: str, now: datetime) -> int:
    """Merge what is recorded of the e-mail `old` into that of `new`; return the number of charges affected.

    Raises:
        LedgerError: the old e-mail is unknown, or both are one member already.
    """
    merged = merge_emails(connection, old, new)
    for capability in capabilities:
        if capability.upkeep.merge_members is not None:
            capability.upkeep.merge_members(connection, merged.old, merged.new, now)
    return merged.charges
