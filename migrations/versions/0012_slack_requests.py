"""Slack: which requests were taken lately."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "slack_request",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_slack_request"),
        if_not_exists=True,  # as in a ledger that was set back a schema
    )
    op.create_index("ix_slack_request_taken_at", "slack_request", ["taken_at"], if_not_exists=True)


def downgrade() -> None:
    op.drop_table("slack_request")
