"""Alerts that a budget is not expected to last its month."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_GOES_ON = sa.text("outlook != 'ended'")


def upgrade() -> None:
    op.create_table(
        "forecast_alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("alerted_at", sa.BigInteger(), nullable=False),
        sa.Column("outlook", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_forecast_alert"),
        sa.UniqueConstraint("subject", "period", name="uq_forecast_alert_subject"),
    )
    op.create_index(
        "ix_forecast_alert_open", "forecast_alert", ["id"], sqlite_where=_GOES_ON, postgresql_where=_GOES_ON
    )


def downgrade() -> None:
    op.drop_table("forecast_alert")
