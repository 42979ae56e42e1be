"""The table of subscriptions."""

from sqlalchemy import BigInteger, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.database.declarations import partial_index, table_of

ACTIVE = text("ended_at IS NULL")  # in these words, which the index is used by


class Subscription(SQLModel, table=True):
    """A question whose answer is posted on a schedule, by an owner (a Slack id), who knows it by its number.

    `destination` is a channel or a user's direct messages, as notifications have it; `question` a line of the query
    language; `last_day` the last local date (ISO) whose answer was enqueued.
    """

    __table_args__ = (
        UniqueConstraint("owner", "number", name="uq_subscription_owner"),
        partial_index("ix_subscription_active", "id", where=ACTIVE),
    )

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    number: int
    destination: str
    question: str
    schedule: str
    created_at: int = Field(sa_type=BigInteger)
    last_day: str | None
    ended_at: int | None = Field(sa_type=BigInteger)
    ended_by: str | None  # a Slack id, `terminal`, or None for the bot itself
    end_reason: str | None  # an EndReason


subscription = table_of(Subscription)
