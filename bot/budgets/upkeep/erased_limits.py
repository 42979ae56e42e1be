"""What is erased of limits: the limits themselves, as removed by nobody, and the keys of notifications of new ones."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.keys import LimitKey
from bot.budgets.limits.revision_store import LimitSetting, append_revision
from bot.budgets.limits.store import StoredBudget
from bot.domain.person import REMOVED_NAME
from bot.outbox.keys import KeyRange
from bot.outbox.queries import enqueued_notifications


def remove_limits(connection: Connection, budgets: Iterable[StoredBudget], now: datetime) -> None:
    """Remove the limits of budgets, in the name of a removed member."""
    for each in budgets:
        removal = LimitSetting(each.scope, each.unit, None, "terminal", REMOVED_NAME, narrowing=each.narrowing)
        append_revision(connection, removal, now)


def enqueued_limit_keys(connection: Connection) -> Iterator[LimitKey]:
    """Yield the keys of all notifications of new limits that were enqueued."""
    every = enqueued_notifications(connection, KeyRange(f"{LimitKey.kind}:", f"{LimitKey.kind};"))
    return (LimitKey.decode(each.dedup_key) for each in every)
