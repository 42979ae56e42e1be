"""A check: one line of the doctor's report; a check that raises becomes a failed one."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import TracebackType
from typing import Self

from bot.slack.errors import RefusedBySlackError, SlackError, SlackUnavailableError

_CLOCK_TOLERANCE = timedelta(seconds=30)


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
    finding: str
    remedy: str = ""


def ok(what: str, finding: str) -> Check:
    """Return a check that found nothing wrong."""
    return Check(CheckState.OK, what, finding)


def warning(what: str, finding: str, remedy: str = "") -> Check:
    """Return a check that found something to improve, with which the bot works."""
    return Check(CheckState.WARN, what, finding, remedy)


def failure(what: str, finding: str, remedy: str = "") -> Check:
    """Return a check that found what keeps the bot from its work."""
    return Check(CheckState.FAIL, what, finding, remedy)


def clock_check(whose: str, theirs: datetime | None, now: datetime) -> Check:
    """Return whether this machine's clock agrees with that of Neo or Slack, as their answer was dated."""
    if theirs is None:
        return warning("clock", f"{whose}'s answer has no date to compare with")
    apart = abs(now - theirs)
    if apart > _CLOCK_TOLERANCE:
        remedy = "Set this machine's clock (NTP): periods, digests and signatures follow it."
        return failure("clock", f"{apart.total_seconds():,.0f} s off {whose}'s clock", remedy)
    return ok("clock", f"agrees with {whose}'s")


REINSTALL = "Add it in your Slack app (OAuth & Permissions), then install the app again."


def slack_failure(what: str, error: SlackError, refusal_remedy: str = "") -> Check:
    """Return the failed check of something that Slack could not be asked about, or refused: then with that remedy."""
    if isinstance(error, RefusedBySlackError):
        return failure(what, str(error), refusal_remedy)
    remedy = error.remedy if isinstance(error, SlackUnavailableError) else ""
    return failure(what, str(error), remedy or "Check this machine's connection to Slack (DNS, proxy, firewall).")


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
        if isinstance(error, PermissionError) and error.filename:
            text = f"the bot's user may not look at {error.filename}"
            remedy = "Let that user enter the directories on the way, or name another place."
            self.checks.append(failure(self.what, text, remedy))
            return True
        # only the type of an unforeseen exception, since its message may hold a secret
        text = f"could not be checked ({type(error).__name__})"
        self.checks.append(failure(self.what, text, "Please report this as a bug in neo-usage."))
        return True
