"""Which periods have budgets is asked at every booking: an index answers it, however many budgets there are."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_LIMITED = sa.text("limit_nanos IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_budget_unit", "budget", ["unit"], unique=False, sqlite_where=_LIMITED, postgresql_where=_LIMITED
    )


def downgrade() -> None:
    op.drop_index("ix_budget_unit", table_name="budget")
