"""Notifications: whether one goes before those that nobody waits for."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("notification", sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.execute(
        "UPDATE notification SET urgent = false"
        " WHERE stem = 'welcome' OR stem LIKE 'request:%' OR stem LIKE 'decided:%'"
    )


def downgrade() -> None:
    op.drop_column("notification", "urgent")
