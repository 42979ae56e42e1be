"""A restore as a test does it: copy the ledger, put the copy back, and look at every notification that was posted."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import inspect, text

from bot.database.backup import backup
from bot.sandbox.slack.models import Message
from bot.settings.database_place import DatabasePlace
from tests.support.engines import connected
from tests.support.harness import ServiceHarness
from tests.support.messages import notification_keys, notifications

SECOND = timedelta(seconds=1)


def copy_ledger(harness: ServiceHarness) -> Path:
    """Back up the ledger of a running service; return where the copy is."""
    return copy_into(harness.directory, harness.place)


def copy_into(directory: Path, place: DatabasePlace) -> Path:
    """Back up a ledger into a directory; return where the copy is."""
    path = directory / "copy.db"
    backup(place, path)
    return path


async def restore_copy(harness: ServiceHarness, copy: Path, *, former: bool = True) -> None:
    """Stop the service, restore the copy, start the service again and let it deliver what is due."""
    await harness.service.end()
    if not former:  # the volume is lost
        lose(harness.place)
    harness.app().ledger.restore(copy)
    await harness.start()
    await harness.sync()


def lose(place: DatabasePlace) -> None:
    """Delete a ledger's file, or all rows on a server."""
    if isinstance(place, Path):
        for each in place.parent.glob(f"{place.name}*"):
            each.unlink()
        return
    with connected(place) as connection:
        names = inspect(connection).get_table_names()
        connection.execute(text(f"TRUNCATE {', '.join(set(names) - {'alembic_version'})}"))


async def run_for(harness: ServiceHarness, minutes: int = 12) -> None:
    """Let so many minutes pass, with a delivery each quarter of a minute."""
    for _ in range(minutes * 4):
        harness.clock.advance(15 * SECOND)
        await harness.deliver()


def posted_messages(harness: ServiceHarness) -> list[Message]:
    """Return every notification that stands in a channel."""
    return [
        each
        for channel in harness.workspace.channels.values()
        for each in notifications(channel.messages)
        if not each.deleted
    ]


def posted_keys(harness: ServiceHarness) -> list[str]:
    """Return the dedup key of every notification that stands in a channel."""
    return [key.rpartition(":")[0] for key in notification_keys(posted_messages(harness))]
