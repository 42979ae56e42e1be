"""The outbox's tables: each notification is a row before it is sent, and each message that is edited has its own."""

from sqlalchemy import BigInteger, Index, UniqueConstraint, text, true
from sqlmodel import Field, SQLModel

# written so that SQLite sees `state = 'pending'` imply it, which it does not of IN
_OPEN = text("state = 'pending' OR state = 'sending' OR state = 'unsure'")
_DEAD = text("state = 'dead'")
_SENT = text("state = 'sent'")
_COVERED = text("covered_by IS NOT NULL")
_CHECKED = text("check_at IS NOT NULL")
_BEHIND = text("wanted > shown")


class Living(SQLModel, table=True):
    """A live message, which is edited as what it shows changes: one a topic (`thing`) and destination."""

    __table_args__ = (
        UniqueConstraint("thing", "destination", name="uq_living_thing"),
        Index("ix_living_behind", "id", sqlite_where=_BEHIND, postgresql_where=_BEHIND),
    )

    id: int | None = Field(default=None, primary_key=True)
    thing: str
    destination: str
    channel: str | None
    ts: str | None  # of the parent, whose thread holds the steps
    wanted: int  # versions: raised when what it shows has changed
    shown: int
    editable: bool
    reposted: bool  # its parent was deleted once, and posted again
    token: str | None
    expires_at: int | None = Field(sa_type=BigInteger)


class Notification(SQLModel, table=True):
    """One message for one destination; its key (`stem`), destination and ledger make the key in its metadata."""

    __table_args__ = (
        UniqueConstraint("stem", "destination", name="uq_notification_stem"),
        Index("ix_notification_open", "state", "channel", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_notification_dead", "settled_at", sqlite_where=_DEAD, postgresql_where=_DEAD),
        Index("ix_notification_sent", "channel", "settled_at", sqlite_where=_SENT, postgresql_where=_SENT),
        Index("ix_notification_covered_by", "covered_by", sqlite_where=_COVERED, postgresql_where=_COVERED),
        Index("ix_notification_checked", "check_at", sqlite_where=_CHECKED, postgresql_where=_CHECKED),
        Index("ix_notification_living", "living"),
    )

    id: int | None = Field(default=None, primary_key=True)
    stem: str
    destination: str
    ledger: str  # the id of the one that made it; "" before ledgers had an id
    living: int | None = Field(foreign_key="living.id")
    state: str
    created_at: int = Field(sa_type=BigInteger)
    next_at: int = Field(sa_type=BigInteger)
    owed_until: int | None = Field(sa_type=BigInteger)  # after that a summary lists it
    urgent: bool = Field(sa_column_kwargs={"server_default": true()})  # goes before the others
    attempts: int
    token: str | None
    claimed_at: int | None = Field(sa_type=BigInteger)
    expires_at: int | None = Field(sa_type=BigInteger)
    unsure_at: int | None = Field(sa_type=BigInteger)  # when it was last not confirmed that it arrived
    check_at: int | None = Field(sa_type=BigInteger)  # when second copies are looked for
    checks: int
    channel: str | None
    thread: str | None
    ts: str | None
    settled_at: int | None = Field(sa_type=BigInteger)
    error: str | None
    covered_by: int | None = Field(foreign_key="notification.id")
