"""The store of App Home: who views it, and what was last published for them."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from bot.database.personal_rows import Document, documents
from bot.database.statements import insert
from bot.domain.person import Person
from bot.domain.timestamps import to_us
from bot.home.tables import home_viewer

REFRESHED_FOR = timedelta(days=7)  # how long after its last opening a page is kept fresh
INTERVAL = timedelta(minutes=1)  # the least time between two publications for one viewer
RETAIN = timedelta(days=30)  # of viewers; longer than REFRESHED_FOR
UNKNOWN = ""  # in place of a hash: the next page differs from it, whatever it is

_OF_VIEWER = home_viewer.c.slack_user == bindparam("viewer")
_INSERT = insert(home_viewer).values(drawn_at=0)
_RECORD_OPENING = _INSERT.on_conflict_do_update(
    index_elements=[home_viewer.c.slack_user],
    set_={"opened_at": _INSERT.excluded.opened_at, "looks": _INSERT.excluded.looks},
)
_CLAIM = update(home_viewer).where(
    _OF_VIEWER, or_(home_viewer.c.drawn_at <= bindparam("before"), home_viewer.c.drawn_at > bindparam("now"))
)
_RECORD_PUBLISHED = update(home_viewer).where(_OF_VIEWER)
_HASH = select(home_viewer.c.looks).where(_OF_VIEWER)
_RECENT_VIEWERS = select(home_viewer.c.slack_user).where(home_viewer.c.opened_at > bindparam("since"))
_PRUNE = delete(home_viewer).where(home_viewer.c.opened_at < bindparam("before"))


def record_opening(connection: Connection, user: str, now: datetime) -> None:
    """Record that a viewer opens it, and forget the published hash, so that the page is published in any case."""
    connection.execute(_RECORD_OPENING, {"slack_user": user, "opened_at": to_us(now), "looks": UNKNOWN})


def claim_publication(connection: Connection, user: str, now: datetime, *, at_once: bool) -> bool:
    """Claim the next publication for a viewer; return whether it was free: once a minute, among all processes.

    `at_once` does not wait for that minute. A claim of the future is of a clock that ran ahead, and does not count.
    """
    before = to_us(now) if at_once else to_us(now - INTERVAL)
    values = {"drawn_at": to_us(now), "viewer": user, "before": before, "now": to_us(now)}
    return bool(connection.execute(_CLAIM, values).rowcount)


def record_published(connection: Connection, user: str, content_hash: str) -> None:
    """Record the hash of the content that was published for a viewer."""
    connection.execute(_RECORD_PUBLISHED, {"viewer": user, "looks": content_hash})


def published_hash(connection: Connection, user: str) -> str:
    """Return the hash of the content that was last published for a viewer; UNKNOWN if none was."""
    row = connection.execute(_HASH, {"viewer": user}).first()
    return str(row.looks) if row else UNKNOWN


def recent_viewers(connection: Connection, now: datetime) -> list[str]:
    """Return the Slack ids of those who have opened it lately."""
    return list(connection.execute(_RECENT_VIEWERS, {"since": to_us(now - REFRESHED_FOR)}).scalars())


def prune(connection: Connection, now: datetime) -> int:
    """Delete viewers who have not opened it for long, and return how many; whoever comes back is a new viewer."""
    return connection.execute(_PRUNE, {"before": to_us(now - RETAIN)}).rowcount


# --- a person ------------------------------------------------------------------------------------


def erase_viewer(connection: Connection, person: Person) -> None:
    """Delete that a person has opened it."""
    connection.execute(delete(home_viewer).where(home_viewer.c.slack_user.in_(person.slack_users)))


def exported_viewer(connection: Connection, person: Person) -> dict[str, list[Document]]:
    """Return when a person has opened it."""
    return {"home_viewer": documents(connection, home_viewer, home_viewer.c.slack_user.in_(person.slack_users))}
