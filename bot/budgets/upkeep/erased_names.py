"""Budgets that count tasks of a model or status whose name names an erased person: they go on under its new name."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Table, bindparam, func, select, update

from bot.budgets import narrowed_totals
from bot.budgets.keys import BudgetTopic, LimitKey
from bot.budgets.limits.store import budgets_in_force, narrowed_units
from bot.budgets.periods import PeriodLabel, PeriodName
from bot.budgets.tables import acknowledgement, budget, crossing, forecast_alert
from bot.budgets.upkeep.erased_limits import enqueued_limit_keys, remove_limits
from bot.domain.narrowing import TaskNarrowing
from bot.domain.person import REMOVED_NAME
from bot.outbox.amendments import TopicRename, rename_keys, rename_topics
from bot.outbox.live_store import topics_of

_LABELLED = (crossing, acknowledgement, forecast_alert)
_FIRST = select(func.min(budget.c.id)).where(budget.c.narrowing == bindparam("former"))
_RENAME = update(budget).where(budget.c.narrowing == bindparam("former")).values(narrowing=bindparam("renamed"))


def rename_narrowings(connection: Connection, renamed: Callable[[str], str], now: datetime) -> None:
    """Give the models and statuses that budgets count the names that `renamed` returns.

    Where another budget counts tasks of the same names then, the renamed one is removed, as it would count other tasks
    than it was set for.
    """
    narrowings = {narrowing for _, narrowing in narrowed_units(connection)}
    for each in sorted(narrowings, key=str):
        new = _renamed(each, renamed)
        if new != each:
            if new in narrowings:
                new = _remove(connection, each, now)
            narrowings.add(new)
            _replace(connection, each, new)


def _renamed(narrowing: TaskNarrowing, renamed: Callable[[str], str]) -> TaskNarrowing:
    models, statuses = (tuple(sorted({*map(renamed, names)})) for names in (narrowing.models, narrowing.statuses))
    return replace(narrowing, models=models, statuses=statuses)


def _remove(connection: Connection, narrowing: TaskNarrowing, now: datetime) -> TaskNarrowing:
    """Remove the limits on these tasks; return what no task is, and no other budget counts."""
    remove_limits(connection, [each for each in budgets_in_force(connection) if each.narrowing == narrowing], now)
    first = connection.execute(_FIRST, {"former": str(narrowing)}).scalar_one()
    return TaskNarrowing(models=(f"{REMOVED_NAME} {first}",))


def _replace(connection: Connection, former: TaskNarrowing, new: TaskNarrowing) -> None:
    """Write another narrowing wherever one stands; no budget counts the new one yet."""
    connection.execute(_RENAME, {"former": str(former), "renamed": str(new)})
    narrowed_totals.forget_narrowing(connection, former)
    for table in _LABELLED:
        _relabel(connection, table, former, new)
    named = [each for each in topics_of(connection, BudgetTopic) if each.period.narrowing == former]
    topics = [(each, replace(each, label=each.period.narrowed(new).label)) for each in named]
    rename_topics(connection, [TopicRename(was, to, to) for was, to in topics])
    rename_keys(connection, dict(_limit_keys(connection, former, new)))


def _relabel(connection: Connection, table: Table, former: TaskNarrowing, new: TaskNarrowing) -> None:
    for label in connection.execute(select(table.c.period).distinct()).scalars().all():
        decoded = PeriodLabel.decode(label)
        if decoded.narrowing == former:
            renamed = replace(decoded, narrowing=new).encode()
            connection.execute(update(table).where(table.c.period == label).values(period=renamed))


def _limit_keys(
    connection: Connection, former: TaskNarrowing, new: TaskNarrowing
) -> Iterator[tuple[LimitKey, LimitKey]]:
    """Yield the keys of notifications of new limits on these tasks, and what they are called under the new name."""
    for key in enqueued_limit_keys(connection):
        if isinstance(key.about, PeriodName) and key.about.narrowing == former:
            yield key, replace(key, about=key.about.narrowed(new))
