"""The table of the requests that were accepted lately, so that none is served twice."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from bot.database.declarations import table_of


class SlackRequest(SQLModel, table=True):
    """An accepted request, kept for as long as Slack, or somebody who recorded it, could send it again."""

    __tablename__ = "slack_request"

    key: str = Field(primary_key=True)  # a digest of its signature, its trigger, or its message's channel and `ts`
    taken_at: int = Field(sa_type=BigInteger, index=True)


slack_request = table_of(SlackRequest)
