"""Alembic's entry: migrates the connection it is given, so that nothing is half done."""

from alembic import context
from sqlmodel import SQLModel

from bot.budgets import tables as budgets  # noqa: F401 - declares theirs
from bot.digest import tables as digest  # noqa: F401 - declares theirs
from bot.failures import tables as failures  # noqa: F401 - declares theirs
from bot.home import tables as home  # noqa: F401 - declares theirs
from bot.incidents import tables as incidents  # noqa: F401 - declares theirs
from bot.ledger import tables  # noqa: F401 - declares the tables
from bot.outbox import tables as outbox  # noqa: F401 - declares theirs
from bot.people import tables as people  # noqa: F401 - declares theirs
from bot.slack import tables as slack  # noqa: F401 - declares theirs

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
