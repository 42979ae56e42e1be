"""The conditions, in SQL, that select notifications `n` and live messages `l` that need something; their parameters."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.timestamps import to_us
from bot.outbox.rules import LONGEST_WAIT

_TOLERANCE = timedelta(minutes=1)  # for the time between two readings of a clock

_CONDITIONS = {
    # nothing is postponed further than `far`, direct messages not beyond the end of quiet hours (`quiet`): a later
    # `next_at` was written by a clock that ran ahead, and is ignored
    "ready": "(n.next_at <= :now OR n.next_at > CASE WHEN n.channel LIKE 'D%' THEN :quiet ELSE :far END)",
    "overdue": "n.state = 'pending' AND n.owed_until <= :now",
    "unconfirmed": "n.state = 'unsure' AND n.unsure_at <= :waited",
    "unconfirmed_ahead": "n.state = 'unsure' AND n.unsure_at > :ahead",
    "abandoned": "n.state = 'sending' AND (n.expires_at <= :now OR n.claimed_at > :ahead)",
    # in the words of the partial index, or SQLite would not use it
    "undelivered": "(n.state = 'pending' OR n.state = 'sending' OR n.state = 'unsure')",
    # two selects: only then does SQLite use the index of each, whatever statistics it has
    "without_channel": """n.id IN (SELECT id FROM notification WHERE state = 'pending' AND channel IS NULL
      UNION ALL SELECT id FROM notification WHERE state = 'unsure' AND channel IS NULL)""",
    "unchecked": """n.id IN (SELECT id FROM notification WHERE check_at <= :now
      UNION ALL SELECT id FROM notification WHERE check_at > :far)""",
    "unclaimed": "(l.token IS NULL OR l.expires_at <= :now OR l.expires_at > :far)",
    "outdated": "l.wanted > l.shown AND l.ts IS NOT NULL",
}


def statement(sql: str, **parts: str) -> str:
    """Return a statement in which the `{names}` of conditions, and of other constant parts, are replaced by them."""
    return sql.format(**_CONDITIONS, **parts)


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment that the conditions are evaluated at.

    `unconfirmed_for` is how long what may have arrived waits before it is looked for; `quiet_until` the end of the
    quiet hours that the moment lies in, None outside of them.
    """

    now: datetime
    unconfirmed_for: timedelta = timedelta(0)
    quiet_until: datetime | None = None

    @property
    def values(self) -> dict[str, int]:
        """The parameters of the conditions, in microseconds."""
        far = self.now + LONGEST_WAIT + _TOLERANCE
        return {
            "now": to_us(self.now),
            "far": to_us(far),
            "quiet": to_us(far if self.quiet_until is None else max(far, self.quiet_until + _TOLERANCE)),
            "waited": to_us(self.now - self.unconfirmed_for),
            "ahead": to_us(self.now + _TOLERANCE),
        }
