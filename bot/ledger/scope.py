"""The scope: the part of the ledger that a caller may see, as tables and conditions of statements.

Every query that answers a caller takes a Scope, and looks up names, ids, models, statuses, counts and sums inside it.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    bindparam,
    case,
    false,
    func,
    literal_column,
    null,
    select,
    true,
)

from bot.domain.access import Caller, Role
from bot.ledger.expressions import unindexed
from bot.ledger.members import member_id
from bot.ledger.tables import charge, member, task

TRANSFERRED = "moved"  # the model and the status, for a former member, of a task that is now another member's
_NO_ONE = 0  # the id of no member

_MEMBER = bindparam("scope_member", type_=Integer)  # a statement on a member's part fails where it is not given
_OWN = task.c.member == _MEMBER
_TRANSFERRED: ColumnElement[str] = literal_column(f"'{TRANSFERRED}'")

# SQLite flattens a plain subquery into the query around it: it costs nothing and hides no index
_MEMBERS_TASKS = select(
    task.c.id,
    task.c.task_id,
    task.c.member,
    task.c.created_at,
    task.c.platform_nanos,
    task.c.provider_nanos,
    case((_OWN, task.c.model), else_=_TRANSFERRED).label("model"),
    case((_OWN, task.c.status), else_=_TRANSFERRED).label("status"),
    case((_OWN, task.c.is_byok), else_=null()).label("is_byok"),
    case((_OWN, task.c.by_unit), else_=false()).label("by_unit"),
)


@dataclass(frozen=True, slots=True, eq=False)
class ScopePart:
    """What statements on a scope are made of; one for the whole ledger, one for any member's part of it.

    `tasks`, called `t`, stand in place of the table `task`.
    """

    whole: bool
    tasks: FromClause

    def is_members(self, key: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the condition that the id of a member is that of the scope's."""
        return true() if self.whole else key == _MEMBER

    def owns(self, tasks: FromClause) -> ColumnElement[bool]:
        """Return the condition that a task belongs to the scope now, not only charges of it."""
        return self.is_members(tasks.c.member)

    def is_charge_of(self, key: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the condition that a charge of the scope is of the task with that id."""
        # without an index by member, or SQLite would read all that the member was ever charged
        return (charge.c.task == key) & self.is_members(unindexed(charge.c.member))

    def holder(self, tasks: FromClause) -> ColumnElement[Any]:
        """Return the id of the member that a task belongs to in this scope."""
        return tasks.c.member if self.whole else _MEMBER


WHOLE = ScopePart(whole=True, tasks=task.alias("t"))
MEMBERS = ScopePart(whole=False, tasks=_MEMBERS_TASKS.subquery("t"))

_EMAILS = select(member.c.email).where(MEMBERS.is_members(func.coalesce(member.c.merged_into, member.c.id)))


@dataclass(frozen=True, slots=True)
class Scope:
    """One member's part of the ledger, by their id, or (None) the whole of it.

    A member's part is the charges booked to them and the tasks that are theirs now. A task that was charged to them and
    transferred to another member since is there with its task id and those charges, and nothing else.
    """

    member: int | None

    @classmethod
    def of(cls, connection: Connection, caller: Caller) -> "Scope":
        """Return the whole ledger for an operator, and their own part for everybody else."""
        if caller.role is Role.OPERATOR:
            return EVERYTHING
        return cls(member_id(connection, caller.member) or _NO_ONE)

    @property
    def part(self) -> ScopePart:
        """What statements on the scope are made of; they take `values`."""
        return WHOLE if self.member is None else MEMBERS

    @property
    def values(self) -> dict[str, Any]:
        """The parameters that a statement on the scope takes."""
        return {} if self.member is None else {"scope_member": self.member}

    def emails(self, connection: Connection) -> list[str]:
        """Return a member's e-mails, with those merged into theirs; none for the whole ledger, which is nobody's."""
        if self.member is None:
            return []
        return [email for (email,) in connection.execute(_EMAILS, self.values).all()]


EVERYTHING = Scope(None)
