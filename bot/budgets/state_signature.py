"""The state signature of budgets, by which others notice that something has changed."""

from typing import TYPE_CHECKING

from bot.database.reader import plain_rows

if TYPE_CHECKING:
    from bot.database.reader import Reads

_SIGNATURE = """
SELECT (SELECT coalesce(max(id), 0) FROM budget_revision),
  (SELECT coalesce(sum(ends_at), 0) FROM budget WHERE ends_at IS NOT NULL)
"""


def budget_signature(reads: "Reads") -> tuple[int, ...]:
    """Return numbers of which one differs after any limit was set, changed or removed. Cheap at any age."""
    return tuple(plain_rows(reads, _SIGNATURE)[0])
