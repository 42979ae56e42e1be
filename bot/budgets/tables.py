"""The tables of budgets: limits with their history, the steps that were passed, and what people did about them.

A subject is a member's id, or 0 for the team. A period is stored as its unit and label (`month`, `2026-11`); of a
budget that counts only some tasks, the label names these too (`2026-11 model:opus`).
"""

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.database.declarations import IN_KEY_ORDER, partial_index, table_of

_ENDING = text("ends_at IS NOT NULL")
_LIMITED = text("limit_nanos IS NOT NULL")
_NARROWED = text("narrowing <> ''")
_SUMMED = text("decision = 'SUMMARY'")
_WAITING = text("outcome IS NULL")
_OPEN = text("state = 'open'")
_GOES_ON = text("outlook != 'ended'")


class Budget(SQLModel, table=True):
    """A budget as it stands. Its present revision is the newest one that has not ended."""

    __table_args__ = (
        UniqueConstraint("scope", "unit", "narrowing", name="uq_budget_scope"),
        partial_index("ix_budget_ending", "ends_at", where=_ENDING),
        partial_index("ix_budget_unit", "unit", where=_LIMITED),
        partial_index("ix_budget_narrowing", "unit", "narrowing", "scope", where=_NARROWED),
    )

    id: int | None = Field(default=None, primary_key=True)
    scope: int  # a member's id, 0 for the team, -1 for every member by default
    unit: str
    narrowing: str  # which tasks it counts, see `TaskNarrowing`; empty: all
    revision: int
    limit_nanos: int | None = Field(sa_type=BigInteger)  # None: removed
    ends_at: int | None = Field(sa_type=BigInteger)


class NarrowedQuarter(SQLModel, table=True):
    """What a subject spent within a quarter of an hour on the tasks that a budget of theirs counts, if not all."""

    __tablename__ = "narrowed_quarter"
    __table_args__ = (IN_KEY_ORDER,)

    narrowing: str = Field(primary_key=True)
    subject: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    start: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    platform_nanos: int = Field(sa_type=BigInteger)
    provider_nanos: int = Field(sa_type=BigInteger)


class NarrowedSubject(SQLModel, table=True):
    """A subject whose spend on some tasks is summed in narrowed quarters, and from which quarter on."""

    __tablename__ = "narrowed_subject"
    __table_args__ = (IN_KEY_ORDER,)

    narrowing: str = Field(primary_key=True)
    subject: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    since: int = Field(sa_type=BigInteger)


class BudgetRevision(SQLModel, table=True):
    """A limit that was set: who set it, when, from what, to what, and why. Rows are appended, never changed."""

    __tablename__ = "budget_revision"

    id: int | None = Field(default=None, primary_key=True)
    budget: int = Field(foreign_key="budget.id", index=True)
    limit_nanos: int | None = Field(sa_type=BigInteger)
    ends_at: int | None = Field(sa_type=BigInteger)
    before_nanos: int | None = Field(sa_type=BigInteger)
    set_at: int = Field(sa_type=BigInteger)
    set_by: str  # a Slack id, or `terminal`
    reason: str | None


class Crossing(SQLModel, table=True):
    """The durable fact that a subject passed a step of a revision in a period, and what was decided about it."""

    __table_args__ = (
        UniqueConstraint("subject", "unit", "period", "revision", "step", name="uq_crossing_subject"),
        Index("ix_crossing_unit", "unit", "period"),
        partial_index("ix_crossing_summed", "revision", where=_SUMMED),
    )

    id: int | None = Field(default=None, primary_key=True)
    subject: int
    unit: str
    period: str
    revision: int = Field(foreign_key="budget_revision.id")
    step: int
    limit_nanos: int = Field(sa_type=BigInteger)
    spend_nanos: int = Field(sa_type=BigInteger)
    crossed_at: int = Field(sa_type=BigInteger)
    last_charge: int  # the id of the newest charge then
    late: bool  # the period had ended
    decision: str


class ForecastAlert(SQLModel, table=True):
    """An alert that a budget of a month is not expected to last: one a subject, month and what the budget counts."""

    __tablename__ = "forecast_alert"
    __table_args__ = (
        UniqueConstraint("subject", "period", name="uq_forecast_alert_subject"),
        partial_index("ix_forecast_alert_open", "id", where=_GOES_ON),
    )

    id: int | None = Field(default=None, primary_key=True)
    subject: int
    period: str
    alerted_at: int = Field(sa_type=BigInteger)
    outlook: str  # an Outlook: what its message says


class Deferral(SQLModel, table=True):
    """A notification that was not sent to an audience at once, because it had snoozed the budget.

    A row is deleted when the notification is sent at the end of the snooze.
    """

    __table_args__ = (
        UniqueConstraint("crossing", "audience", name="uq_deferral_crossing"),
        partial_index("ix_deferral_waiting", "audience", "crossing", where=_WAITING),
    )

    id: int | None = Field(default=None, primary_key=True)
    crossing: int = Field(foreign_key="crossing.id")
    audience: str
    outcome: str | None  # why it was not sent at the end of the snooze either; None while it waits


class Snooze(SQLModel, table=True):
    """Somebody does not want to be notified of a subject's budgets of a unit for a while."""

    __table_args__ = (
        UniqueConstraint("subject", "unit", "audience", name="uq_snooze_subject"),
        Index("ix_snooze_until", "until"),
    )

    id: int | None = Field(default=None, primary_key=True)
    subject: int
    unit: str
    audience: str
    until: int = Field(sa_type=BigInteger)
    set_by: str
    set_at: int = Field(sa_type=BigInteger)
    reason: str | None


class Acknowledgement(SQLModel, table=True):
    """Somebody has seen that a budget is passed in a period."""

    subject: int = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    by: str
    at: int = Field(sa_type=BigInteger)


class BudgetRequest(SQLModel, table=True):
    """A member asked for a limit of their own; an operator approves or declines, once."""

    __tablename__ = "budget_request"
    __table_args__ = (partial_index("ix_budget_request_open", "unit", "member", where=_OPEN),)

    id: int | None = Field(default=None, primary_key=True)
    member: int = Field(foreign_key="member.id")
    unit: str
    limit_nanos: int = Field(sa_type=BigInteger)
    ends_at: int | None = Field(sa_type=BigInteger)
    reason: str | None
    asked_by: str
    asked_at: int = Field(sa_type=BigInteger)
    state: str
    decided_by: str | None
    decided_at: int | None = Field(sa_type=BigInteger)
    decision_reason: str | None


acknowledgement = table_of(Acknowledgement)
budget = table_of(Budget)
budget_request = table_of(BudgetRequest)
budget_revision = table_of(BudgetRevision)
crossing = table_of(Crossing)
deferral = table_of(Deferral)
forecast_alert = table_of(ForecastAlert)
narrowed_quarter = table_of(NarrowedQuarter)
narrowed_subject = table_of(NarrowedSubject)
snooze = table_of(Snooze)
