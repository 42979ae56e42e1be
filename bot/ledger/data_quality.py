"""Data quality: what an answer must say of how complete the ledger is, read in one statement."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, literal_column

from bot.domain.periods import Window
from bot.domain.timestamps import optional_from_us, to_us
from bot.ledger.api_key_warning import WARNING, shown_warning
from bot.ledger.freshness import Freshness, first_charge, freshness_of, is_complete, with_freshness
from bot.ledger.quarantine import COUNT
from bot.ledger.retention import DELETED_BEFORE, shown_deletion
from bot.ledger.scope import Scope, ScopePart


@dataclass(frozen=True, slots=True)
class DataQuality:
    """How complete what the ledger holds of a scope is.

    `begins`: where the scope begins; `first_charge`: when its first charge was booked; `warning`: that the upstream's
    key has lost sight of something; `quarantined`: how many rows could not be booked, 0 for a member, since whose they
    are is not known; `details_deleted_before`: when tasks were created whose details may be deleted, None if none are.
    """

    fresh: Freshness
    begins: datetime | None
    first_charge: datetime | None
    warning: str | None
    quarantined: int
    details_deleted_before: datetime | None

    def holds_all(self, window: Window) -> bool:
        """Return whether the ledger holds all of a window, as far as it has come."""
        return is_complete(self.fresh, window, self.begins)


@cache
def _facts(part: ScopePart) -> Select[*tuple[Any, ...]]:
    quarantined = COUNT.scalar_subquery() if part.whole else literal_column("0")
    first = first_charge(part).scalar_subquery()
    return with_freshness(
        first.label("first"),
        WARNING.label("warning"),
        quarantined.label("quarantined"),
        DELETED_BEFORE.label("details_deleted_before"),
    )


def data_quality(connection: Connection, scope: Scope, now: datetime) -> DataQuality:
    """Return how complete what the ledger holds of a scope is."""
    rows = connection.execute(_facts(scope.part), {"now": to_us(now), **scope.values}).all()
    *_, first, warning, quarantined, deleted = rows[0]
    fresh = freshness_of(rows)
    return DataQuality(
        fresh,
        fresh.begins(first),
        optional_from_us(first),
        shown_warning(warning, scope),
        quarantined,
        shown_deletion(deleted),
    )
