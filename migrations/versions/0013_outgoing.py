"""People: what each has lately done that others are told of. Digests: the moments that each one tells of."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "outgoing_act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slack_user", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing_act"),
        if_not_exists=True,  # as in a ledger that was set back a schema
    )
    op.create_index("ix_outgoing_act_at", "outgoing_act", ["at"], if_not_exists=True)
    there = {each["name"] for each in sa.inspect(op.get_bind()).get_columns("digest")}
    for name in ("begins_at", "ends_at"):
        if name not in there:
            op.add_column("digest", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("digest", "ends_at")
    op.drop_column("digest", "begins_at")
    op.drop_table("outgoing_act")
