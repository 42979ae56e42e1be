"""Deferrals: the notifications that a snooze has kept back, one a row, which were a list in a text of the crossing."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_WAITING = sa.text("outcome IS NULL")
_DEFERRED = sa.text("deferred <> ''")
_CROSSINGS = sa.text("SELECT id, deferred FROM crossing WHERE deferred <> '' ORDER BY id")
_INSERT = sa.text("INSERT INTO deferral (crossing, audience, outcome) VALUES (:crossing, :audience, :outcome)")
_DEFERRALS = sa.text("SELECT crossing, audience, outcome FROM deferral ORDER BY id")
_UPDATE = sa.text("UPDATE crossing SET deferred = :deferred WHERE id = :crossing")


def upgrade() -> None:
    op.create_table(
        "deferral",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("crossing", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["crossing"], ["crossing.id"], name="fk_deferral_crossing_crossing"),
        sa.PrimaryKeyConstraint("id", name="pk_deferral"),
        sa.UniqueConstraint("crossing", "audience", name="uq_deferral_crossing"),
    )
    op.create_index(
        "ix_deferral_waiting", "deferral", ["audience", "crossing"], sqlite_where=_WAITING, postgresql_where=_WAITING
    )
    connection = op.get_bind()
    for crossing, deferred in connection.execute(_CROSSINGS).all():
        for part in deferred.split():  # "dm" while it waits, "dm:REPLACED" once it is known why it is not sent
            audience, _, outcome = part.partition(":")
            connection.execute(_INSERT, {"crossing": crossing, "audience": audience, "outcome": outcome or None})
    op.drop_index("ix_crossing_deferred", "crossing")
    op.drop_column("crossing", "deferred")


def downgrade() -> None:
    op.add_column("crossing", sa.Column("deferred", sa.String(), nullable=False, server_default=""))
    op.create_index(
        "ix_crossing_deferred", "crossing", ["subject", "unit"], sqlite_where=_DEFERRED, postgresql_where=_DEFERRED
    )
    connection = op.get_bind()
    parts: dict[int, list[str]] = {}
    for crossing, audience, outcome in connection.execute(_DEFERRALS).all():
        parts.setdefault(crossing, []).append(f"{audience}:{outcome}" if outcome else audience)
    for crossing, each in parts.items():
        connection.execute(_UPDATE, {"crossing": crossing, "deferred": " ".join(each)})
    op.drop_table("deferral")
