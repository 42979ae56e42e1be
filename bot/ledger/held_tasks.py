"""Held tasks: whether all that a question asks for is in the ledger, whatever else of its time is not."""

from bot.database.reader import Reader
from bot.database.sql import compose
from bot.domain.query.question import Field
from bot.ledger.conditions import numbers
from bot.ledger.scope_members import ScopeMembers
from bot.ledger.scope_values import inside, spellings
from bot.ledger.selection import Selection

_HELD = """
SELECT 1 FROM task t WHERE t.task_id IN (:a, :b, :c) AND t.task_id NOT IN (SELECT key FROM quarantine) AND {whose}
"""
_OF_MEMBERS = "(t.member IN ({ids}) OR EXISTS (SELECT 1 FROM charge c WHERE c.task = t.id AND c.member IN ({ids})))"


def asks_for_held_tasks(reader: Reader, selection: Selection) -> bool:
    """Return whether a selection names tasks by their whole ids, which are all its members' and booked as they stand.

    All that such a task was ever charged is in the ledger.
    """
    named = [each for f in selection.filters if f.field is Field.TASK and not f.exclude for each in f.values]
    sql = compose(_HELD, whose=_whose(reader, selection)) if named else ""
    return bool(named) and all(reader.one(sql, spellings(each)) for each in named)


def _whose(reader: Reader, selection: Selection) -> str:
    """Return the condition that a task `t` is one of the selection's members'."""
    if selection.members is None or selection.scope.member is not None:
        return inside(selection.scope)
    members = ScopeMembers(reader, selection.scope).ids_of(selection.members)
    return compose(_OF_MEMBERS, ids=numbers(members))
