"""The table of digests: one row a channel and local date, whether it was told or skipped."""

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

_INCOMPLETE = text("NOT complete")


class Digest(SQLModel, table=True):
    """What was made of a digest. `since` is the first day it tells of; dates are ISO."""

    __table_args__ = (
        Index("ix_digest_incomplete", "decided_at", sqlite_where=_INCOMPLETE, postgresql_where=_INCOMPLETE),
    )

    channel: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    fate: str  # see rules.Fate
    since: str
    decided_at: int = Field(sa_type=BigInteger)
    last_charge: int  # the newest charge then: what came later, and onto earlier days, came late
    begins: int = Field(sa_type=BigInteger)  # where the ledger began then; what is read of the time before is history
    complete: bool
    begins_at: int | None = Field(
        sa_type=BigInteger
    )  # the moments that it tells of; None before there were such columns
    ends_at: int | None = Field(sa_type=BigInteger)
