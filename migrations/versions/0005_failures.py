"""Failures, the groups that are told of them, and who wants quiet or to hear of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "failure_kind",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("cap", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_failure_kind"),
        sa.UniqueConstraint("mark", name="uq_failure_kind_mark"),
    )
    op.create_table(
        "failure_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("first", sa.Integer(), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["kind"], ["failure_kind.id"], name="fk_failure_group_kind_failure_kind"),
        sa.PrimaryKeyConstraint("id", name="pk_failure_group"),
    )
    op.create_index("ix_failure_group_first", "failure_group", ["first"], unique=False)
    op.create_index(
        "ix_failure_group_open",
        "failure_group",
        ["kind"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_failure_group_waiting",
        "failure_group",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "failure",
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("past", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("grp", sa.Integer(), nullable=True),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.Column("mended_at", sa.BigInteger(), nullable=True),
        sa.Column("streams", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["grp"], ["failure_group.id"], name="fk_failure_grp_failure_group"),
        sa.ForeignKeyConstraint(["kind"], ["failure_kind.id"], name="fk_failure_kind_failure_kind"),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name="fk_failure_task_task"),
        sa.PrimaryKeyConstraint("task", "past", name="pk_failure"),
    )
    op.create_index("ix_failure_grp", "failure", ["grp"], unique=False)
    op.create_index("ix_failure_kind", "failure", ["kind"], unique=False)
    op.create_table(
        "failure_silence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_failure_silence"),
        sa.UniqueConstraint("what", "value", name="uq_failure_silence_what"),
    )
    op.create_table(
        "failure_listener",
        sa.Column("member", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["member"], ["member.id"], name="fk_failure_listener_member_member"),
        sa.PrimaryKeyConstraint("member", name="pk_failure_listener"),
    )


def downgrade() -> None:
    for name in ("failure_listener", "failure_silence", "failure", "failure_group", "failure_kind"):
        op.drop_table(name)
