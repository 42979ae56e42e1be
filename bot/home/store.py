"""The store of App Home: who looks at it, what was drawn, and what has changed since."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.ledger.instants import to_us
from bot.ledger.reading import Reader

if TYPE_CHECKING:
    from sqlalchemy import Connection

KEPT = timedelta(days=7)  # since somebody last looked, for which theirs is kept up to date
PAUSE = timedelta(minutes=1)  # between two drawings for one person


def opened(connection: "Connection", user: str, now: datetime) -> None:
    """Somebody looks at it."""
    connection.exec_driver_sql(
        "INSERT INTO home_viewer (slack_user, opened_at, drawn_at, looks) VALUES (?,?,0,'')"
        " ON CONFLICT (slack_user) DO UPDATE SET opened_at = excluded.opened_at",
        (user, to_us(now)),
    )


def claim(connection: "Connection", user: str, now: datetime, *, at_once: bool) -> bool:
    """Take the drawing of somebody's; whether it is ours: once a minute, however many processes there are.

    `at_once` is for what somebody has done themselves. What was drawn in the future was drawn by a clock ahead.
    """
    before = to_us(now) if at_once else to_us(now - PAUSE)
    return bool(
        connection.exec_driver_sql(
            "UPDATE home_viewer SET drawn_at = ? WHERE slack_user = ? AND (drawn_at <= ? OR drawn_at > ?)",
            (to_us(now), user, before, to_us(now)),
        ).rowcount
    )


def drawn(connection: "Connection", user: str, looks: str) -> None:
    """Keep what was drawn."""
    connection.exec_driver_sql("UPDATE home_viewer SET looks = ? WHERE slack_user = ?", (looks, user))


def looks_of(reader: Reader, user: str) -> str:
    """What was last drawn for somebody, as a digest."""
    row = reader.one("SELECT looks FROM home_viewer WHERE slack_user = :user", {"user": user})
    return str(row[0]) if row else ""


def viewers(reader: Reader, now: datetime) -> list[str]:
    """Who has looked at it lately."""
    rows = reader.rows("SELECT slack_user FROM home_viewer WHERE opened_at > :since", {"since": to_us(now - KEPT)})
    return [row[0] for row in rows]


@dataclass(frozen=True, slots=True)
class Mark:
    """How far everything has come that App Home shows; `others` is all but charges."""

    charge: int
    others: tuple[int, ...]


def mark(reader: Reader) -> Mark:
    """How far everything has come now."""
    charge, *others = reader.rows(
        "SELECT (SELECT coalesce(max(id), 0) FROM charge), (SELECT coalesce(max(id), 0) FROM budget_revision),"
        " (SELECT coalesce(sum(ends_at), 0) FROM budget), (SELECT count(*) FROM failure_group WHERE closed_at IS NULL),"
        " (SELECT coalesce(max(last_at), 0) FROM failure_group WHERE closed_at IS NULL),"
        " (SELECT coalesce(sum(until), 0) FROM failure_silence), (SELECT count(*) FROM failure_listener),"
        " (SELECT count(*) FROM incident WHERE ended_at IS NULL), (SELECT count(*) FROM slack_link_change)"
    )[0]
    return Mark(charge, tuple(others))


def spenders(reader: Reader, since: Mark) -> set[str]:
    """The e-mails of those with charges since a mark."""
    sql = "SELECT DISTINCT m.email FROM charge c JOIN member m ON m.id = c.member WHERE c.id > :last"
    return {row[0] for row in reader.rows(sql, {"last": since.charge})}
