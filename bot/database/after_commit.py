"""What follows from a transaction once it is committed, and not before: a line of the log about what was written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

_ACTS = "after_commit"


def after_commit(connection: Connection, act: Callable[[], object]) -> None:
    """Have `act` called once the transaction under way is committed, never if it is undone; it must raise nothing.

    For the work that `Database.write` is given may be undone, and run again.
    """
    connection.info.setdefault(_ACTS, []).append(act)


@contextmanager
def committed(connection: Connection) -> Iterator[None]:
    """Commit what is done inside, and then call what was given to `after_commit`."""
    acts: list[Callable[[], object]] = []
    connection.info[_ACTS] = acts
    yield
    is_undone = not connection.in_transaction()
    connection.commit()
    for act in () if is_undone else acts:
        act()
