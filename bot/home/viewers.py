"""The viewers of App Home: what each may see, and whose access has changed since their page was published."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.access import Caller
from bot.people.people import DeniedError, People, UnverifiedError
from bot.people.roles import DenialReason

CHECK_INTERVAL = timedelta(minutes=1)  # of one viewer; the directory answers from its cache for five minutes
CHECKS_AT_ONCE = 8  # viewers, since each may cost a request to Slack

Access = Caller | DenialReason
"""Who a viewer is to the bot, or why they may see nothing."""


@dataclass(slots=True)
class Viewers:
    """The access of viewers, now and when this process last published their page."""

    people: People
    _published_for: dict[str, Access] = field(default_factory=dict)
    _checked_at: dict[str, datetime] = field(default_factory=dict)

    async def access(self, user: str) -> Access:
        """Return the access of a viewer. Raises UnverifiedError if Slack does not answer."""
        try:
            return await self.people.caller(user)
        except DeniedError as denial:
            return denial.reason

    def record_published(self, user: str, access: Access) -> None:
        """Record the access that a viewer's page was rendered for."""
        self._published_for[user] = access

    def forget(self) -> None:
        """Forget which access pages were rendered for."""
        self._published_for.clear()

    def published_for(self, user: str) -> Access | None:
        """Return the access that a viewer's page was last rendered for; None if this process has not rendered it."""
        return self._published_for.get(user)

    async def with_changed_access(self, users: Iterable[str], now: datetime) -> set[str]:
        """Return whose access has changed, checking a few: those whose last check is longest ago."""
        due = sorted((user for user in users if self._is_due(user, now)), key=self._last_check)[:CHECKS_AT_ONCE]
        changed = set()
        for user in due:
            self._checked_at[user] = now
            try:
                if await self.access(user) != self._published_for.get(user):
                    changed.add(user)
            except UnverifiedError:
                break  # the others are checked when Slack answers again
        return changed

    def _is_due(self, user: str, now: datetime) -> bool:
        checked_at = self._checked_at.get(user)
        return checked_at is None or not checked_at <= now < checked_at + CHECK_INTERVAL

    def _last_check(self, user: str) -> tuple[float, str]:
        checked_at = self._checked_at.get(user)
        return 0.0 if checked_at is None else checked_at.timestamp(), user
