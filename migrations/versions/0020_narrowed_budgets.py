"""Budgets that count only some tasks: what a budget is narrowed to; until now each counts all."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_NARROWED = sa.text("narrowing <> ''")
_FORGET = (
    "DELETE FROM deferral WHERE crossing IN (SELECT id FROM crossing WHERE period LIKE '% %')",
    "DELETE FROM crossing WHERE period LIKE '% %'",
    "DELETE FROM acknowledgement WHERE period LIKE '% %'",
    "DELETE FROM budget_revision WHERE budget IN (SELECT id FROM budget WHERE narrowing <> '')",
    "DELETE FROM budget WHERE narrowing <> ''",
    "DELETE FROM note WHERE key LIKE 'narrowed_since %'",
)


def upgrade() -> None:
    with op.batch_alter_table("budget") as batch:
        batch.add_column(sa.Column("narrowing", sa.String(), nullable=False, server_default=""))
        batch.drop_constraint("uq_budget_scope", type_="unique")
        batch.create_unique_constraint("uq_budget_scope", ["scope", "unit", "narrowing"])
    op.create_table(
        "narrowed_quarter",
        sa.Column("narrowing", sa.String(), nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("platform_nanos", sa.BigInteger(), nullable=False),
        sa.Column("provider_nanos", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("narrowing", "start", name="pk_narrowed_quarter"),
    )
    op.create_index(
        "ix_budget_narrowing",
        "budget",
        ["unit", "narrowing", "scope"],
        unique=False,
        sqlite_where=_NARROWED,
        postgresql_where=_NARROWED,
    )


def downgrade() -> None:
    for statement in _FORGET:
        op.execute(statement)
    op.drop_table("narrowed_quarter")
    op.drop_index("ix_budget_narrowing", table_name="budget")
    with op.batch_alter_table("budget") as batch:
        batch.drop_constraint("uq_budget_scope", type_="unique")
        batch.create_unique_constraint("uq_budget_scope", ["scope", "unit"])
        batch.drop_column("narrowing")
