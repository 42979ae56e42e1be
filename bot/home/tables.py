"""The table of App Home's viewers, and when their page was last published."""

from sqlalchemy import BigInteger, Column, String
from sqlmodel import Field, SQLModel

from bot.database.declarations import table_of


class HomeViewer(SQLModel, table=True):
    """Somebody who has opened App Home."""

    __tablename__ = "home_viewer"

    slack_user: str = Field(primary_key=True)
    opened_at: int = Field(index=True, sa_type=BigInteger)
    claimed_at: int = Field(sa_column=Column("drawn_at", BigInteger, nullable=False))  # by the last publication
    content_hash: str = Field(sa_column=Column("looks", String, nullable=False))  # of the page without its last block


home_viewer = table_of(HomeViewer)
