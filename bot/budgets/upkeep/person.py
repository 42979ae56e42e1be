"""A person's budgets: exported, or erased with what was notified about them."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, delete, func, or_, select, update

from bot.budgets import narrowed_totals
from bot.budgets.audiences import OperatorAudience, encode_audience
from bot.budgets.crossings.store import crossing_ids
from bot.budgets.forecasts.store import alert_ids, delete_alerts
from bot.budgets.keys import (
    BudgetTopic,
    CrossingEventKey,
    CrossingKey,
    DecidedKey,
    ForecastEventKey,
    ForecastKey,
    ForecastTopic,
    LimitKey,
    RequestKey,
    RequestTopic,
)
from bot.budgets.limits.store import budgets_in_force
from bot.budgets.requests.store import RequestState
from bot.budgets.snoozes.deferral_store import delete_deferrals
from bot.budgets.tables import (
    acknowledgement,
    budget,
    budget_request,
    budget_revision,
    crossing,
    deferral,
    forecast_alert,
    snooze,
)
from bot.budgets.upkeep.erased_limits import enqueued_limit_keys, remove_limits
from bot.budgets.upkeep.erased_names import rename_narrowings
from bot.database.personal_rows import Document, documents, mentions, redact
from bot.domain.keys import NotificationKey, TopicKey
from bot.domain.person import REMOVED_NAME, Person
from bot.domain.timestamps import to_us
from bot.ledger.members import removed_id
from bot.outbox.erasure import erase_messages_about, exported_messages_about
from bot.outbox.live_store import topics_of

_ACTS: tuple[tuple[Table, tuple[str, ...], tuple[str, ...]], ...] = (
    (budget_revision, ("set_by",), ("reason",)),
    (snooze, ("set_by",), ("reason",)),
    (acknowledgement, ("by",), ()),
    (budget_request, ("asked_by", "decided_by"), ("reason", "decision_reason")),
)
"""The columns that say who did something, and those that say why."""


def erase_budgets(connection: Connection, person: Person, now: datetime) -> None:
    """Remove a person's limits and what they asked for, with the messages about them, and their name everywhere else.

    What they did to other budgets stays, done by nobody.
    """
    for member in person.members:
        keys, topics = _message_keys(connection, member), _message_topics(connection, member)
        erase_messages_about(connection, keys, topics, now)
        _erase_subject(connection, member, now)
    removed = removed_id(connection)  # whose their charges become
    narrowed_totals.forget(connection, [*person.members, *(() if removed is None else (removed,))])
    connection.execute(delete(snooze).where(_is_snoozed_for(person)))
    for table, actors, reasons in _ACTS:
        redact(connection, table, (*actors, *reasons), person.redacted)
    rename_narrowings(connection, person.redacted_name, now)


def _message_keys(connection: Connection, member: int) -> list[NotificationKey]:
    """Return the keys of notifications about a member."""
    crossings, requests = crossing_ids(connection, member), _request_ids(connection, member)
    forecasts = alert_ids(connection, member)
    return [
        *map(CrossingKey, crossings), *map(CrossingEventKey, crossings),
        *map(RequestKey, requests), *map(DecidedKey, requests),
        *map(ForecastKey, forecasts), *map(ForecastEventKey, forecasts),
        *_limit_keys(connection, member),
    ]  # fmt: skip


def _message_topics(connection: Connection, member: int) -> list[TopicKey]:
    """Return the topics of live messages about a member."""
    return [
        *(topic for topic in topics_of(connection, BudgetTopic) if topic.subject == member),
        *map(RequestTopic, _request_ids(connection, member)), *map(ForecastTopic, alert_ids(connection, member)),
    ]  # fmt: skip


def _limit_keys(connection: Connection, member: int) -> list[LimitKey]:
    """Return the keys of notifications of a member's new limits."""
    return [key for key in enqueued_limit_keys(connection) if key.about == member]


def _request_ids(connection: Connection, member: int) -> list[int]:
    return list(connection.execute(select(budget_request.c.id).where(budget_request.c.member == member)).scalars())


def _erase_subject(connection: Connection, member: int, now: datetime) -> None:
    remove_limits(connection, [each for each in budgets_in_force(connection) if each.scope == member], now)
    theirs = budget_revision.c.budget.in_(select(budget.c.id).where(budget.c.scope == member))
    connection.execute(update(budget_revision).where(theirs).values(reason=None))
    delete_deferrals(connection, crossing_ids(connection, member))
    # the newest stays, as its id, which keys are made of, would be given to another one
    newest = select(func.max(crossing.c.id)).scalar_subquery()
    connection.execute(delete(crossing).where(crossing.c.subject == member, crossing.c.id < newest))
    delete_alerts(connection, member)
    connection.execute(delete(snooze).where(snooze.c.subject == member))
    connection.execute(delete(acknowledgement).where(acknowledgement.c.subject == member))
    asked = update(budget_request).where(budget_request.c.member == member)
    connection.execute(asked.values(reason=None, decision_reason=None))
    is_open = budget_request.c.state == RequestState.OPEN
    ended = {"state": RequestState.REPLACED, "decided_by": REMOVED_NAME, "decided_at": to_us(now)}
    connection.execute(asked.where(is_open).values(ended))


def _is_snoozed_for(person: Person) -> ColumnElement[bool]:
    return snooze.c.audience.in_([encode_audience(OperatorAudience(user)) for user in person.slack_users])


def exported_budgets(connection: Connection, person: Person) -> dict[str, list[Document]]:
    """Return a person's limits, crossings, forecast alerts, snoozes and requests, and what others were sent about them.

    With them come what the person did to others' budgets, and reasons that name the person.
    """
    budgets = select(budget.c.id).where(budget.c.scope.in_(person.members))
    about: dict[Table, ColumnElement[bool]] = {
        budget_revision: budget_revision.c.budget.in_(budgets),
        snooze: or_(snooze.c.subject.in_(person.members), _is_snoozed_for(person)),
        acknowledgement: acknowledgement.c.subject.in_(person.members),
        budget_request: budget_request.c.member.in_(person.members),
    }
    rows = {
        table.name: documents(connection, table, or_(about[table], _is_by(table, actors, person)))
        for table, actors, _ in _ACTS
    }
    crossings = select(crossing.c.id).where(crossing.c.subject.in_(person.members))
    return {
        "budget": documents(connection, budget, budget.c.scope.in_(person.members)),
        "crossing": documents(connection, crossing, crossing.c.subject.in_(person.members)),
        "forecast_alert": documents(connection, forecast_alert, forecast_alert.c.subject.in_(person.members)),
        "deferral": documents(connection, deferral, deferral.c.crossing.in_(crossings)),
        **rows,
        "budget_messages": _messages(connection, person),
        "budget_mentions": [
            each for table, _, reasons in _ACTS if reasons
            for each in mentions(connection, table, reasons, person.redacted)
        ] + mentions(connection, budget, ("narrowing",), person.redacted_name),
    }  # fmt: skip


def _messages(connection: Connection, person: Person) -> list[Document]:
    keys = [key for member in person.members for key in _message_keys(connection, member)]
    topics = [topic for member in person.members for topic in _message_topics(connection, member)]
    return exported_messages_about(connection, person, keys, topics)


def _is_by(table: Table, actors: tuple[str, ...], person: Person) -> ColumnElement[bool]:
    return or_(*(table.c[name].in_(person.slack_users) for name in actors))
