"""The fence: work under a lease writes only while the lease is held."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Connection

Check = Callable[[Connection], None]
"""Raises an error if nothing may be written any more: LeaseLostError, or OutgrownError of another schema."""

_check: ContextVar[Check | None] = ContextVar("check", default=None)


@contextmanager
def fenced(check: Check) -> Iterator[None]:
    """Have each transaction that `Database.write` begins inside call `check` first; what that raises undoes it.

    This holds for tasks and threads that are started inside, too, for as long as they run.
    """
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def check_fence(connection: Connection) -> bool:
    """Call the check of the fence that this task was started in; return whether there is one."""
    check = _check.get()
    if check is None:
        return False
    check(connection)
    return True
