"""The spend of a digest: what its days cost, compared with other days, by member and by model."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.digest.policy import DigestPolicy
from bot.digest.rules import DigestDays
from bot.domain.periods import Unit, Window, period
from bot.ledger.daily_spend import team_daily_spend
from bot.ledger.freshness import Freshness, beginning, freshness, is_complete
from bot.ledger.passes.history import has_complete_pass
from bot.ledger.scope import EVERYTHING
from bot.ledger.selection import Selection, conditions_of
from bot.ledger.spend import Counting, Sums
from bot.ledger.spend_groups import SpendGroup, grouped_spend, groups

WEEKS = 4  # before the digest, whose median is the usual spend
CHART = 14  # days
_TOP = 5


@dataclass(frozen=True, slots=True)
class SpendPart:
    """The spend of some days from `first` on, or of a week or month, in nanos, with the members and models of the most.

    `before_nanos` is the spend of as long a time before, None if the ledger does not hold that.
    """

    first: date
    window: Window
    total: Sums
    spend_nanos: int
    before_nanos: int | None
    members: tuple[SpendGroup, ...]
    models: tuple[SpendGroup, ...]
    member_count: int
    model_count: int


@dataclass(frozen=True, slots=True)
class HeldTime:
    """The time that the ledger holds."""

    fresh: Freshness
    begins: datetime | None

    def includes(self, window: Window) -> bool:
        """Return whether a window begins no earlier than the ledger, and is complete in it."""
        return self.begins is not None and window.start >= self.begins and is_complete(self.fresh, window, self.begins)


def holds_all(connection: Connection, window: Window, now: datetime) -> bool:
    """Return whether a complete pass began after the window's end, and complete passes cover all of the window."""
    if not has_complete_pass(connection, window.end, now):
        return False
    fresh = freshness(connection, now)
    return is_complete(fresh, window, beginning(connection, fresh, EVERYTHING))


@dataclass(frozen=True, slots=True)
class SpendFacts:
    """Reads spend; `held` is the time that the ledger holds."""

    connection: Connection
    policy: DigestPolicy
    held: HeldTime

    def days(self, days: DigestDays) -> SpendPart:
        """Return the days, compared with as many before."""
        zone = self.policy.zone
        return self._part(days.first, days.window(zone), days.before().window(zone))

    def ended_period(self, days: DigestDays, unit: Unit) -> SpendPart | None:
        """Return the week or month that ended with one of the days; None if none did, or nothing is known of it."""
        first = days.ended_period(unit)
        if first is None:
            return None
        zone = self.policy.zone
        part = self._part(first, period(unit, first, zone), period(unit, unit.shift(first, -1), zone))
        return part if part.total.tasks or self.held.includes(part.window) else None

    def usual(self, days: DigestDays) -> Iterator[int]:
        """Yield the nanos that the same weekdays cost in each of the WEEKS before, as far as the ledger holds them."""
        for weeks in range(1, WEEKS + 1):
            window = days.earlier(weeks).window(self.policy.zone)
            if self.held.includes(window):
                yield self._spend([window])[0]

    def chart(self, days: DigestDays) -> Iterator[tuple[date, int]]:
        """Return the dates of the last two weeks, and what each cost in nanos."""
        dates = [days.day - timedelta(days=back) for back in range(CHART, 0, -1)]
        windows = [period(Unit.DAY, each, self.policy.zone) for each in dates]
        return zip(dates, self._spend(windows), strict=True)

    def _part(self, first: date, window: Window, before: Window) -> SpendPart:
        where = conditions_of(self.connection, Selection(EVERYTHING, window))
        zone, counting = self.policy.zone, Counting(self.policy.failing)
        by_model = grouped_spend(self.connection, where, ("model",), zone, counting)
        total, models = by_model.total, self._sorted(by_model.groups)
        members = self._sorted(groups(self.connection, where, ("member",), zone))
        return SpendPart(
            first=first,
            window=window,
            total=total,
            spend_nanos=total.spend(self.policy.basis),
            before_nanos=self._spend([before])[0] if self.held.includes(before) else None,
            members=tuple(members[:_TOP]),
            models=tuple(models[:_TOP]),
            member_count=len(members),
            model_count=len(models),
        )

    def _sorted(self, unsorted: Iterable[SpendGroup]) -> list[SpendGroup]:
        """Return groups, those of the highest spend first."""
        return sorted(unsorted, key=lambda group: (-group.spend(self.policy.basis), group.key))

    def _spend(self, windows: Sequence[Window]) -> list[int]:
        return team_daily_spend(self.connection, windows, self.policy.basis)
