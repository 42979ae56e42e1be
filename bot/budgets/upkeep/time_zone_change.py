"""A changed time zone: crossings and acknowledgements of a period move to the period of the new calendar."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.budgets.keys import BudgetTopic
from bot.budgets.limits.store import narrowed_units
from bot.budgets.periods import UNITS, BudgetPeriod, PeriodLabel, budget_period, notified_periods
from bot.budgets.upkeep.time_zone_store import (
    LabelChange,
    acknowledgement_moments,
    crossing_moments,
    relabel_acknowledgements,
    relabel_acknowledgements_back,
    relabel_crossings,
    relabel_crossings_back,
)
from bot.domain.narrowing import ALL_TASKS
from bot.domain.periods import Unit
from bot.outbox.amendments import TopicRename, rename_topics
from bot.outbox.live_store import topics_of


@dataclass(frozen=True, slots=True)
class _MovedCrossing:
    """A crossing by its id, and how the label of its period changes."""

    id: int
    subject: int
    unit: Unit
    change: LabelChange


def move_periods(connection: Connection, old: ZoneInfo, new: ZoneInfo, now: datetime) -> list[BudgetTopic]:
    """Move what is recorded about recent periods to periods of the new calendar.

    A crossing moves to the period that holds the charge that passed the step, so that no step is notified twice, and
    none counts as notified because another day of the same name was. If that period has the same step already, the
    moved crossing keeps the old time zone in its label.

    Returns:
        The topics of the live messages that are about another period now.
    """
    kinds = [*((unit, ALL_TASKS) for unit in UNITS), *narrowed_units(connection)]
    periods = [period for unit, narrowing in kinds for period in notified_periods(unit, now, old, narrowing)]
    crossings = [each for period in periods for each in _moved_crossings(connection, period, old, new)]
    relabel_crossings(connection, {each.id: each.change for each in crossings if each.change.old != each.change.new})
    for period in periods:
        _move_acknowledgements(connection, period, old, new)
    topics = rename_topics(connection, _topic_renames(crossings, old))
    _restore_labels(connection, new)
    return topics


def _moved_crossings(
    connection: Connection, period: BudgetPeriod, old: ZoneInfo, new: ZoneInfo
) -> list[_MovedCrossing]:
    return [
        _MovedCrossing(id_, subject, period.unit, _label_change(period, at, old, new))
        for id_, subject, at in crossing_moments(connection, period)
    ]


def _label_change(period: BudgetPeriod, at: datetime, old: ZoneInfo, new: ZoneInfo) -> LabelChange:
    aside = replace(PeriodLabel.decode(period.label), zone=old.key).encode()
    return LabelChange(period.label, _new_label(period, at, new), aside)


def _new_label(period: BudgetPeriod, at: datetime, zone: tzinfo) -> str:
    """Return the label, on a zone's calendar, of the moment within a period that is nearest to `at`."""
    inside = min(max(at, period.window.start), period.window.end - timedelta.resolution)
    return budget_period(period.unit, inside, zone, period.narrowing).label


def _topic_renames(crossings: Iterable[_MovedCrossing], old: ZoneInfo) -> list[TopicRename[BudgetTopic]]:
    """Return how topics are renamed: to the period of the last step that was passed in theirs."""
    last = {
        BudgetTopic(each.subject, each.unit, each.change.old): BudgetTopic(each.subject, each.unit, each.change.new)
        for each in crossings
    }
    return [TopicRename(former, topic, former.of_zone(old.key)) for former, topic in last.items()]


def _move_acknowledgements(connection: Connection, period: BudgetPeriod, old: ZoneInfo, new: ZoneInfo) -> None:
    moments = acknowledgement_moments(connection, period)
    changes = {subject: _label_change(period, at, old, new) for subject, at in moments}
    moved = {subject: each for subject, each in changes.items() if each.old != each.new}
    relabel_acknowledgements(connection, period.unit, moved)


def _restore_labels(connection: Connection, zone: ZoneInfo) -> None:
    """Drop this time zone from the labels that got it when the calendar last left it, where the plain label is free."""
    relabel_crossings_back(connection, zone.key)
    relabel_acknowledgements_back(connection, zone.key)
    aside = [topic for topic in topics_of(connection, BudgetTopic) if topic.zone == zone.key]
    rename_topics(connection, [TopicRename(topic, topic.of_zone(""), topic) for topic in aside])
