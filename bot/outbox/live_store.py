"""The store of live messages: those that are edited as what they show changes, one a topic and destination."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, Integer, and_, bindparam, case, literal_column, select, update

from bot.database.chunks import chunks
from bot.database.sets import SetStatement
from bot.domain.keys import TopicKey
from bot.domain.timestamps import to_us
from bot.outbox.conditions import OUTDATED, UNCLAIMED, Moment
from bot.outbox.destinations import Destination, decode_destination
from bot.outbox.keys import AgainKey, NewsKey, StoredTopic, is_of, message_key
from bot.outbox.store import NewNotification, enqueue
from bot.outbox.tables import live_message, notification

Topic = TypeVar("Topic", bound=TopicKey)

_LATER = "later"  # the token of edits that nobody has claimed, and that are postponed

_OF_TOPICS = live_message.c.thing.in_(bindparam("topics", expanding=True))
_REQUEST_EDITS = SetStatement(
    update(live_message).where(_OF_TOPICS).values(wanted=live_message.c.wanted + literal_column("1")), "topics"
)
_POSTED = select(live_message.c.thing, live_message.c.destination).where(_OF_TOPICS, live_message.c.ts.is_not(None))
_TOPICS = select(live_message.c.thing).distinct()
_OF_ID = live_message.c.id == bindparam("of_id")
_WANTED = select(live_message.c.wanted).where(_OF_ID)


def request_edits(connection: Connection, topics: Iterable[TopicKey]) -> None:
    """Have the live messages of topics edited: what they show has changed."""
    for names in chunks(dict.fromkeys(each.encode() for each in topics)):
        _REQUEST_EDITS.execute(connection, names)


def live_messages(connection: Connection, topics: Iterable[Topic]) -> list[tuple[Topic, Destination]]:
    """Return topic and destination of the live messages that are posted, of those topics, in their order."""
    by_name = {each.encode(): each for each in topics}
    found: dict[str, list[str]] = {name: [] for name in by_name}
    for names in chunks(by_name):
        for row in connection.execute(_POSTED, {"topics": names}):
            found[row.thing].append(row.destination)
    return [(by_name[name], decode_destination(each)) for name, every in found.items() for each in sorted(every)]


def topics_of(connection: Connection, topic_class: type[Topic]) -> list[Topic]:
    """Return the topics of one class that any live message has. It reads all live messages."""
    names = connection.execute(_TOPICS).scalars()
    return [topic_class.decode(name) for name in names if is_of(topic_class, name)]


def wanted_version(connection: Connection, live: int | None) -> int:
    """Return the version that a live message is to show; 0 if there is none."""
    return connection.execute(_WANTED, {"of_id": live}).scalar() or 0


# --- edits ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClaimedEdit:
    """A live message that shows less than it is to show, claimed to be edited.

    `dedup_key` and `message_key` are of the notification that it was posted for; both are empty if that is unknown.
    """

    id: int
    topic: str
    destination: Destination
    channel: str
    ts: str
    version: int
    token: str
    dedup_key: str
    message_key: str
    reposted: bool
    editable: bool


# the one is found before what it was posted for is looked up: a join of all would read what was ever posted
_next = (
    select(*live_message.c["id", "thing", "destination", "ts", "wanted", "reposted", "editable"])
    .where(OUTDATED, live_message.c.channel == bindparam("channel"), UNCLAIMED)
    .order_by(live_message.c.id)
    .limit(1)
    .subquery("next")
)
_NEXT = select(
    _next, notification.c.stem, notification.c.destination.label("posted_to"), notification.c.ledger
).select_from(_next.outerjoin(notification, and_(notification.c.living == _next.c.id, notification.c.ts == _next.c.ts)))
_CLAIM = update(live_message).where(_OF_ID)


def claim_edit(connection: Connection, channel: str, token: str, now: datetime, lease: timedelta) -> ClaimedEdit | None:
    """Claim a live message of a channel that is to be edited, for as long as the lease lasts; None if there is none."""
    row = connection.execute(_NEXT, {"channel": channel, **Moment(now).values}).first()
    if row is None:
        return None
    connection.execute(_CLAIM, {"of_id": row.id, "token": token, "expires_at": to_us(now + lease)})
    return ClaimedEdit(
        id=row.id,
        topic=row.thing,
        destination=decode_destination(row.destination),
        channel=channel,
        ts=row.ts,
        version=row.wanted,
        token=token,
        dedup_key=row.stem or "",
        message_key=message_key(row.stem, row.posted_to, row.ledger) if row.stem else "",
        reposted=row.reposted,
        editable=row.editable,
    )


_OF_CLAIM = and_(_OF_ID, live_message.c.token == bindparam("of_token"))
_VERSION = bindparam("version", type_=Integer)
_MARK_EDITED = (
    update(live_message)
    .where(_OF_CLAIM)
    .values(shown=case((live_message.c.shown > _VERSION, live_message.c.shown), else_=_VERSION), token=None)
)
_POSTPONE = update(live_message).where(_OF_CLAIM)
_EDIT_ONCE_MORE = update(live_message).where(_OF_ID).values(wanted=live_message.c.wanted + 1)
_POSTPONE_ALL = (
    update(live_message)
    .where(OUTDATED, live_message.c.channel == bindparam("of_channel"), UNCLAIMED)
    .values(token=_LATER)
)
_MARK_DELETED = (
    update(live_message)
    .where(_OF_ID, live_message.c.ts == bindparam("of_ts"))
    .values(ts=None, token=None, shown=live_message.c.wanted, reposted=True)
)
_MARK_NOT_EDITABLE = update(live_message).where(_OF_CLAIM).values(token=None, editable=False)
_THREAD = (
    select(notification.c.id, notification.c.stem)
    .where(notification.c.living == bindparam("live"))
    .order_by(notification.c.id.desc())
)


def mark_edited(connection: Connection, edit: ClaimedEdit) -> None:
    """Record that a message shows its version. It is edited once more if another process has claimed it meanwhile.

    Otherwise the older text of the two might stay.
    """
    mine = connection.execute(_MARK_EDITED, {**_of_claim(edit), "version": edit.version})
    _edit_once_more(connection, edit, unless=mine.rowcount)


def _of_claim(edit: ClaimedEdit) -> dict[str, object]:
    return {"of_id": edit.id, "of_token": edit.token}


def postpone_edit(connection: Connection, edit: ClaimedEdit, until: datetime) -> None:
    """Postpone an edit that did not work; if another process has claimed it meanwhile, it is edited once more."""
    mine = connection.execute(_POSTPONE, {**_of_claim(edit), "expires_at": to_us(until)})
    _edit_once_more(connection, edit, unless=mine.rowcount)


def _edit_once_more(connection: Connection, edit: ClaimedEdit, unless: int) -> None:
    if not unless:
        connection.execute(_EDIT_ONCE_MORE, {"of_id": edit.id})


def postpone_edits(connection: Connection, channel: str, until: datetime, now: datetime) -> None:
    """Postpone all edits of a channel that no process has claimed: Slack takes none just now."""
    values = {"of_channel": channel, "expires_at": to_us(until), **Moment(now).values}
    connection.execute(_POSTPONE_ALL, values)


def mark_deleted(connection: Connection, edit: ClaimedEdit, now: datetime) -> None:
    """Record that somebody has deleted a live message.

    It is posted again, once; after that the next notification of its topic begins a new one.
    """
    connection.execute(_MARK_DELETED, {"of_id": edit.id, "of_ts": edit.ts})
    if not edit.reposted:
        enqueue(connection, [NewNotification(AgainKey(edit.id), edit.destination, StoredTopic(edit.topic))], now)


def mark_not_editable(connection: Connection, edit: ClaimedEdit, now: datetime) -> None:
    """Record that Slack takes no more edits of a live message, and put its news into the outbox, for its thread.

    Nothing is put there if another process has claimed the edit meanwhile, or if there was news since the last
    notification of the thread: news after each sync would flood it.
    """
    mine = connection.execute(_MARK_NOT_EDITABLE, {**_of_claim(edit), "shown": edit.version})
    if mine.rowcount:
        key = NewsKey(edit.id, _last_step(connection, edit.id))
        enqueue(connection, [NewNotification(key, edit.destination, StoredTopic(edit.topic))], now)


def _last_step(connection: Connection, live: int) -> int:
    """Return the id of the newest notification of a live message that is no news itself; 0 if there is none."""
    thread = connection.execute(_THREAD, {"live": live})
    return next((row.id for row in thread.all() if not is_of(NewsKey, row.stem)), 0)
