"""The ledger's tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "coverage",
        sa.Column("covered_from", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("covered_to", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("covered_from", name="pk_coverage"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("merged_into", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["merged_into"], ["member.id"], name="fk_member_merged_into_member"),
        sa.PrimaryKeyConstraint("id", name="pk_member"),
        sa.UniqueConstraint("email", name="uq_member_email"),
    )
    op.create_table(
        "note",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_note"),
    )
    op.create_table(
        "pass",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("window_from", sa.BigInteger(), nullable=True),
        sa.Column("window_to", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("grown", sa.Integer(), nullable=False),
        sa.Column("restated", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_pass"),
    )
    op.create_index("ix_pass_started_at", "pass", ["started_at"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_quarantine"),
    )
    op.create_table(
        "seen",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name="pk_seen"),
    )
    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("member", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("platform_nanos", sa.BigInteger(), nullable=True),
        sa.Column("provider_nanos", sa.BigInteger(), nullable=True),
        sa.Column("neo_credits", sa.String(), nullable=True),
        sa.Column("llm_cost", sa.String(), nullable=True),
        sa.Column("neo_cost", sa.String(), nullable=True),
        sa.Column("is_byok", sa.Boolean(), nullable=False),
        sa.Column("mixed", sa.Boolean(), nullable=False),
        sa.Column("by_unit", sa.Boolean(), nullable=False),
        sa.Column("restated", sa.Boolean(), nullable=False),
        sa.Column("cost_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("stream_count", sa.Integer(), nullable=True),
        sa.Column("step_count", sa.Integer(), nullable=False),
        sa.Column("tool_calls", sa.Integer(), nullable=False),
        sa.Column("agent_triggers", sa.Integer(), nullable=False),
        sa.Column("llm_time_ms", sa.BigInteger(), nullable=True),
        sa.Column("tool_time_ms", sa.BigInteger(), nullable=True),
        sa.Column("total_execution_ms", sa.BigInteger(), nullable=True),
        sa.Column("avg_step_latency_ms", sa.BigInteger(), nullable=True),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("missed_at", sa.BigInteger(), nullable=True),
        sa.Column("missing_since", sa.BigInteger(), nullable=True),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["member"], ["member.id"], name="fk_task_member_member"),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
        sa.UniqueConstraint("task_id", name="uq_task_task_id"),
    )
    op.create_index("ix_task_created_at", "task", ["created_at", "task_id", "fingerprint"], unique=False)
    op.create_index(
        "ix_task_missed_at",
        "task",
        ["missed_at"],
        unique=False,
        sqlite_where=sa.text("missed_at IS NOT NULL"),
        postgresql_where=sa.text("missed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_task_without_cost",
        "task",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("platform_nanos IS NULL AND provider_nanos IS NULL"),
        postgresql_where=sa.text("platform_nanos IS NULL AND provider_nanos IS NULL"),
    )
    op.create_table(
        "charge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("member", sa.Integer(), nullable=False),
        sa.Column("platform_nanos", sa.BigInteger(), nullable=False),
        sa.Column("provider_nanos", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.BigInteger(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["member"], ["member.id"], name="fk_charge_member_member"),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name="fk_charge_task_task"),
        sa.PrimaryKeyConstraint("id", name="pk_charge"),
    )
    op.create_index(
        "ix_charge_booked_at",
        "charge",
        ["booked_at", "member", "task", "platform_nanos", "provider_nanos"],
        unique=False,
    )
    op.create_index(
        "ix_charge_member",
        "charge",
        ["member", "booked_at", "task", "platform_nanos", "provider_nanos"],
        unique=False,
    )
    op.create_index("ix_charge_task", "charge", ["task"], unique=False)
    op.create_table(
        "task_detail",
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("tools", sa.String(), nullable=True),
        sa.Column("agents", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name="fk_task_detail_task_task"),
        sa.PrimaryKeyConstraint("task", name="pk_task_detail"),
    )


def downgrade() -> None:
    op.drop_table("task_detail")
    op.drop_index("ix_charge_task", table_name="charge")
    op.drop_index("ix_charge_member", table_name="charge")
    op.drop_index("ix_charge_booked_at", table_name="charge")
    op.drop_table("charge")
    op.drop_index(
        "ix_task_without_cost",
        table_name="task",
        sqlite_where=sa.text("platform_nanos IS NULL AND provider_nanos IS NULL"),
        postgresql_where=sa.text("platform_nanos IS NULL AND provider_nanos IS NULL"),
    )
    op.drop_index(
        "ix_task_missed_at",
        table_name="task",
        sqlite_where=sa.text("missed_at IS NOT NULL"),
        postgresql_where=sa.text("missed_at IS NOT NULL"),
    )
    op.drop_index("ix_task_created_at", table_name="task")
    op.drop_table("task")
    op.drop_table("seen")
    op.drop_table("quarantine")
    op.drop_index("ix_pass_started_at", table_name="pass")
    op.drop_table("pass")
    op.drop_table("note")
    op.drop_table("member")
    op.drop_table("lease")
    op.drop_table("coverage")
