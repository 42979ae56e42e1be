"""The outbox's tables: a row for each notification before it is sent, and one for each live message.

A field has today's word; where its column has kept an older one, which statements in SQL use, the field names it.
"""

from sqlalchemy import BigInteger, Index, UniqueConstraint, text, true
from sqlmodel import Field, SQLModel

from bot.database.declarations import partial_index, table_of

# written so that SQLite sees `state = 'pending'` imply it, which it does not of IN
_OPEN = text("state = 'pending' OR state = 'sending' OR state = 'unsure'")
_DEAD = text("state = 'dead'")
_SENT = text("state = 'sent'")
_COVERED = text("covered_by IS NOT NULL")
_CHECKED = text("check_at IS NOT NULL")
_OUTDATED = text("wanted > shown")


class LiveMessage(SQLModel, table=True):
    """A message that is edited as what it shows changes: one for each topic and destination."""

    __tablename__ = "living"
    __table_args__ = (
        UniqueConstraint("thing", "destination", name="uq_living_thing"),
        partial_index("ix_living_behind", "id", where=_OUTDATED),
    )

    id: int | None = Field(default=None, primary_key=True)
    topic: str = Field(sa_column_kwargs={"name": "thing"})
    destination: str
    channel: str | None
    ts: str | None  # of the parent, whose thread holds the replies
    wanted: int  # the version that it is to show, raised when what it shows has changed
    shown: int  # the version that it shows
    editable: bool
    reposted: bool  # its parent was deleted once, and posted again
    token: str | None
    expires_at: int | None = Field(sa_type=BigInteger)


class Notification(SQLModel, table=True):
    """One message for one destination. Dedup key, destination and ledger make the key in the message's metadata."""

    __table_args__ = (
        UniqueConstraint("stem", "destination", name="uq_notification_stem"),
        partial_index("ix_notification_open", "state", "channel", where=_OPEN),
        partial_index("ix_notification_dead", "settled_at", where=_DEAD),
        partial_index("ix_notification_sent", "channel", "settled_at", where=_SENT),
        partial_index("ix_notification_covered_by", "covered_by", where=_COVERED),
        partial_index("ix_notification_checked", "check_at", where=_CHECKED),
        Index("ix_notification_living", "living"),
    )

    id: int | None = Field(default=None, primary_key=True)
    dedup_key: str = Field(sa_column_kwargs={"name": "stem"})
    destination: str
    ledger: str  # the id of the one that made it; "" before ledgers had an id
    live: int | None = Field(foreign_key="living.id", sa_column_kwargs={"name": "living"})
    state: str  # a NotificationState
    created_at: int = Field(sa_type=BigInteger)
    next_at: int = Field(sa_type=BigInteger)  # not sent, and not looked for, before
    # after that a summary lists it
    until: int | None = Field(sa_type=BigInteger, sa_column_kwargs={"name": "owed_until"})
    urgent: bool = Field(sa_column_kwargs={"server_default": true()})  # goes before the others
    attempts: int
    token: str | None  # of whoever has claimed it, until `expires_at`
    claimed_at: int | None = Field(sa_type=BigInteger)
    expires_at: int | None = Field(sa_type=BigInteger)
    # when it was last not confirmed that it arrived
    unconfirmed_at: int | None = Field(sa_type=BigInteger, sa_column_kwargs={"name": "unsure_at"})
    check_at: int | None = Field(sa_type=BigInteger)  # when second copies are looked for
    checks: int  # how often they were
    channel: str | None
    thread: str | None
    ts: str | None
    ended_at: int | None = Field(sa_type=BigInteger, sa_column_kwargs={"name": "settled_at"})  # sent, or given up
    error: str | None
    summary: int | None = Field(foreign_key="notification.id", sa_column_kwargs={"name": "covered_by"})  # that lists it


live_message = table_of(LiveMessage)
notification = table_of(Notification)
