"""The table of Slack's requests: which were taken lately, so that none is worked on twice."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class SlackRequest(SQLModel, table=True):
    """A request that was taken, kept for as long as Slack, or somebody who recorded it, may send it again."""

    __tablename__ = "slack_request"

    key: str = Field(primary_key=True)  # a digest of its signature, its trigger, or its message's place
    taken_at: int = Field(sa_type=BigInteger, index=True)
