"""The scope: the part of the ledger that a caller may learn of, and the only place that expresses it in SQL.

Whatever answers a caller takes a Scope, and looks names, ids, models, statuses, counts and sums up inside it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database.sql import compose
from bot.domain.access import Caller, Role
from bot.ledger.members import member_id

if TYPE_CHECKING:
    from bot.database.reader import Reader

MOVED = "moved"  # the model and the status of a task that has become somebody else's
_NO_ONE = 0  # the key of no member

# a plain subquery, which SQLite dissolves into the query around it: it costs nothing and hides no index
_TASKS = """(SELECT id, task_id, member, created_at, platform_nanos, provider_nanos,
  iif(member = {member}, model, {moved}) AS model, iif(member = {member}, status, {moved}) AS status,
  iif(member = {member}, is_byok, NULL) AS is_byok, iif(member = {member}, by_unit, 0) AS by_unit FROM task)"""
_CHARGES = "(SELECT * FROM charge WHERE member = {member})"
_CHARGES_OF_TASK = "(SELECT * FROM charge WHERE task = {task})"
# the sign keeps SQLite from going through all that the member was ever charged
_MEMBERS_CHARGES_OF_TASK = "(SELECT * FROM charge WHERE task = {task} AND +member = {member})"
_MEMBERS = "(SELECT * FROM member WHERE coalesce(merged_into, id) = {member})"


@dataclass(frozen=True, slots=True)
class Scope:
    """One member's part of the ledger, by their key, or (None) the whole of it.

    A member's part is the charges that were booked to them and the tasks that are theirs now. Of a task that was
    charged to them and has become somebody else's there is its id and what was charged, and nothing more.
    """

    member: int | None

    @classmethod
    def of(cls, reader: "Reader", caller: Caller) -> "Scope":
        """Return everything for an operator, for everybody else their own part."""
        if caller.role is Role.OPERATOR:
            return EVERYTHING
        return cls(member_id(reader, caller.member) or _NO_ONE)

    def emails(self, reader: "Reader") -> list[str]:
        """Return a member's e-mails, with those merged into theirs; none for the whole ledger, which is nobody's."""
        if self.member is None:
            return []
        return [email for (email,) in reader.rows(compose("SELECT email FROM {members}", members=self.members))]

    @property
    def tasks(self) -> str:
        """The tasks, to be read in place of the table `task`."""
        return "task" if self.member is None else compose(_TASKS, member=str(self.member), moved=f"'{MOVED}'")

    @property
    def charges(self) -> str:
        """The charges, to be read in place of the table `charge`."""
        return "charge" if self.member is None else compose(_CHARGES, member=str(self.member))

    def charges_of(self, task: str) -> str:
        """Return the charges of one task, by its key in SQL, to be read in place of the table `charge`."""
        if self.member is None:
            return compose(_CHARGES_OF_TASK, task=task)
        return compose(_MEMBERS_CHARGES_OF_TASK, task=task, member=str(self.member))

    @property
    def members(self) -> str:
        """The members, with the e-mails merged into theirs, to be read in place of the table `member`."""
        return "member" if self.member is None else compose(_MEMBERS, member=str(self.member))

    def owns(self, task: str) -> str:
        """Return the condition that a task, by its alias, is in the scope with all that is known of it."""
        return "1" if self.member is None else f"{task}.member = {self.member}"

    def holder(self, task: str) -> str:
        """Return, in SQL, the key of the member that a task, by its alias, belongs to in this scope."""
        return f"{task}.member" if self.member is None else str(self.member)


EVERYTHING = Scope(None)
