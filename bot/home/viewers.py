"""Rights in App Home: who its viewers were when theirs was drawn, and who of them is somebody else by now."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.access import Caller
from bot.people.people import DeniedError, People, UnverifiedError
from bot.people.roles import Denied

BETWEEN = timedelta(minutes=1)  # two looks at one viewer; the directory asks Slack only when five have passed
AT_ONCE = 8  # viewers a look: each may cost a request to Slack

Standing = Caller | Denied


@dataclass(slots=True)
class Viewers:
    """What viewers may see, now and when theirs was last drawn by this process."""

    people: People
    _drawn: dict[str, Standing] = field(default_factory=dict)
    _asked: dict[str, datetime] = field(default_factory=dict)

    async def now(self, user: str) -> Standing:
        """Who somebody is, or why they may see nothing; raises UnverifiedError if Slack does not say."""
        try:
            return await self.people.caller(user)
        except DeniedError as denial:
            return denial.reason

    def draw(self, user: str, standing: Standing) -> None:
        """Remember for whom it is drawn."""
        self._drawn[user] = standing

    def drawn(self, user: str) -> Standing | None:
        """For whom it was drawn; None if it was not."""
        return self._drawn.get(user)

    async def changed(self, looking: Iterable[str], now: datetime) -> set[str]:
        """Who is somebody else than theirs was drawn for: of a few at a time, who was asked about longest ago first."""
        due = sorted((user for user in looking if self._is_due(user, now)), key=self._turn)[:AT_ONCE]
        found = set()
        for user in due:
            self._asked[user] = now
            try:
                if await self.now(user) != self._drawn.get(user):
                    found.add(user)
            except UnverifiedError:
                break  # the others' turn comes when Slack answers again
        return found

    def _is_due(self, user: str, now: datetime) -> bool:
        asked = self._asked.get(user)
        return asked is None or not asked <= now < asked + BETWEEN

    def _turn(self, user: str) -> tuple[float, str]:
        asked = self._asked.get(user)
        return 0.0 if asked is None else asked.timestamp(), user
