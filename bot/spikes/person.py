"""A person's spikes: the messages about their days are erased."""

from datetime import datetime

from sqlalchemy import Connection

from bot.domain.person import Person
from bot.outbox.erasure import erase_messages_about
from bot.outbox.keys import KeyRange
from bot.outbox.queries import enqueued_notifications
from bot.spikes.keys import SpikeEventKey, SpikeKey


def erase_spikes(connection: Connection, person: Person, now: datetime) -> None:
    """Delete the messages and events about a person's days."""
    for key in (SpikeKey, SpikeEventKey):
        keys = [key.decode(text) for member in person.members for text in _texts(connection, key.of_member(member))]
        erase_messages_about(connection, keys, (), now)


def _texts(connection: Connection, keys: KeyRange) -> list[str]:
    return [each.dedup_key for each in enqueued_notifications(connection, keys)]
