"""Indexes of what is asked every second, minute, booking or message, so that it costs the same at any age."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_OPEN = "state = 'pending' OR state = 'sending' OR state = 'unsure'"
# name, table, columns, and the rows that it holds if not all
_NEW: tuple[tuple[str, str, tuple[str, ...], str | None], ...] = (
    ("ix_notification_open", "notification", ("state", "channel"), _OPEN),
    ("ix_notification_dead", "notification", ("settled_at",), "state = 'dead'"),
    ("ix_notification_sent", "notification", ("channel", "settled_at"), "state = 'sent'"),
    ("ix_notification_covered_by", "notification", ("covered_by",), "covered_by IS NOT NULL"),
    ("ix_pass_kind", "pass", ("kind", "id"), None),
    ("ix_pass_whole", "pass", ("kind", "id"), "complete"),
    ("ix_pass_current", "pass", ("id",), "complete AND kind <> 'history'"),
    ("ix_pass_finished", "pass", ("id",), "finished_at IS NOT NULL"),
    ("ix_pass_ended", "pass", ("kind",), "finished_at IS NOT NULL"),
    ("ix_task_changed_at", "task", ("changed_at", "created_at", "member"), None),
    ("ix_member_merged_into", "member", ("merged_into",), "merged_into IS NOT NULL"),
    ("ix_failure_kind", "failure", ("kind", "past", "failed_at"), None),
    ("ix_snooze_until", "snooze", ("until",), None),
    ("ix_crossing_unit", "crossing", ("unit", "period"), None),
    ("ix_crossing_deferred", "crossing", ("subject", "unit"), "deferred <> ''"),
    ("ix_crossing_summed", "crossing", ("revision",), "decision = 'SUMMARY'"),
    ("ix_budget_request_open", "budget_request", ("unit", "member"), "state = 'open'"),
    ("ix_digest_incomplete", "digest", ("decided_at",), "NOT complete"),
    ("ix_incident_name", "incident", ("name",), None),
    ("ix_home_viewer_opened_at", "home_viewer", ("opened_at",), None),
)
_REPLACED = (("ix_notification_open", "notification"), ("ix_failure_kind", "failure"))


def upgrade() -> None:
    for name, table in _REPLACED:
        op.drop_index(name, table)
    for name, table, columns, rows in _NEW:
        where = None if rows is None else sa.text(rows)
        op.create_index(
            name, table, list(columns), unique=False, sqlite_where=where, postgresql_where=where, if_not_exists=True
        )


def downgrade() -> None:
    for name, table, _, _ in reversed(_NEW):
        op.drop_index(name, table)
    op.create_index("ix_failure_kind", "failure", ["kind"], unique=False)
    rows = sa.text("state IN ('pending', 'sending', 'unsure')")
    op.create_index(
        "ix_notification_open", "notification", ["state", "next_at"], sqlite_where=rows, postgresql_where=rows
    )
