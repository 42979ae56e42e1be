"""Row errors: whether rows caused a booking to fail, and which of them did."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, StatementError

from bot.database.engine import DATABASE_ERRORS
from bot.database.errors import LedgerError, engine_message
from bot.domain.tasks import Refused, Task
from bot.domain.text import one_line
from bot.ledger.booking_result import BookingResult
from bot.neo.errors import NeoError

_LONGEST = 200  # characters of an error's own text
_MANY = 10  # failed rows, above which, if no row could be booked, the rows are not at fault

# a full disk, a locked or damaged file, no free connection: a row cannot cause these
_NOT_OF_A_ROW = (NeoError, *DATABASE_ERRORS, OSError, MemoryError)


def is_row_error(error: Exception) -> bool:
    """Return whether the error may be due to a row, so that booking fewer or other rows may work."""
    if isinstance(error, DBAPIError):
        # of the last, the driver's own class alone: those that it is divided into name what is wrong with the schema
        return not error.connection_invalidated and (
            isinstance(error, (IntegrityError, DataError, InterfaceError))
            or type(error.orig).__name__ == "ProgrammingError"
        )
    if isinstance(error, StatementError):  # a value that no column takes
        return isinstance(error.orig, Exception) and is_row_error(error.orig)
    return not isinstance(error, _NOT_OF_A_ROW)


def error_text(error: Exception) -> str:
    """Return the error in one line, without the values bound to a statement."""
    if isinstance(error, (NeoError, LedgerError)):
        return str(error)
    if (cause := engine_message(error)) is not None:
        return f"the database failed: {one_line(cause, _LONGEST)}"
    text = one_line(str(error), _LONGEST)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@dataclass(slots=True)
class FailedRows:
    """The rows that could not be booked even alone, each with the reason."""

    refused: list[Refused] = field(default_factory=list)
    _last: Exception | None = None

    def add(self, task: Task, error: Exception) -> None:
        """Set a row aside for an error."""
        self._last = error
        self.refused.append(Refused(task.task_id, f"it couldn't be recorded ({error_text(error)})", task.created_at))

    def check(self, results: Sequence[BookingResult]) -> None:
        """Raise the last error if many rows failed and none could be booked: then it is not the fault of the rows."""
        if self._last is not None and len(self.refused) > _MANY and not any(each.changes for each in results):
            raise self._last
