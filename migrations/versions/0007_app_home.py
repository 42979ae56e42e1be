"""App Home: who looks at it, and when theirs was last drawn."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "home_viewer",
        sa.Column("slack_user", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.Column("looks", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("slack_user", name="pk_home_viewer"),
    )


def downgrade() -> None:
    op.drop_table("home_viewer")
