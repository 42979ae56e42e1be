"""Alembic's entry: migrates the connection it is given, so that nothing is half done."""

from importlib import import_module
from pathlib import Path

from alembic import context
from sqlmodel import SQLModel

import bot

for tables in Path(bot.__file__).parent.glob("*/tables.py"):  # all that is declared: a new revision drops what is not
    import_module(f"bot.{tables.parent.name}.tables")

connection = context.config.attributes.get("connection")
if connection is None:
    message = "run migrations with `neo-usage db upgrade`"
    raise SystemExit(message)
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
