"""A restore as a test does it: copy the ledger, put the copy back, and look at every notification that was posted."""

from datetime import timedelta
from pathlib import Path

from bot.database.backup import backup
from bot.sandbox.slack.models import Message
from tests.support.harness import ServiceHarness
from tests.support.messages import notification_keys, notifications

SECOND = timedelta(seconds=1)


def copy_ledger(harness: ServiceHarness) -> Path:
    """Back up the ledger of a running service; return where the copy is."""
    return copy_ledger_in(harness.directory)


def copy_ledger_in(directory: Path) -> Path:
    """Back up the ledger of a directory; return where the copy is."""
    path = directory / "copy.db"
    backup(directory / "ledger.db", path)
    return path


async def restore_copy(harness: ServiceHarness, copy: Path, *, former: bool = True) -> None:
    """Stop the service, restore the copy, start the service again and let it deliver what is due."""
    await harness.service.end()
    ledger = harness.directory / "ledger.db"
    if not former:  # the volume is lost
        for each in harness.directory.glob("ledger.db*"):
            each.unlink()
    assert ledger.exists() is former
    harness.app().ledger.restore(copy)
    await harness.start()
    await harness.sync()


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
