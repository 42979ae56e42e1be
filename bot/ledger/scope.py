"""The scope: the part of the ledger that a caller may see, as SQL.

Every query that answers a caller takes a Scope, and looks up names, ids, models, statuses, counts and sums inside it.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from bot.database.sql import compose
from bot.domain.access import Caller, Role
from bot.ledger.members import member_id

TRANSFERRED = "moved"  # the model and the status, for a former member, of a task that is now another member's
_NO_ONE = 0  # the id of no member

# SQLite flattens a plain subquery into the query around it: it costs nothing and hides no index
_TASKS = """(SELECT id, task_id, member, created_at, platform_nanos, provider_nanos,
  iif(member = {member}, model, {transferred}) AS model, iif(member = {member}, status, {transferred}) AS status,
  iif(member = {member}, is_byok, NULL) AS is_byok, iif(member = {member}, by_unit, 0) AS by_unit FROM task)"""
_CHARGES = "(SELECT * FROM charge WHERE member = {member})"
_CHARGES_OF_TASK = "(SELECT * FROM charge WHERE task = {task})"
# unary + disables the index by member, or SQLite would read all that the member was ever charged
_MEMBERS_CHARGES_OF_TASK = "(SELECT * FROM charge WHERE task = {task} AND +member = {member})"
_MEMBERS = "(SELECT * FROM member WHERE coalesce(merged_into, id) = {member})"


@dataclass(frozen=True, slots=True)
class Scope:
    """One member's part of the ledger, by their id, or (None) the whole of it.

    A member's part is the charges booked to them and the tasks that are theirs now. A task that was charged to them and
    transferred to another member since is there with its task id and those charges, and nothing else.
    """

    member: int | None

    @classmethod
    def of(cls, reader: Connection, caller: Caller) -> "Scope":
        """Return the whole ledger for an operator, and their own part for everybody else."""
        if caller.role is Role.OPERATOR:
            return EVERYTHING
        return cls(member_id(reader, caller.member) or _NO_ONE)

    def emails(self, reader: Connection) -> list[str]:
        """Return a member's e-mails, with those merged into theirs; none for the whole ledger, which is nobody's."""
        if self.member is None:
            return []
        return [
            email
            for (email,) in reader.execute(text(compose("SELECT email FROM {members}", members=self.members))).all()
        ]

    @property
    def tasks(self) -> str:
        """SQL for the tasks, to use in place of the table `task`."""
        return (
            "task" if self.member is None else compose(_TASKS, member=str(self.member), transferred=f"'{TRANSFERRED}'")
        )

    @property
    def charges(self) -> str:
        """SQL for the charges, to use in place of the table `charge`."""
        return "charge" if self.member is None else compose(_CHARGES, member=str(self.member))

    def charges_of(self, task: str) -> str:
        """Return SQL for the charges of one task, to use in place of the table `charge`; `task` is SQL for its id."""
        if self.member is None:
            return compose(_CHARGES_OF_TASK, task=task)
        return compose(_MEMBERS_CHARGES_OF_TASK, task=task, member=str(self.member))

    @property
    def members(self) -> str:
        """SQL for the members and those merged into them, to use in place of the table `member`."""
        return "member" if self.member is None else compose(_MEMBERS, member=str(self.member))

    def owns(self, task: str) -> str:
        """Return the SQL condition that a task, by its alias, belongs to the scope now, not only charges of it."""
        return "1" if self.member is None else f"{task}.member = {self.member}"

    def holder(self, task: str) -> str:
        """Return SQL for the id of the member that a task, by its alias, belongs to in this scope."""
        return f"{task}.member" if self.member is None else str(self.member)


EVERYTHING = Scope(None)
