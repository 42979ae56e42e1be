"""A restore as a test does it: copy the ledger, put the copy back, and look at every notification that was posted."""

from datetime import timedelta
from pathlib import Path

from bot.database.backup import backup
from bot.sandbox.slack.models import Message
from tests.support.harness import Office
from tests.support.messages import keys, told

SECOND = timedelta(seconds=1)


def copied(office: Office) -> Path:
    return _copied(office.directory)


def _copied(directory: Path) -> Path:
    path = directory / "copy.db"
    backup(directory / "ledger.db", path)
    return path


async def put_back(office: Office, copy: Path, *, former: bool = True) -> None:
    """Stop the service, put the copy back, start it again, and let it see to everything."""
    await office.service.end()
    ledger = office.directory / "ledger.db"
    if not former:  # the volume is lost
        for each in office.directory.glob("ledger.db*"):
            each.unlink()
    assert ledger.exists() is former
    office.app().restore(copy)
    await office.start()
    await office.sync()


async def goes_on(office: Office, minutes: int = 12) -> None:
    for _ in range(minutes * 4):
        office.clock.advance(15 * SECOND)
        await office.delivered()


def everything(office: Office) -> list[Message]:
    return [
        each for channel in office.workspace.channels.values() for each in told(channel.messages) if not each.deleted
    ]


def stems(office: Office) -> list[str]:
    return [key.rpartition(":")[0] for key in keys(everything(office))]
