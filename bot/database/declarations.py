"""Declarations of tables: how keys and indexes are named, indexes of some rows, and which table a model declares."""

from sqlalchemy import Connection, Index, MetaData, Table, TextClause, event
from sqlmodel import SQLModel

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = _NAMING  # before any table is declared
# models declare tables: nothing is validated by them, and no row is ever loaded as an object of one
SQLModel.model_config["defer_build"] = True
SQLModel._sa_decl_prepare = True  # noqa: SLF001 - so SQLAlchemy defers mappings, which take each command 10 ms

IN_KEY_ORDER = {"sqlite_with_rowid": False}
"""The option of a table whose rows SQLite keeps in the order of their key, as they are read."""


def table_of(model: type[SQLModel]) -> Table:
    """Return the table that a model declares, for statements on its columns."""
    return model.metadata.tables[str(model.__tablename__)]


def partial_index(name: str, *columns: str, where: TextClause, unique: bool = False) -> Index:
    """Return an index of the rows for which `where` holds, on either engine."""
    return Index(name, *columns, unique=unique, sqlite_where=where)


# Not by `postgresql_where` where the index is declared: each command would import that dialect to check the word.
@event.listens_for(SQLModel.metadata, "before_create")
def _declare_the_conditions_for_postgres(metadata: MetaData, connection: Connection, **_: object) -> None:
    """Give partial indexes their conditions before tables are made on PostgreSQL as they are declared."""
    if connection.dialect.name != "postgresql":
        return
    for index in (index for table in metadata.tables.values() for index in table.indexes):
        index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
