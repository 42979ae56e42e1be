"""The tables of what a database records of itself, as SQLModel declares them; `migrations/` makes them."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from bot.database.declarations import table_of


class Lease(SQLModel, table=True):
    """Who holds what only one may do at a time, and until when; the row stays once it is released."""

    name: str = Field(primary_key=True)
    holder: str  # "" if it was released
    expires_at: int = Field(sa_type=BigInteger)
    token: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})  # grows with every new holder


class Note(SQLModel, table=True):
    """A fact that the database keeps about itself by key (`metadata`), such as the unit its amounts were priced in."""

    key: str = Field(primary_key=True)
    value: str


lease = table_of(Lease)
note = table_of(Note)
