"""The tables of people: which Slack user was linked to which e-mail, and who did it when."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class SlackLink(SQLModel, table=True):
    """A Slack user whom an operator matched to an e-mail of the Neo team; it is theirs alone."""

    __tablename__ = "slack_link"

    slack_user: str = Field(primary_key=True)
    email: str = Field(unique=True)


class SlackLinkChange(SQLModel, table=True):
    """What became of a link: appended, never changed."""

    __tablename__ = "slack_link_change"

    id: int | None = Field(default=None, primary_key=True)
    changed_at: int = Field(sa_type=BigInteger)
    changed_by: str  # a Slack id, or `terminal`
    slack_user: str
    email_before: str | None
    email_after: str | None


class OutgoingAct(SQLModel, table=True):
    """Somebody did something that others are told of; kept for an hour."""

    __tablename__ = "outgoing_act"

    id: int | None = Field(default=None, primary_key=True)
    slack_user: str
    at: int = Field(sa_type=BigInteger, index=True)
