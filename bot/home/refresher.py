"""The refresher of App Home: republishes the pages of recent viewers whose content has changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import structlog

from bot.database.engine import DATABASE_ERRORS, Database
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.periods import local_day
from bot.home import store
from bot.home.changes import ChangedMembers, ChangeMark, change_mark, changed_members
from bot.home.publisher import HomePublisher
from bot.home.viewers import Access, Viewers
from bot.people.people import UnverifiedError
from bot.slack.errors import SlackError

log = structlog.get_logger(__name__)

_PAUSE = timedelta(seconds=30)  # between attempts, if Slack does not answer who a viewer is
_MOST_FAILURES = 3  # in one tick; then the other viewers wait for the next tick


@dataclass(slots=True)
class HomeRefresher:
    """Republishes pages. `zone` says when a local day ends; `clock` gives aware times."""

    database: Database
    viewers: Viewers
    publisher: HomePublisher
    zone: tzinfo
    clock: Callable[[], datetime]
    _mark: ChangeMark | None = None

    def begin(self) -> None:
        """Forget what was published from here: another process may have published since."""
        self._mark = None
        self.viewers.forget()

    async def find_outdated(self) -> None:
        """Find the viewers whose content may have changed, whose pages are to be published."""
        self.publisher.pending |= await self._outdated(self.clock())

    async def publish_pending(self) -> None:
        """Publish the pages that are to be published; one that fails delays nobody else."""
        now, failures = self.clock(), 0
        for user in sorted(self.publisher.pending):
            if failures == _MOST_FAILURES or self.publisher.is_paused(now):
                return
            failures += not await self._publish(user)

    async def _publish(self, user: str) -> bool:
        """Publish a viewer's page; return whether nothing went wrong. Raises the database's errors."""
        try:
            await self.publisher.publish(user)
        except (SlackError, RefusedError) as error:
            log.info("could not publish App Home", user=user, why=str(error))
            if isinstance(error, UnverifiedError):  # Slack would not answer about the others either
                self.publisher.pause(_PAUSE, self.clock())
        except DATABASE_ERRORS:
            raise  # it is not about this viewer
        except Exception:
            log.exception("could not publish App Home", user=user)
        else:
            return True
        return False

    async def _outdated(self, now: datetime) -> set[str]:
        """Return the viewers whose content may have changed since the last tick, or whose access has."""
        today = local_day(now, self.zone)
        mark = await self.database.read(lambda connection: change_mark(connection, today))
        recent = await self.database.read(lambda connection: store.recent_viewers(connection, now))
        outdated = await self.viewers.with_changed_access(recent, now)
        if mark != self._mark:
            outdated |= await self._affected(recent, mark, now)
            self._mark = mark
        return outdated

    async def _affected(self, recent: Sequence[str], mark: ChangeMark, now: datetime) -> set[str]:
        """Return the viewers that a change since the last mark affects: those with new spend, operators, or all."""
        before = self._mark
        if before is None or before.others != mark.others:
            return set(recent)
        access = {user: self.viewers.published_for(user) for user in recent}
        emails = {each.member for each in access.values() if isinstance(each, Caller) and each.member is not None}
        changed = await self.database.read(lambda connection: changed_members(connection, before, emails, now))
        return {user for user, each in access.items() if _is_affected(each, changed)}


def _is_affected(access: Access | None, changed: ChangedMembers) -> bool:
    """Return whether a viewer's content may have changed; also if this process has not rendered their page yet."""
    if not isinstance(access, Caller):
        return access is None
    return access.member in changed.emails or (changed.anybody and access.role is Role.OPERATOR)
