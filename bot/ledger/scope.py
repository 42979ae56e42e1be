"""The scope: the part of the ledger that a caller may learn of, and the one place that says so to SQL.

Whatever answers a caller takes a Scope, and looks names, ids, models, statuses, counts and sums up inside it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.access import Caller, Role
from bot.ledger.members import member_id

if TYPE_CHECKING:
    from bot.database.reader import Reader

MOVED = "moved"  # the model and the status of a task that has become somebody else's
_NO_ONE = 0  # the key of no member


@dataclass(frozen=True, slots=True)
class Scope:
    """One member's part of the ledger, by their key, or (None) the whole of it.

    A member's part is the charges that were booked to them and the tasks that are theirs now. Of a task that was
    charged to them and has become somebody else's there is its id and what was charged, and nothing more.
    """

    member: int | None

    @classmethod
    def of(cls, reader: "Reader", caller: Caller) -> "Scope":
        """Everything for an operator, for everybody else their own part."""
        if caller.role is Role.OPERATOR:
            return EVERYTHING
        return cls(member_id(reader, caller.member) or _NO_ONE)

    def emails(self, reader: "Reader") -> list[str]:
        """A member's e-mails, with those that were joined to theirs; none for the whole ledger, which is nobody's."""
        return [] if self.member is None else [row[0] for row in reader.rows(f"SELECT email FROM {self.members}")]  # noqa: S608 - our own words

    @property
    def tasks(self) -> str:
        """The tasks, to be read in place of the table `task`."""
        if self.member is None:
            return "task"
        # a plain subquery, which SQLite dissolves into the query around it: it costs nothing and hides no index
        owned = (self._own("model"), self._own("status"), self._own("is_byok", "NULL"), self._own("by_unit", "0"))
        columns = ("id", "task_id", "member", "created_at", "platform_nanos", "provider_nanos", *owned)
        return f"(SELECT {', '.join(columns)} FROM task)"  # noqa: S608 - our own words

    def _own(self, column: str, otherwise: str = f"'{MOVED}'") -> str:
        return f"iif(member = {self.member}, {column}, {otherwise}) AS {column}"

    @property
    def charges(self) -> str:
        """The charges, to be read in place of the table `charge`."""
        return "charge" if self.member is None else f"(SELECT * FROM charge WHERE member = {self.member})"  # noqa: S608 - a number of ours

    def charges_of(self, task: str) -> str:
        """The charges of one task, by its key in SQL, to be read in place of the table `charge`."""
        # the sign keeps SQLite from going through all that the member was ever charged
        whose = "" if self.member is None else f" AND +member = {self.member}"
        return f"(SELECT * FROM charge WHERE task = {task}{whose})"  # noqa: S608 - our own words

    @property
    def members(self) -> str:
        """The members, with the e-mails that were joined to theirs, to be read in place of the table `member`."""
        if self.member is None:
            return "member"
        return f"(SELECT * FROM member WHERE coalesce(merged_into, id) = {self.member})"  # noqa: S608 - a number of ours

    def owns(self, task: str) -> str:
        """The condition that a task, by its alias, is in the scope with all that is known of it."""
        return "1" if self.member is None else f"{task}.member = {self.member}"

    def holder(self, task: str) -> str:
        """The key of the member whose a task, by its alias, is here."""
        return f"{task}.member" if self.member is None else str(self.member)


EVERYTHING = Scope(None)
