"""The tables of what a database records of itself, as SQLModel declares them; `migrations/` makes them."""

from sqlalchemy import BigInteger, Table
from sqlmodel import Field, SQLModel

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = _NAMING  # before any table is declared


def table_of(model: type[SQLModel]) -> Table:
    """Return the table that a model declares, for statements on its columns."""
    return model.metadata.tables[str(model.__tablename__)]


class Lease(SQLModel, table=True):
    """Who holds what only one may do at a time, and until when."""

    name: str = Field(primary_key=True)
    holder: str
    expires_at: int = Field(sa_type=BigInteger)


class Note(SQLModel, table=True):
    """A fact that the database keeps about itself by key (`metadata`), such as the unit its amounts were priced in."""

    key: str = Field(primary_key=True)
    value: str


lease = table_of(Lease)
note = table_of(Note)
