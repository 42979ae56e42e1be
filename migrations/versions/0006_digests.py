"""Digests: what was decided for each channel and date."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "digest",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("fate", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("last_charge", sa.Integer(), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "day", name="pk_digest"),
    )


def downgrade() -> None:
    op.drop_table("digest")
