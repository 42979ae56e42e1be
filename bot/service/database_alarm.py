"""The database alarm: tells operators directly, once a day at most, that the database cannot be used."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bot.capability import Context
from bot.database import metadata
from bot.database.engine import DATABASE_ERRORS
from bot.database.errors import UnusableError
from bot.service.scheduler import BackgroundJob
from bot.slack.blocks import paragraph
from bot.slack.errors import SlackError

log = structlog.get_logger(__name__)

SILENCE = timedelta(minutes=5)  # a lock that another process holds for less, or a server's restart, is not reported
STANDBY_SILENCE = SILENCE + timedelta(minutes=2)
BETWEEN = timedelta(days=1)  # two messages about it
LOG_BETWEEN = timedelta(minutes=1)  # two lines of the log about the same, which every job finds anew each second
MAX_WAIT_SECONDS = 1.0  # that the jobs wait for Slack to take the message
_KEY = "database"  # in the metadata of the message; no notification of the outbox has it


@dataclass(frozen=True, slots=True)
class DatabaseProblem:
    """Why the database cannot be used, and since when."""

    why: str
    since: datetime


@dataclass(slots=True)
class DatabaseAlarm:
    """Reports that the database cannot be used, until it can. `is_connected` says whether Slack has answered yet.

    Of several services the one with the jobs tells operators. One that `stands_by` waits a while longer, and tells
    those in whose direct messages it does not find that: the database cannot say who has told whom.
    """

    context: Context
    is_connected: Callable[[], bool]
    stands_by: Callable[[], bool]
    problem: DatabaseProblem | None = None
    _sent_at: datetime | None = None
    _logged_at: datetime | None = None
    _message: Mapping[str, object] = field(default_factory=dict)
    _sending: BackgroundJob = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the job that sends the message."""
        self._sending = BackgroundJob("database alarm", self._send, MAX_WAIT_SECONDS)

    async def test(self) -> None:
        """Try whether the database can be written, before something has to be, and whether a problem is over."""
        try:
            await self.context.database.write(_write_something if self.problem is not None else _take_lock)
            if self.problem is not None:
                log.info("the database can be used again", after=str(self.context.clock() - self.problem.since))
            self.problem = None
        except DATABASE_ERRORS as error:
            await self.report(error)

    async def test_again(self) -> None:
        """Try whether a problem is over, if there is one."""
        if self.problem is not None:
            await self.test()

    async def report(self, error: Exception) -> None:
        """Log why the database cannot be used, and tell operators, unless it is probably over soon."""
        why, now = reason(error), self.context.clock()
        if self.problem is None or self.problem.why != why or not _is_within(LOG_BETWEEN, self._logged_at, now):
            self._logged_at = now
            log.warning("cannot use the database", why=why)
        self.problem = DatabaseProblem(why, min(self.problem.since, now) if self.problem is not None else now)
        if (
            not self.is_connected()
            or _is_within(BETWEEN, self._sent_at, now)
            or self._may_pass(error, now - self.problem.since)
        ):
            return
        self._sent_at, self._message = now, {"why": why, "unreachable": getattr(error, "unreachable", False)}
        await self._sending.run()

    async def end(self) -> None:
        """Break off a message that is being sent."""
        await self._sending.end()

    def _may_pass(self, error: Exception, lasted: timedelta) -> bool:
        """Return whether a problem that has lasted so long is probably over, or told of by another service, soon."""
        if self.stands_by():
            return lasted < STANDBY_SILENCE
        return isinstance(error, UnusableError) and (error.locked or error.unreachable) and lasted < SILENCE

    async def _send(self) -> None:
        message = paragraph(self.context.templates.render("incidents/database_not_writable", **self._message))
        workspace = self.context.workspace
        for user in self.context.people.operators():
            try:
                channel = await workspace.channels.open_dm(user)
                if not (self.stands_by() and await self._was_told(channel)):
                    await workspace.messages.post_notification(channel, message, _KEY)
            except SlackError as failure:
                log.warning("could not notify an operator", user=user, why=str(failure))

    async def _was_told(self, channel: str) -> bool:
        """Return whether another service has told whoever reads a channel; not if that cannot be read."""
        since = (self.context.clock() - BETWEEN).timestamp()
        with suppress(SlackError):
            return bool(await self.context.workspace.history.messages_with_key(channel, _KEY, since))
        return False


def _is_within(span: timedelta, moment: datetime | None, now: datetime) -> bool:
    # a moment in the future was dated by a clock that ran ahead, and holds nothing up
    return moment is not None and timedelta(0) <= now - moment <= span


def reason(error: Exception) -> str:
    """Return why the database cannot be used, without the statement."""
    return error.why if isinstance(error, UnusableError) else str(getattr(error, "orig", error))


def _take_lock(_: Connection) -> None:
    """Do nothing: beginning the transaction takes the lock for writing."""


def _write_something(connection: Connection) -> None:
    metadata.write(connection, metadata.WRITE_TEST, "yes")
