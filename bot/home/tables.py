"""The table of App Home's viewers, and when their page was last published."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class HomeViewer(SQLModel, table=True):
    """Somebody who has opened App Home."""

    __tablename__ = "home_viewer"

    slack_user: str = Field(primary_key=True)
    opened_at: int = Field(index=True, sa_type=BigInteger)
    drawn_at: int = Field(sa_type=BigInteger)
    looks: str  # a hash of what was published, without how fresh it is
