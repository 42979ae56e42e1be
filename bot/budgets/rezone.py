"""A changed time zone: what was told of a period is known of the one on the new calendar that holds its moment."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.budgets.keys import BudgetTopic
from bot.budgets.rules import LATE, TEAM, UNITS, BudgetPeriod, budget_period
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us, to_us
from bot.outbox.amendments import TopicRename, rename_topics
from bot.outbox.live_store import topics_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

_INSTANT = timedelta(microseconds=1)


def move(connection: "Connection", old: ZoneInfo, new: ZoneInfo, now: datetime) -> list[BudgetTopic]:
    """Name the periods of which it may still be told by the new calendar; a period is its moments, not its name.

    A step that was passed goes to the period that holds the charge that passed it; so no step of a period is told
    twice, and none is taken for told because another day of that name was. Where both have the same step, the one that
    came from elsewhere keeps the old zone behind its name.

    Returns:
        The topics of the live messages that are about another period now.
    """
    spans = [span for unit in UNITS for span in _recent(budget_period(unit, now, old), old, now)]
    crossings = [each for span in spans for each in _crossings(connection, span, new)]
    _rename(connection, "crossing", "id", "period", {key: (was, to) for key, _, _, was, to in crossings}, old)
    for span in spans:
        _move_acknowledgements(connection, span, old, new)
    topics = rename_topics(connection, _topic_renames(crossings, old))
    _back(connection, new)
    return topics


def _recent(present: BudgetPeriod, zone: tzinfo, now: datetime) -> Iterator[BudgetPeriod]:
    """The present period, and those before it that are still told of."""
    span = present
    while now < span.window.end + LATE:
        yield span
        span = budget_period(span.unit, span.window.start - _INSTANT, zone)


def _target(period: BudgetPeriod, at: datetime, zone: tzinfo) -> str:
    """The label, by a zone's calendar, of what happened in a period at a moment, or else at its nearest end."""
    inside = min(max(at, period.window.start), period.window.end - _INSTANT)
    return budget_period(period.unit, inside, zone).label


# the money that passed a step counts where it is booked, whenever that was seen
_PASSED = f"""
SELECT x.id, x.subject, coalesce((SELECT c.booked_at FROM charge c WHERE c.booked_at >= ? AND c.booked_at < ?
  AND c.id <= x.last_charge AND (c.member = x.subject OR x.subject = {TEAM}) ORDER BY c.id DESC LIMIT 1), x.crossed_at)
FROM crossing x WHERE x.unit = ? AND x.period = ? ORDER BY x.id
"""  # noqa: S608 - our own


def _crossings(
    connection: "Connection", period: BudgetPeriod, zone: tzinfo
) -> Iterator[tuple[int, int, Unit, str, str]]:
    """The steps passed in a period: key, subject, unit, the label that it has, and the one that it is to have."""
    rows = connection.exec_driver_sql(
        _PASSED, (to_us(period.window.start), to_us(period.window.end), period.unit, period.label)
    )
    for key, subject, at in rows.all():
        yield key, subject, period.unit, period.label, _target(period, from_us(at), zone)


def _topic_renames(
    crossings: Iterable[tuple[int, int, Unit, str, str]], old: ZoneInfo
) -> list[TopicRename[BudgetTopic]]:
    """Return how topics are renamed: to the period of the last step that was passed in theirs."""
    last = {BudgetTopic(subject, unit, was): BudgetTopic(subject, unit, to) for _, subject, unit, was, to in crossings}
    return [TopicRename(was, to, was.of_zone(old.key)) for was, to in last.items()]


def _rename(  # noqa: PLR0917 - what is renamed
    connection: "Connection", table: str, key: str, column: str, names: Mapping[int, tuple[str, str]], old: ZoneInfo
) -> None:
    """Rename rows; first out of each other's way, then unless another is called so."""
    moved = [(row, was, to) for row, (was, to) in names.items() if was != to]
    aside = f"UPDATE {table} SET {column} = ? WHERE {key} = ?"  # noqa: S608 - our own names
    final = f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {key} = ?"  # noqa: S608 - our own names
    if moved:
        connection.exec_driver_sql(aside, [(f"{was}@{old.key}", row) for row, was, _ in moved])
        connection.exec_driver_sql(final, [(to, row) for row, _, to in moved])


def _move_acknowledgements(connection: "Connection", period: BudgetPeriod, old: ZoneInfo, new: ZoneInfo) -> None:
    rows = connection.exec_driver_sql(
        "SELECT rowid, at FROM acknowledgement WHERE unit = ? AND period = ?", (period.unit, period.label)
    ).all()
    names = {key: (period.label, _target(period, from_us(at), new)) for key, at in rows}
    _rename(connection, "acknowledgement", "rowid", "period", names, old)


def _back(connection: "Connection", zone: ZoneInfo) -> None:
    """What was set aside when this zone was left is called as before, where nothing else is."""
    for table in ("crossing", "acknowledgement"):
        connection.exec_driver_sql(
            f"UPDATE OR IGNORE {table} SET period = replace(period, ?, '') WHERE period LIKE '%' || ?",  # noqa: S608 - our own names
            (f"@{zone.key}", f"@{zone.key}"),
        )
    aside = [topic for topic in topics_of(connection, BudgetTopic) if topic.zone == zone.key]
    rename_topics(connection, [TopicRename(topic, topic.of_zone(""), topic) for topic in aside])
