"""Leases: a token that grows whenever somebody else takes one, by which who held it before is told from who holds it.

A lease that was released keeps its row, and with it the token.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("lease", sa.Column("token", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.execute("DELETE FROM lease WHERE holder = ''")
    op.drop_column("lease", "token")
