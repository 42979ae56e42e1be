"""Declarations of tables: how their keys and indexes are named, and which table a model declares."""

from sqlalchemy import Table
from sqlmodel import SQLModel

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = _NAMING  # before any table is declared
SQLModel.model_config["defer_build"] = True  # models declare tables, and nothing is validated by them


def table_of(model: type[SQLModel]) -> Table:
    """Return the table that a model declares, for statements on its columns."""
    return model.metadata.tables[str(model.__tablename__)]
