"""The ledger has an id, which the keys of its messages carry: no two ledgers ever post under one key."""

from secrets import token_hex

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # what earlier versions posted carries no id, and is found by the key it has
    op.add_column("notification", sa.Column("ledger", sa.String(), nullable=False, server_default=""))
    notes = sa.table("note", sa.column("key", sa.String()), sa.column("value", sa.String()))
    known = op.get_bind().execute(sa.select(notes.c.value).where(notes.c.key == "ledger_id")).first()
    if known is None:  # a restored ledger has been given its own already
        op.bulk_insert(notes, [{"key": "ledger_id", "value": token_hex(4)}])


def downgrade() -> None:
    op.execute("DELETE FROM note WHERE key = 'ledger_id'")
    op.drop_column("notification", "ledger")
