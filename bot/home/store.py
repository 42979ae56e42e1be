"""The store of App Home: who looks at it, what was drawn, and what has changed since."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.database.reader import Reader
from bot.domain.timestamps import to_us

if TYPE_CHECKING:
    from sqlalchemy import Connection

KEPT = timedelta(days=7)  # since somebody last looked, for which theirs is kept up to date
PAUSE = timedelta(minutes=1)  # between two drawings for one person
SHOWN = timedelta(days=31)  # since a task began, for which it may be among somebody's last
UNKNOWN = ""  # looks that are drawn over, whatever is to be drawn


def opened(connection: "Connection", user: str, now: datetime) -> None:
    """Somebody looks at it: theirs is drawn anew, with how fresh it is."""
    connection.exec_driver_sql(
        "INSERT INTO home_viewer (slack_user, opened_at, drawn_at, looks) VALUES (?,?,0,'')"
        " ON CONFLICT (slack_user) DO UPDATE SET opened_at = excluded.opened_at, looks = excluded.looks",
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
    """How far everything has come that App Home shows.

    `charge` and `reading` are the newest charge and the last pass that has ended; `others` is all that cannot be
    told apart by member, the date too.
    """

    charge: int
    reading: int
    others: tuple[int, ...]


def mark(reader: Reader, today: date) -> Mark:
    """How far everything has come now; it is asked every few seconds, so it reads no table that grows but by key."""
    charge, reading, *others = reader.rows(
        "SELECT (SELECT coalesce(max(id), 0) FROM charge),"
        " coalesce((SELECT max(id) FROM pass WHERE finished_at IS NOT NULL), 0),"
        " (SELECT coalesce(max(id), 0) FROM budget_revision),"
        " (SELECT coalesce(sum(ends_at), 0) FROM budget WHERE ends_at IS NOT NULL),"
        " (SELECT count(*) FROM failure_group WHERE closed_at IS NULL),"
        " (SELECT coalesce(max(last_at), 0) FROM failure_group WHERE closed_at IS NULL),"
        " (SELECT coalesce(sum(until), 0) FROM failure_silence), (SELECT count(*) FROM failure_listener),"
        " (SELECT count(*) FROM incident WHERE ended_at IS NULL), (SELECT coalesce(max(id), 0) FROM slack_link_change),"
        " (SELECT count(*) FROM member WHERE merged_into IS NOT NULL)"
    )[0]
    return Mark(charge, reading, (*others, today.toordinal()))


@dataclass(frozen=True, slots=True)
class Touched:
    """Which of some e-mails have something new, and whether `anybody` has."""

    emails: frozenset[str]
    anybody: bool


def touched(reader: Reader, since: Mark, emails: Collection[str], now: datetime) -> Touched:
    """Who has charges since a mark, or tasks that passes since then found changed (mended ones cost nothing new)."""
    # told apart here: asked for DISTINCT, SQLite reads the whole of an index by member
    members = {row[0] for row in reader.rows("SELECT member FROM charge WHERE id > :last", {"last": since.charge})}
    members |= _changed(reader, since.reading, now)
    # an e-mail that was merged into another means that one's spend
    rows = reader.rows(
        "SELECT email, coalesce(merged_into, id) FROM member WHERE email IN (SELECT value FROM json_each(:emails))",
        {"emails": json.dumps(sorted(emails))},
    )
    return Touched(frozenset(email for email, member in rows if member in members), bool(members))


def _changed(reader: Reader, reading: int, now: datetime) -> set[int]:
    began = [row[0] for row in reader.rows("SELECT started_at FROM pass WHERE id > :last", {"last": reading})]
    if not began:
        return set()
    # by what has changed, which is little; of a month there may be much
    sql = "SELECT member FROM task WHERE changed_at >= :began AND +created_at >= :since"
    return {row[0] for row in reader.rows(sql, {"since": to_us(now - SHOWN), "began": min(began)})}


RETAIN = timedelta(days=30)  # of viewers: longer than theirs is kept up to date


def prune(connection: "Connection", now: datetime) -> int:
    """Forget who has not looked at it for long; whoever comes back is a new viewer. Returns how many."""
    before = to_us(now - RETAIN)
    return connection.exec_driver_sql("DELETE FROM home_viewer WHERE opened_at < ?", (before,)).rowcount
