"""The keys of messages carry the id of the ledger that first owed them: no two ledgers ever post under one key."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # what earlier versions posted carries no id, and is found by the key it has
    op.add_column("notification", sa.Column("ledger", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("notification", "ledger")
