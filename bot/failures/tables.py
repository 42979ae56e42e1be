"""The tables of failures: kinds, tasks that failed, groups that are reported, silences, and listeners."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.database.declarations import partial_index, table_of

_OPEN = text("closed_at IS NULL")
_WAITING = text("state = 'waiting'")


class FailureKind(SQLModel, table=True):
    """Failures that are the same: one of each fingerprint."""

    __tablename__ = "failure_kind"

    id: int | None = Field(default=None, primary_key=True)
    fingerprint: int = Field(sa_column=Column("mark", BigInteger, nullable=False, unique=True))
    status: str
    model: str
    cap: str | None  # Neo's word, if one of its limits is named in the error


class Failure(SQLModel, table=True):
    """A task that failed; one that completed later has recovered, and `recovered_at` says when.

    Each has one row with `past` 0. A closed group that was reported keeps the tasks that have failed again since, in
    rows with the group's id as `past`, so that its message counts what it counted.
    """

    __table_args__ = (Index("ix_failure_kind", "kind", "past", "failed_at"), Index("ix_failure_grp", "grp"))

    task: int | None = Field(default=None, primary_key=True, foreign_key="task.id")
    past: int = Field(default=0, primary_key=True)
    kind: int = Field(foreign_key="failure_kind.id")
    # None: it was found while reading history
    group: int | None = Field(sa_column=Column("grp", ForeignKey("failure_group.id")))
    failed_at: int = Field(sa_type=BigInteger)
    recovered_at: int | None = Field(sa_column=Column("mended_at", BigInteger))
    streams: int | None  # how often the task had run; one more run may be another failure


class FailureGroup(SQLModel, table=True):
    """Failures of one kind, each within a day of the one before; `last_at` is when the newest was seen, by `last_pass`.

    `first` is the first of the groups that one message reports: itself if it has a message of its own.
    """

    __tablename__ = "failure_group"
    __table_args__ = (
        partial_index("ix_failure_group_open", "kind", where=_OPEN, unique=True),
        partial_index("ix_failure_group_waiting", "id", where=_WAITING),
        Index("ix_failure_group_first", "first"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: int = Field(foreign_key="failure_kind.id")
    state: str  # see group_store.GroupState
    opened_at: int = Field(sa_type=BigInteger)
    last_at: int = Field(sa_type=BigInteger)
    last_pass: int  # no foreign key, since passes are pruned; 0 before any pass
    closed_at: int | None = Field(sa_type=BigInteger)
    first: int | None
    acknowledged_by: str | None
    acknowledged_at: int | None = Field(sa_type=BigInteger)


class FailureSilence(SQLModel, table=True):
    """An operator's instruction to notify nobody of a kind, of a model, or of a member's failures."""

    __tablename__ = "failure_silence"
    __table_args__ = (UniqueConstraint("what", "value", name="uq_failure_silence_what"),)

    id: int | None = Field(default=None, primary_key=True)
    target_type: str = Field(sa_column=Column("what", String, nullable=False))  # a TargetType
    value: str  # the kind's id, the model's name, or the member's id
    until: int = Field(sa_type=BigInteger)
    reason: str | None
    set_by: str
    set_at: int = Field(sa_type=BigInteger)


class FailureListener(SQLModel, table=True):
    """A member who asked to be notified of their own failures."""

    __tablename__ = "failure_listener"

    member: int | None = Field(default=None, primary_key=True, foreign_key="member.id")
    since: int = Field(sa_type=BigInteger)


failure_kind = table_of(FailureKind)
failure = table_of(Failure)
failure_group = table_of(FailureGroup)
failure_silence = table_of(FailureSilence)
failure_listener = table_of(FailureListener)
