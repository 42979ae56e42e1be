"""The table of incidents: what was wrong, since when, until when."""

from sqlalchemy import BigInteger, Column, Index, String, text
from sqlmodel import Field, SQLModel

from bot.database.declarations import partial_index, table_of

_OPEN = text("ended_at IS NULL")


class Incident(SQLModel, table=True):
    """Something that was or is wrong; one that is open has no end."""

    __table_args__ = (
        partial_index("ix_incident_open", "name", where=_OPEN, unique=True),
        Index("ix_incident_name", "name"),
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str
    description: str = Field(sa_column=Column("said", String, nullable=False))
    began_at: int = Field(sa_type=BigInteger)
    reported_on: str | None = Field(sa_column=Column("told_on", String))  # the local day operators were last notified
    ended_at: int | None = Field(sa_type=BigInteger)


incident = table_of(Incident)
