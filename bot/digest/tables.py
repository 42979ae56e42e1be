"""The table of digests: one row a channel and local date."""

from sqlalchemy import BigInteger, Column, String, text
from sqlmodel import Field, SQLModel

from bot.database.declarations import partial_index, table_of

INCOMPLETE = text("NOT complete")  # in these words, which the index is used by


class Digest(SQLModel, table=True):
    """What was decided for a digest. `since` is the first day it covers; dates are ISO."""

    __table_args__ = (partial_index("ix_digest_incomplete", "decided_at", where=INCOMPLETE),)

    channel: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    outcome: str = Field(sa_column=Column("fate", String, nullable=False))  # a DigestOutcome
    since: str
    decided_at: int = Field(sa_type=BigInteger)
    last_charge: int  # the newest charge then; a later charge onto an earlier day is late
    begins: int = Field(sa_type=BigInteger)  # where the ledger began then; charges before that are history, not late
    complete: bool
    # the window it covers; None in rows of earlier versions
    begins_at: int | None = Field(sa_type=BigInteger)
    ends_at: int | None = Field(sa_type=BigInteger)


digest = table_of(Digest)
