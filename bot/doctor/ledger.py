"""The ledger's checks: its file, its freshness, rows that were not booked, and messages that were not delivered."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import TypeVar

from sqlalchemy import Connection

from bot.app import App
from bot.database import metadata
from bot.database.errors import LedgerError, UnusableError
from bot.database.facts import CONNECTIONS, database_bytes, engine_name, exposed_schema, free_connections
from bot.database.integrity import unsoundness
from bot.database.place import absence, free_bytes, pending_upgrade, try_making_ledger
from bot.database.private_files import exposed_files, is_exposed, is_open_to_others
from bot.database.schema import newest_revision
from bot.doctor.check import Check, failure, ok, warning
from bot.domain.formatting import count, last_date, short_date
from bot.domain.periods import Window, local_day
from bot.domain.timestamps import from_us
from bot.ledger.api_key_warning import api_key_warning
from bot.ledger.charge_queries import ChargeRange, charge_count
from bot.ledger.freshness import Freshness, freshness
from bot.ledger.quarantine import quarantined_count
from bot.ledger.retention import details_deleted_before
from bot.outbox.queries import OutboxSummary, outbox_summary
from bot.outbox.rules import NotificationState
from bot.usage.durations import ago

_LATE = timedelta(minutes=10)
_LITTLE_DISK = 512 * 2**20  # fewer free bytes are a warning: the ledger may soon be unable to grow
_NEW_FILE = "The bot creates it when it starts."
_NEW_ON_SERVER = f"{_NEW_FILE} To bring a ledger along, run `neo-usage db copy` before that."
_UPGRADE_WITH_COPY = "The next start brings it up to date, and keeps a copy first. `neo-usage db upgrade` does it now."
_UPGRADE_ON_SERVER = "Make a backup. Then the next start, or `neo-usage db upgrade`, brings it up to date."
_MONTH_DAYS = 30
_MONTHS_AHEAD = 3  # for which there has to be room
T = TypeVar("T")


def read_unchanged(app: App, query: Callable[[Connection], T]) -> T | None:
    """Return what a query says of the ledger; None if there is none to read as it is, which `ledger_checks` reports.

    A ledger of an earlier version is left as it is: to open it would upgrade it.
    """
    place = app.settings.database
    with suppress(LedgerError):
        if absence(place) is None and pending_upgrade(place) is None:
            with app.ledger.reader() as connection:
                return query(connection)
    return None


def exposure_checks(path: Path) -> Iterator[Check]:
    """Yield a warning if others can read a file that is to be private."""
    if is_exposed(path):
        yield warning("files", f"other users can read {path}", f"`chmod 600 {quote(str(path))}`")


def private_file_checks(app: App) -> Iterator[Check]:
    """Yield a warning for each way in which others can read the ledger, or put files beside it.

    Call it before the ledger is opened, which removes those permissions.
    """
    path = app.settings.database
    if not isinstance(path, Path):
        return
    for each in exposed_files(path):
        yield from exposure_checks(each)
    directory = path.resolve().parent
    if is_open_to_others(directory):
        remedy = f"`chmod go-w {quote(str(directory))}`"
        yield warning("files", f"other users can put files into {directory}, where the database is", remedy)


def ledger_checks(app: App) -> Iterator[Check]:
    """Yield the checks of the ledger, the disk it is on, and the messages in it."""
    place = app.settings.database
    try:
        if pending := _pending(app):
            yield pending
            return
        contents = _read_contents(app)
    except LedgerError as error:
        yield _unusable(error)
        return
    yield ok("database", f"{place} is writable, schema {newest_revision()}, {contents.engine}")
    yield _soundness(contents.damage, app.ledger.newest_backup)
    yield disk_check(contents.size, contents.growth, free_bytes(place))
    if contents.free_connections is not None:
        yield _connections(contents.free_connections)
    if contents.exposed_schema is not None:
        finding = f"other users of the server can create functions in the schema {contents.exposed_schema}"
        yield warning("schema", finding, "As its owner, run `REVOKE CREATE ON SCHEMA ... FROM PUBLIC`.")
    yield _freshness(contents.freshness, app)
    if contents.freshness.as_of is not None:
        yield _history(contents.freshness, app)
    if app.settings.retain_days is not None:
        yield _retention(contents.deleted_before, app.settings.retain_days, app)
    if contents.quarantined:
        finding = f"{count(contents.quarantined, 'row')} from Neo rejected"
        yield warning("quarantine", finding, "`neo-usage status` lists them")
    yield _messages(contents.outbox, app)
    if contents.key_warning:
        yield failure("scope", contents.key_warning, "Create a key as an admin of the Neo team, and set NEO_API_KEY.")


def _pending(app: App) -> Check | None:
    """Return what the next start will do to the ledger before it is used; None if nothing.

    Raises LedgerError if it cannot be made or read.
    """
    place = app.settings.database
    if absent := absence(place):
        app.ledger.require_not_lost()
        try_making_ledger(place)
        return warning("database", absent, _NEW_FILE if isinstance(place, Path) else _NEW_ON_SERVER)
    if old := pending_upgrade(place):
        keeps_copy = isinstance(place, Path) or app.ledger.backups is not None
        return warning("database", old, _UPGRADE_WITH_COPY if keeps_copy else _UPGRADE_ON_SERVER)
    return None


def _unusable(error: LedgerError) -> Check:
    if isinstance(error, UnusableError):
        return failure("database", f"{error.why}. The database is {error.place}.", error.remedy)
    return failure("database", str(error))


@dataclass(frozen=True, slots=True)
class _Contents:
    """What the checks need of the ledger, of one moment."""

    freshness: Freshness
    key_warning: str | None
    outbox: OutboxSummary
    deleted_before: datetime | None
    quarantined: int
    engine: str
    free_connections: int | None
    exposed_schema: str | None
    damage: list[str]
    size: int
    growth: int


def _read_contents(app: App) -> _Contents:
    """Raises LedgerError if the ledger cannot be read or written."""
    with app.ledger.database() as database, database.transaction() as connection:
        metadata.try_writing(connection)
    with app.ledger.reader() as connection:
        return _Contents(
            freshness(connection, app.clock()),
            api_key_warning(connection),
            outbox_summary(connection),
            details_deleted_before(connection),
            quarantined_count(connection),
            engine_name(connection),
            free_connections(connection),
            exposed_schema(connection),
            unsoundness(connection),
            size := database_bytes(connection),
            monthly_growth(connection, size, app.clock()),
        )


def monthly_growth(connection: Connection, size: int, now: datetime) -> int:
    """Return by how many of its bytes a database grows a month: by the part of its charges of the last 30 days."""
    total, latest = (
        charge_count(connection, ChargeRange(Window(start, now))).charges
        for start in (from_us(0), now - timedelta(days=_MONTH_DAYS))
    )
    return round(size * latest / total) if total else 0


def _soundness(damage: Sequence[str], newest: Path | None) -> Check:
    if damage:
        backup = "FILE" if newest is None else quote(str(newest))
        remedy = f"Stop the bot, and restore a backup: `neo-usage db restore {backup}`."
        return failure("integrity", f"it's damaged: {damage[0]}", remedy)
    return ok("integrity", "it's sound; `neo-usage db verify` checks the amounts, too")


def disk_check(size: int, growth: int, free: int | None) -> Check:
    """Return how large a database is and how it grows a month, in bytes; `free` are left on its disk, if known."""
    text = f"{_shown(size)}, about {_shown(growth)} more a month"
    if free is None:
        return ok("size", text)
    text = f"{text}; {_shown(free)} free"
    is_little = free < max(_LITTLE_DISK, _MONTHS_AHEAD * growth)
    return warning("disk", text, "Free some space.") if is_little else ok("disk", text)


def _shown(size: int) -> str:
    return f"{size / 2**30:,.1f} GB" if size >= 2**30 else f"{size / 2**20:,.1f} MB"


def _history(fresh: Freshness, app: App) -> Check:
    """Return whether the ledger reaches back as far as HISTORY_DAYS asks."""
    zone, since, days = app.settings.timezone, fresh.since or 0, app.settings.history_days
    if since == 0:
        return ok("history", "all that Neo has was read")
    start, now = from_us(since), app.clock()
    text = f"read since {short_date(start.astimezone(zone).date(), now.astimezone(zone).date())}"
    if start > now - timedelta(days=days):
        remedy = "The bot reads it while it runs; `neo-usage sync` does it now."
        return warning("history", f"{text}, less than the {count(days, 'day')} of HISTORY_DAYS", remedy)
    return ok("history", f"{text}; HISTORY_DAYS asks for {count(days, 'day')}")


def _retention(deleted_before: datetime | None, days: int, app: App) -> Check:
    """Return how long details of tasks are kept, and which are deleted."""
    text = f"titles, errors, tools and agents of tasks are kept for {count(days, 'day')}"
    if deleted_before is None:
        return ok("details", f"{text}; none are deleted yet")
    last, today = last_date(deleted_before, app.settings.timezone), local_day(app.clock(), app.settings.timezone)
    return ok("details", f"{text}; those of tasks up to {short_date(last, today)} are deleted")


def _connections(free: int) -> Check:
    text = f"{free:,} more are free on the server; a running bot uses {CONNECTIONS} at most"
    remedy = "Raise max_connections, or the limit of the user or database."
    return warning("connections", text, remedy) if free < CONNECTIONS else ok("connections", text)


def _freshness(fresh: Freshness, app: App) -> Check:
    if fresh.as_of is None:
        return warning(
            "freshness",
            "Neo has not been read completely yet",
            "Run `neo-usage sync`, or start the bot with `neo-usage run`.",
        )
    age = app.clock() - fresh.as_of
    if age > timedelta(seconds=2 * app.settings.poll_seconds):
        return warning(
            "freshness", f"Neo was last read {ago(age)}", "Run `neo-usage sync`, or start the bot with `neo-usage run`."
        )
    return ok("freshness", f"Neo was last read {ago(age)}")


def _messages(outbox: OutboxSummary, app: App) -> Check:
    """Return whether messages are delivered in time."""
    age = None if outbox.oldest is None else app.clock() - from_us(outbox.oldest)
    if dead := outbox.counts.get(NotificationState.DEAD):
        key, why, _ = outbox.dead[0]
        finding = f"{dead:,} couldn't be delivered; the last was {key}: {why}"
        return warning("messages", finding, "`neo-usage status` lists them.")
    if age is not None and age > _LATE:
        remedy = "Is `neo-usage run` running, and Slack within reach?"
        return warning("messages", f"the oldest pending one is from {ago(age)}", remedy)
    return ok("messages", f"{outbox.counts.get(NotificationState.SENT, 0):,} sent, none is late")
