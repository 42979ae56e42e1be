"""The ledger's tables, as SQLModel declares them; `migrations/` makes them.

Amounts are integers of USD nanos, moments are microseconds since 1970 UTC (see `bot.domain.timestamps`).
"""

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field, SQLModel

from bot.database.declarations import partial_index, table_of

_WITHOUT_COST = text("platform_nanos IS NULL AND provider_nanos IS NULL")
_MISSED = text("missed_at IS NOT NULL")
_MERGED = text("merged_into IS NOT NULL")
_UNNUMBERED = {"autoincrement": False}  # a key that the database does not count up

# conditions as the indexes have them: SQLite uses a partial index only for the very words of its condition
WHOLE = text("complete")
CURRENT = text("complete AND kind <> 'history'")
FINISHED = text("finished_at IS NOT NULL")


def _nanos(*, known: bool) -> Column[int]:
    return Column(BigInteger, nullable=not known)


class Member(SQLModel, table=True):
    """A person of the Neo team; the empty e-mail is "unattributed". A merged one points to its member."""

    __table_args__ = (partial_index("ix_member_merged_into", "merged_into", where=_MERGED),)

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True)
    merged_into: int | None = Field(default=None, foreign_key="member.id")


class Task(SQLModel, table=True):
    """A task as it is now: what the upstream last reported, and the totals its charges sum to."""

    __table_args__ = (
        Index("ix_task_created_at", "created_at", "task_id", "fingerprint"),
        partial_index("ix_task_without_cost", "created_at", where=_WITHOUT_COST),
        partial_index("ix_task_missed_at", "missed_at", where=_MISSED),
        Index("ix_task_changed_at", "changed_at", "created_at", "member"),
    )

    id: int | None = Field(default=None, primary_key=True)  # SQLite makes an Integer key the row itself
    task_id: str = Field(unique=True)
    member: int = Field(foreign_key="member.id")
    model: str
    status: str
    created_at: int = Field(sa_type=BigInteger)
    platform_nanos: int | None = Field(sa_column=_nanos(known=False))
    provider_nanos: int | None = Field(sa_column=_nanos(known=False))
    neo_credits: str | None  # the three amounts as the upstream wrote them, to price again
    llm_cost: str | None
    neo_cost: str | None
    is_byok: bool
    mixed: bool
    by_unit: bool
    restated: bool
    cost_withdrawn: bool
    without_email: bool  # no row of it has ever carried one
    stream_count: int | None
    step_count: int
    tool_calls: int
    agent_triggers: int
    llm_time_ms: int | None = Field(sa_type=BigInteger)
    tool_time_ms: int | None = Field(sa_type=BigInteger)
    total_execution_ms: int | None = Field(sa_type=BigInteger)
    avg_step_latency_ms: int | None = Field(sa_type=BigInteger)
    first_seen_at: int = Field(sa_type=BigInteger)
    changed_at: int = Field(sa_type=BigInteger)
    missed_at: int | None = Field(default=None, sa_type=BigInteger)
    missing_since: int | None = Field(default=None, sa_type=BigInteger)
    fingerprint: int = Field(sa_type=BigInteger)


class TaskDetail(SQLModel, table=True):
    """The wide, seldom read part of a task: texts, and its tools and agents as JSON."""

    __tablename__ = "task_detail"

    task: int | None = Field(default=None, primary_key=True, foreign_key="task.id")
    title: str | None
    error_message: str | None
    tools: str | None  # {"nuclei": {"calls": 7, "total_duration_ms": 61000}}
    agents: str | None  # {"recon": triggers}


class Charge(SQLModel, table=True):
    """An entry of the ledger: appended, never changed, but for its member when members are merged."""

    __table_args__ = (
        Index("ix_charge_booked_at", "booked_at", "member", "task", "platform_nanos", "provider_nanos"),
        Index("ix_charge_member", "member", "booked_at", "task", "platform_nanos", "provider_nanos"),
    )

    id: int | None = Field(default=None, primary_key=True)
    task: int = Field(foreign_key="task.id", index=True)
    member: int = Field(foreign_key="member.id")
    platform_nanos: int = Field(sa_column=_nanos(known=True))
    provider_nanos: int = Field(sa_column=_nanos(known=True))
    booked_at: int = Field(sa_type=BigInteger)
    observed_at: int = Field(sa_type=BigInteger)
    kind: str  # see `EntryKind`
    platform_by_unit: int | None = Field(default=None, sa_column=_nanos(known=False))  # the part that rests on the
    provider_by_unit: int | None = Field(default=None, sa_column=_nanos(known=False))  # BYOK unit; None: not recorded


class ChargeQuarter(SQLModel, table=True):
    """What was booked within a quarter of an hour: the charges' sums, kept so that long windows add up quickly."""

    __tablename__ = "charge_quarter"

    start: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs=_UNNUMBERED)
    platform_nanos: int = Field(sa_column=_nanos(known=True))
    provider_nanos: int = Field(sa_column=_nanos(known=True))


class Pass(SQLModel, table=True):
    """One pass over the upstream: what it was to read, and how it ended."""

    __table_args__ = (
        Index("ix_pass_kind", "kind", "id"),
        partial_index("ix_pass_whole", "kind", "id", where=WHOLE),
        partial_index("ix_pass_current", "id", where=CURRENT),
        partial_index("ix_pass_finished", "id", where=FINISHED),
        partial_index("ix_pass_ended", "kind", where=FINISHED),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    window_from: int | None = Field(sa_type=BigInteger)
    window_to: int = Field(sa_type=BigInteger)
    started_at: int = Field(index=True, sa_type=BigInteger)
    finished_at: int | None = Field(default=None, sa_type=BigInteger)
    complete: bool = False
    pages: int = 0
    tasks: int = 0
    new: int = 0
    grown: int = 0
    restated: int = 0
    quarantined: int = 0
    error: str | None = None
    ending: str | None = None  # see `PassOutcome`; None while it goes on, or where its process was killed


class Coverage(SQLModel, table=True):
    """An interval of creation time that complete passes have read without a gap."""

    covered_from: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs=_UNNUMBERED)
    covered_to: int = Field(sa_type=BigInteger)


class Quarantine(SQLModel, table=True):
    """A row of the upstream that could not be booked, until a good one takes its place."""

    key: str = Field(primary_key=True)  # the task's id, or a digest of a row that has none
    reason: str
    first_seen_at: int = Field(sa_type=BigInteger)
    last_seen_at: int = Field(sa_type=BigInteger)
    created_at: int | None = Field(default=None, sa_type=BigInteger)  # of its task, where that can be read
    seen_from: int | None = Field(default=None, sa_type=BigInteger)  # the start of the window it was last listed in
    last_pass: int = 0  # the one that saw it last


class Seen(SQLModel, table=True):
    """A model or status that some task has had."""

    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)


member = table_of(Member)
task = table_of(Task)
task_detail = table_of(TaskDetail)
charge = table_of(Charge)
charge_quarter = table_of(ChargeQuarter)
pass_ = table_of(Pass)
coverage = table_of(Coverage)
quarantine = table_of(Quarantine)
seen = table_of(Seen)
