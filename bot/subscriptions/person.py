"""A person's subscriptions: exported, or ended and erased. The rows stay without a name: keys are made of their ids."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from bot.database.personal_rows import Document, documents, mentions, redact
from bot.domain.person import REMOVED_NAME, Person
from bot.domain.timestamps import to_us
from bot.outbox.destinations import UserDestination
from bot.subscriptions.store import EndReason
from bot.subscriptions.tables import subscription

_NOWHERE = UserDestination("removed").encode()


def erase_subscriptions(connection: Connection, person: Person, now: datetime) -> None:
    """End the subscriptions that a person owns or reads, and those whose question names them; none does any more.

    One in a channel ends too, whoever reads it there: it was answered with its owner's rights.
    """
    for row in connection.execute(select(subscription)).all():
        if values := _erased(row, person):
            ended = {} if row.ended_at is not None else {"ended_at": to_us(now), "end_reason": EndReason.REMOVED}
            connection.execute(update(subscription).where(subscription.c.id == row.id).values(values | ended))
    redact(connection, subscription, ("ended_by",), person.redacted)


def _erased(row: Row[Any], person: Person) -> dict[str, object]:
    """Return what replaces what identifies a person in a subscription; empty if nothing does."""
    values: dict[str, object] = {}
    if (question := person.redacted(row.question)) != row.question:
        values["question"] = question
    if row.owner in person.slack_users:
        values |= {"owner": REMOVED_NAME, "number": row.id}  # no two of them have one number
    if row.destination in _places(person):
        values["destination"] = _NOWHERE
    return values


def exported_subscriptions(connection: Connection, person: Person) -> dict[str, list[Document]]:
    """Return the subscriptions that a person owns, reads or ended, and questions of others' that name them."""
    theirs: tuple[ColumnElement[bool], ...] = (
        subscription.c.owner.in_(person.slack_users),
        subscription.c.ended_by.in_(person.slack_users),
        subscription.c.destination.in_(_places(person)),
    )
    return {
        "subscription": documents(connection, subscription, or_(*theirs)),
        "subscription_mentions": mentions(connection, subscription, ("question",), person.redacted),
    }


def _places(person: Person) -> list[str]:
    return [UserDestination(user).encode() for user in person.slack_users]
