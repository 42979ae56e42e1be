"""A person's spikes: the messages about their days are exported, or erased."""

from datetime import datetime

from sqlalchemy import Connection

from bot.database.personal_rows import Document
from bot.domain.person import Person
from bot.outbox.erasure import erase_messages_about, exported_messages_about
from bot.outbox.keys import KeyRange
from bot.outbox.queries import enqueued_notifications
from bot.spikes.keys import SpikeEventKey, SpikeKey


def erase_spikes(connection: Connection, person: Person, now: datetime) -> None:
    """Delete the messages and events about a person's days."""
    erase_messages_about(connection, _keys(connection, person), (), now)


def exported_spikes(connection: Connection, person: Person) -> dict[str, list[Document]]:
    """Return the messages and events about a person's days that others got."""
    return {"spike_messages": exported_messages_about(connection, person, _keys(connection, person), ())}


def _keys(connection: Connection, person: Person) -> list[SpikeKey]:
    return [
        key.decode(text)
        for key in (SpikeKey, SpikeEventKey)
        for member in person.members
        for text in _texts(connection, key.of_member(member))
    ]


def _texts(connection: Connection, keys: KeyRange) -> list[str]:
    return [each.dedup_key for each in enqueued_notifications(connection, keys)]
