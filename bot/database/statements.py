"""Statements that SQLAlchemy spells by engine, in the form that both engines understand."""

from sqlalchemy.dialects.postgresql import insert as insert  # noqa: PLC0414 - its ON CONFLICT is SQLite's too
