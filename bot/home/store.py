"""The store of App Home: who views it, and what was last published for them."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.domain.timestamps import to_us

REFRESHED_FOR = timedelta(days=7)  # how long after its last opening a page is kept fresh
INTERVAL = timedelta(minutes=1)  # the least time between two publications for one viewer
RETAIN = timedelta(days=30)  # of viewers; longer than REFRESHED_FOR
UNKNOWN = ""  # in place of a hash: the next page differs from it, whatever it is


def record_opening(connection: Connection, user: str, now: datetime) -> None:
    """Record that a viewer opens it, and forget the published hash, so that the page is published in any case."""
    connection.exec_driver_sql(
        "INSERT INTO home_viewer (slack_user, opened_at, drawn_at, looks) VALUES (?,?,0,?)"
        " ON CONFLICT (slack_user) DO UPDATE SET opened_at = excluded.opened_at, looks = excluded.looks",
        (user, to_us(now), UNKNOWN),
    )


_CLAIM = "UPDATE home_viewer SET drawn_at = ? WHERE slack_user = ? AND (drawn_at <= ? OR drawn_at > ?)"


def claim_publication(connection: Connection, user: str, now: datetime, *, at_once: bool) -> bool:
    """Claim the next publication for a viewer; return whether it was free: once a minute, among all processes.

    `at_once` does not wait for that minute. A claim of the future is of a clock that ran ahead, and does not count.
    """
    before = to_us(now) if at_once else to_us(now - INTERVAL)
    return bool(connection.exec_driver_sql(_CLAIM, (to_us(now), user, before, to_us(now))).rowcount)


def record_published(connection: Connection, user: str, content_hash: str) -> None:
    """Record the hash of the content that was published for a viewer."""
    connection.exec_driver_sql("UPDATE home_viewer SET looks = ? WHERE slack_user = ?", (content_hash, user))


def published_hash(reads: Connection, user: str) -> str:
    """Return the hash of the content that was last published for a viewer; UNKNOWN if none was."""
    row = reads.exec_driver_sql("SELECT looks FROM home_viewer WHERE slack_user = ?", (user,)).first()
    return str(row[0]) if row else UNKNOWN


def recent_viewers(reads: Connection, now: datetime) -> list[str]:
    """Return the Slack ids of those who have opened it lately."""
    sql = "SELECT slack_user FROM home_viewer WHERE opened_at > ?"
    return [row[0] for row in reads.exec_driver_sql(sql, (to_us(now - REFRESHED_FOR),)).all()]


def prune(connection: Connection, now: datetime) -> int:
    """Delete viewers who have not opened it for long, and return how many; whoever comes back is a new viewer."""
    before = to_us(now - RETAIN)
    return connection.exec_driver_sql("DELETE FROM home_viewer WHERE opened_at < ?", (before,)).rowcount
