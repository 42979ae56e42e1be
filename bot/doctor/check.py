"""A check: one line of the doctor's report; a check that raises becomes a failed one."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Self


class CheckState(StrEnum):
    """The result of a check."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, what was found, and the remedy if it is not well."""

    state: CheckState
    what: str
    found: str
    remedy: str = ""


def ok(what: str, found: str) -> Check:
    """Return a check that found nothing wrong."""
    return Check(CheckState.OK, what, found)


def warning(what: str, found: str, remedy: str = "") -> Check:
    """Return a check that found something to improve, with which the bot works."""
    return Check(CheckState.WARN, what, found, remedy)


def failure(what: str, found: str, remedy: str = "") -> Check:
    """Return a check that found what keeps the bot from its work."""
    return Check(CheckState.FAIL, what, found, remedy)


def guarded_checks(what: str, look: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Yield some checks; if one of them raises, yield a failed check for that, so that the doctor goes on."""
    with _Breakdown(what) as breakdown:
        yield from look()
    yield from breakdown.checks


async def guarded_checks_async(what: str, checks: AsyncIterator[Check]) -> AsyncIterator[Check]:
    """As `guarded_checks`, for checks over the network."""
    with _Breakdown(what) as breakdown:
        async for check in checks:
            yield check
    for check in breakdown.checks:
        yield check


@dataclass(slots=True)
class _Breakdown:
    """Suppresses an exception that leaves its block, and keeps a failed check in its place."""

    what: str
    checks: list[Check] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        # only the kind of an exception that nobody foresaw: its words may hold a secret
        text = f"could not be looked at ({type(error).__name__})"
        self.checks.append(failure(self.what, text, "Report this as a fault of neo-usage."))
        return True
