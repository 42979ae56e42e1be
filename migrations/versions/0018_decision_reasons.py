"""Budget requests: why one was declined."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("budget_request", sa.Column("decision_reason", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("budget_request", "decision_reason")
