"""Totals of narrowed budgets for each subject that has one, not for the team alone; they are summed again when used."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.drop_table("narrowed_quarter")
    op.create_table(
        "narrowed_quarter",
        sa.Column("narrowing", sa.String(), nullable=False),
        sa.Column("subject", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("platform_nanos", sa.BigInteger(), nullable=False),
        sa.Column("provider_nanos", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("narrowing", "subject", "start", name="pk_narrowed_quarter"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "narrowed_subject",
        sa.Column("narrowing", sa.String(), nullable=False),
        sa.Column("subject", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("narrowing", "subject", name="pk_narrowed_subject"),
        sqlite_with_rowid=False,
    )
    op.execute("DELETE FROM note WHERE key LIKE 'narrowed_since %'")


def downgrade() -> None:
    op.drop_table("narrowed_subject")
    op.drop_table("narrowed_quarter")
    op.create_table(
        "narrowed_quarter",
        sa.Column("narrowing", sa.String(), nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("platform_nanos", sa.BigInteger(), nullable=False),
        sa.Column("provider_nanos", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("narrowing", "start", name="pk_narrowed_quarter"),
    )
