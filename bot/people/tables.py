"""The tables of people: links of Slack users to e-mails, their history, and acts that others are notified of."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from bot.database.declarations import table_of


class SlackLink(SQLModel, table=True):
    """A Slack user whom an operator matched to an e-mail of the Neo team; an e-mail belongs to one user."""

    __tablename__ = "slack_link"

    slack_user: str = Field(primary_key=True)
    email: str = Field(unique=True)


class SlackLinkChange(SQLModel, table=True):
    """A change of a link: appended, never updated."""

    __tablename__ = "slack_link_change"

    id: int | None = Field(default=None, primary_key=True)
    changed_at: int = Field(sa_type=BigInteger)
    changed_by: str  # a Slack id, or `terminal`
    slack_user: str
    email_before: str | None
    email_after: str | None


class OutgoingAct(SQLModel, table=True):
    """An act of a Slack user that others are notified of; kept for an hour, for the rate limit."""

    __tablename__ = "outgoing_act"

    id: int | None = Field(default=None, primary_key=True)
    slack_user: str
    at: int = Field(sa_type=BigInteger, index=True)


slack_link = table_of(SlackLink)
slack_link_change = table_of(SlackLinkChange)
outgoing_act = table_of(OutgoingAct)
