"""Alembic's entry: migrates the connection it is given, so that nothing is half done."""

from importlib import import_module

from alembic import context
from sqlmodel import SQLModel

DECLARING = ("database", "ledger", "outbox", "slack", "people", "budgets", "failures", "incidents", "digest", "home")
for package in DECLARING:
    import_module(f"bot.{package}.tables")

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
