"""Tables of a schema that this version doesn't know, made in a file of SQLite to keep their rows."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Column, Connection, ForeignKeyConstraint, MetaData, String, Table, insert


def make_plain_tables(connection: Connection, tables: Iterable[Table]) -> None:
    """Make tables with the columns and keys of others, and the table of the revision, in which none is named yet.

    Such a file has no indexes, so it can be copied into a ledger and cannot be used as one.
    """
    plain = MetaData()
    revision = Table("alembic_version", plain, Column("version_num", String, primary_key=True))
    for table in tables:
        Table(table.name, plain, *map(_plain, table.columns), *_references(table))
    plain.create_all(connection)
    connection.execute(insert(revision).values(version_num=""))


def _references(table: Table) -> Iterator[ForeignKeyConstraint]:
    """Yield what a table refers to, by which it is known in what order tables are filled."""
    for each in table.foreign_key_constraints:
        targets = [f"{key.column.table.name}.{key.column.name}" for key in each.elements]
        yield ForeignKeyConstraint(each.column_keys, targets)


def _plain(column: Column[object]) -> Column[object]:
    """Return a column without what only the other engine knows, such as the order of its texts."""
    type_ = String() if isinstance(column.type, String) else column.type.as_generic()
    return Column(column.name, type_, primary_key=column.primary_key, nullable=column.nullable, autoincrement=False)
