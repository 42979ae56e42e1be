"""What other packages change in the outbox: topics that become one, and destinations that are others by now."""

from datetime import UTC, datetime

from sqlalchemy import Connection, select

from bot.outbox.amendments import TopicRename, merge_topics, redirect, rename_topics
from bot.outbox.destinations import MemberDestination
from bot.outbox.keys import StoredKey, StoredTopic
from bot.outbox.live_store import request_edits
from bot.outbox.store import NewNotification, enqueue
from bot.outbox.tables import live_message, notification

NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)
OLD, NEW = MemberDestination(2), MemberDestination(10)  # whose texts are in the other order
WAS, IS, OTHER = StoredTopic("topic:was"), StoredTopic("topic:is"), StoredTopic("topic:other")


def add(connection: Connection, key: str, destination: MemberDestination, topic: StoredTopic | None = None) -> None:
    enqueue(connection, [NewNotification(StoredKey(key), destination, topic)], NOW)


def live_messages_of(connection: Connection) -> list[tuple[int, str, str]]:
    columns = live_message.c["id", "thing", "destination"]
    return [tuple(row) for row in connection.execute(select(*columns).order_by(live_message.c.id))]


def threads(connection: Connection) -> dict[str, int | None]:
    rows = connection.execute(select(notification.c.stem, notification.c.living).order_by(notification.c.id))
    return {row.stem: row.living for row in rows}


def states(connection: Connection) -> list[tuple[str, str, str]]:
    columns = notification.c["stem", "destination", "state"]
    return [tuple(row) for row in connection.execute(select(*columns).order_by(notification.c.id))]


def test_of_two_live_messages_that_become_one_the_older_stays_and_gets_what_waits(connection: Connection) -> None:
    add(connection, "note:old", OLD, WAS)
    add(connection, "note:new", NEW, WAS)
    merge_topics(connection, {WAS: IS}, OLD, NEW)
    assert live_messages_of(connection) == [(1, "topic:is", "member:10"), (2, "topic:was", "member:10")]
    assert threads(connection) == {"note:old": 1, "note:new": 1}


def test_a_live_message_of_the_new_name_stays_and_gets_what_waits(connection: Connection) -> None:
    add(connection, "note:there", NEW, IS)
    add(connection, "note:old", OLD, WAS)
    merge_topics(connection, {WAS: IS}, OLD, NEW)
    assert live_messages_of(connection) == [(1, "topic:is", "member:10"), (2, "topic:was", "member:2")]
    assert threads(connection) == {"note:there": 1, "note:old": 1}


def test_topics_exchange_their_names_but_for_one_that_is_taken(connection: Connection) -> None:
    add(connection, "note:1", OLD, WAS)
    add(connection, "note:2", OLD, IS)
    add(connection, "note:3", OLD, OTHER)
    aside = [StoredTopic(f"topic:aside-{number}") for number in range(2)]
    renames = [TopicRename(WAS, IS, aside[0]), TopicRename(IS, OTHER, aside[1])]
    assert rename_topics(connection, renames) == [IS, OTHER]
    names = [(id_, topic) for id_, topic, _ in live_messages_of(connection)]
    assert names == [(1, "topic:is"), (2, "topic:aside-1"), (3, "topic:other")]


def test_what_waits_goes_to_the_other_destination_unless_that_has_it(connection: Connection) -> None:
    add(connection, "note:both", OLD)
    add(connection, "note:both", NEW)
    add(connection, "note:one", OLD)
    redirect(connection, OLD, NEW, "one person", NOW)
    assert states(connection) == [
        ("note:both", "member:2", "moved"),
        ("note:both", "member:10", "pending"),
        ("note:one", "member:10", "pending"),
    ]


def test_more_topics_than_a_statement_takes_are_edited_once_each(connection: Connection) -> None:
    add(connection, "note:1", OLD, WAS)
    add(connection, "note:2", OLD, IS)
    others = [StoredTopic(f"topic:{number}") for number in range(40_000)]
    request_edits(connection, [WAS, *others, IS, WAS])
    assert connection.execute(select(live_message.c.wanted)).scalars().all() == [1, 1]
