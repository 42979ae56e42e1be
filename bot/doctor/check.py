"""A check: one line of what the doctor says."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What a check found."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, what was found, and the mend if it is not well."""

    state: State
    what: str
    found: str
    mend: str = ""


def guarded(what: str, look: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Some checks; if one of them breaks down, that is a failed check too, and the doctor goes on."""
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks are still of use
        yield _broken(what, error)


async def guarded_async(what: str, checks: AsyncIterator[Check]) -> AsyncIterator[Check]:
    """As `guarded`, for checks that ask somebody."""
    try:
        async for check in checks:
            yield check
    except Exception as error:  # noqa: BLE001 - as above
        yield _broken(what, error)


def _broken(what: str, error: Exception) -> Check:
    # of an exception that nobody foresaw only its kind: its words may hold a secret
    return Check(
        State.FAIL, what, f"could not be looked at ({type(error).__name__})", "Report this as a fault of neo-usage."
    )
