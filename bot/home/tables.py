"""The table of who looks at App Home, and when theirs was last drawn."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class HomeViewer(SQLModel, table=True):
    """Somebody who has opened App Home."""

    __tablename__ = "home_viewer"

    slack_user: str = Field(primary_key=True)
    opened_at: int = Field(index=True, sa_type=BigInteger)
    drawn_at: int = Field(sa_type=BigInteger)
    looks: str  # a digest of what was drawn, but for how fresh it is
