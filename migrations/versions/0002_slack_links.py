"""Who was linked to which e-mail, and by whom."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "slack_link",
        sa.Column("slack_user", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("slack_user", name="pk_slack_link"),
        sa.UniqueConstraint("email", name="uq_slack_link_email"),
    )
    op.create_table(
        "slack_link_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("slack_user", sa.String(), nullable=False),
        sa.Column("email_before", sa.String(), nullable=True),
        sa.Column("email_after", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_slack_link_change"),
    )


def downgrade() -> None:
    op.drop_table("slack_link_change")
    op.drop_table("slack_link")
