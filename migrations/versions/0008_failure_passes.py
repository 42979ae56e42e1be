"""Failures: the pass that a group has grown in last."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    there = {each["name"] for each in sa.inspect(op.get_bind()).get_columns("failure_group")}
    if "last_pass" not in there:  # for some days 0005 itself made it
        op.add_column("failure_group", sa.Column("last_pass", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("failure_group", "last_pass")
