"""The state signature of failures, by which others notice that something has changed."""

from typing import TYPE_CHECKING

from bot.database.reader import plain_rows

if TYPE_CHECKING:
    from bot.database.reader import Reads

_SIGNATURE = """
SELECT (SELECT count(*) FROM failure_group WHERE closed_at IS NULL),
  (SELECT coalesce(max(last_at), 0) FROM failure_group WHERE closed_at IS NULL),
  (SELECT coalesce(sum(until), 0) FROM failure_silence), (SELECT count(*) FROM failure_listener)
"""


def failure_signature(reads: "Reads") -> tuple[int, ...]:
    """Return numbers of which one differs after open groups, silences or listeners changed. Cheap at any age."""
    return tuple(plain_rows(reads, _SIGNATURE)[0])
