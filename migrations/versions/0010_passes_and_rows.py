"""Passes say how they ended, charges what of them rests on the BYOK unit, bad rows where they were seen."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("pass", sa.Column("ending", sa.String(), nullable=True))
    op.execute(
        "UPDATE pass SET ending = CASE WHEN complete THEN 'complete' WHEN error IS NOT NULL THEN 'failed'"
        " ELSE 'incomplete' END WHERE finished_at IS NOT NULL"
    )
    op.add_column("task", sa.Column("without_email", sa.Boolean(), nullable=False, server_default="0"))
    # of a member who took over nobody's tasks it is not known which those are: better no alarm than a false one
    op.execute(
        "UPDATE task SET without_email = true"
        " WHERE member IN (SELECT coalesce(merged_into, id) FROM member WHERE email = '')"
    )
    for name in ("platform_by_unit", "provider_by_unit"):
        op.add_column("charge", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("quarantine", sa.Column("created_at", sa.BigInteger(), nullable=True))
    op.add_column("quarantine", sa.Column("seen_from", sa.BigInteger(), nullable=True))
    op.add_column("quarantine", sa.Column("last_pass", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE quarantine SET seen_from = first_seen_at - 259200000000")  # what a tail reads: seen again if not


def downgrade() -> None:
    for table, columns in (
        ("quarantine", ("last_pass", "seen_from", "created_at")),
        ("charge", ("provider_by_unit", "platform_by_unit")),
        ("task", ("without_email",)),
        ("pass", ("ending",)),
    ):
        for name in columns:
            op.drop_column(table, name)
