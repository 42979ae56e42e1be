"""Whether the passing of time has ended a limit or a snooze: one statement, asked every second."""

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from bot.database.reader import plain_rows
from bot.domain.timestamps import to_us

if TYPE_CHECKING:
    from bot.database.reader import Reads

_DUE = """
SELECT EXISTS (SELECT 1 FROM budget), EXISTS (SELECT 1 FROM budget WHERE ends_at <= ?1)
  OR EXISTS (SELECT 1 FROM snooze WHERE NOT (until > ?1 AND set_at <= ?1 + 60000000))
"""


class DueState(NamedTuple):
    """Whether there is, or ever was, a budget; and whether a temporary limit or a snooze is over."""

    has_budgets: bool
    has_ended: bool


def due_state(reads: "Reads", now: datetime) -> DueState:
    """Return whether there is anything to apply at a moment."""
    has_budgets, has_ended = plain_rows(reads, _DUE, (to_us(now),))[0]
    return DueState(bool(has_budgets), bool(has_ended))
