"""The ledger's checks: its file, how fresh it is, and what it could not book."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shlex import quote

from bot.app import App
from bot.database import files
from bot.database.engine import open_database
from bot.database.errors import LedgerError
from bot.database.schema import newest_revision
from bot.doctor.check import Check
from bot.doctor.check import State as CheckState
from bot.domain.timestamps import from_us
from bot.ledger.freshness import freshness
from bot.ledger.key_warning import key_warning
from bot.ledger.quarantine import quarantined_count
from bot.outbox.queries import OutboxSummary, outbox_summary
from bot.outbox.rules import NotificationState
from bot.settings.model import Settings
from bot.usage.durations import ago

_LONG_OWED = timedelta(minutes=10)
_LITTLE_DISK = 512 * 2**20  # bytes free below which the ledger may soon be unable to grow


def readable(path: Path) -> Iterator[Check]:
    """Whether others can read a file that is to be private."""
    if files.is_wide(path):
        yield Check(CheckState.WARN, "files", f"others can read {path}", f"`chmod 600 {quote(str(path))}`")


def private(app: App) -> Iterator[Check]:
    """Whether others can read the ledger, or put files beside it; asked before opening it takes it from them."""
    path = app.settings.database_path
    for each in files.wide(path):
        yield from readable(each)
    directory = path.resolve().parent
    if files.is_open(directory):
        mend = f"`chmod go-w {quote(str(directory))}`"
        yield Check(CheckState.WARN, "files", f"others can put files into {directory}, where the ledger is", mend)


def ledger(app: App) -> Iterator[Check]:
    """Look at the ledger and the disk it is on."""
    path = app.settings.database_path
    if not path.exists() and path.parent.is_dir():
        yield Check(CheckState.WARN, "database", f"{path} does not exist yet", "`neo-usage sync` makes it")
        return
    try:
        open_database(path).close()
        with app.reader() as reader:
            yield Check(CheckState.OK, "database", f"{path} is writable, schema {newest_revision()}")
            fresh, warning = freshness(reader, app.clock()), key_warning(reader)
            outbox = outbox_summary(reader)
            quarantined = quarantined_count(reader)
    except LedgerError as error:
        yield Check(CheckState.FAIL, "database", str(error))
        return
    yield _disk(app.settings)
    age = None if fresh.as_of is None else app.clock() - fresh.as_of
    stale = age is None or age > timedelta(seconds=2 * app.settings.poll_seconds)
    found = "no complete pass yet" if age is None else f"read {ago(age)}"
    yield Check(
        CheckState.WARN if stale else CheckState.OK,
        "freshness",
        found,
        "`neo-usage sync` reads it" if stale else "",
    )
    if quarantined:
        yield Check(
            CheckState.WARN, "quarantine", f"{quarantined:,} rows could not be booked", "`neo-usage status` names them"
        )
    yield from _outbox(outbox, app)
    if warning:
        yield Check(CheckState.FAIL, "scope", warning, "Make a key of an admin of the Neo team.")


def _outbox(outbox: OutboxSummary, app: App) -> Iterator[Check]:
    """Whether what is owed is being told."""
    age = None if outbox.oldest is None else app.clock() - from_us(outbox.oldest)
    if outbox.counts.get(NotificationState.DEAD):
        key, why, _ = outbox.dead[0]
        found = f"{outbox.counts[NotificationState.DEAD]:,} could not be delivered, the last was {key}: {why}"
        yield Check(CheckState.WARN, "messages", found, "`neo-usage status` lists them.")
    elif age is not None and age > _LONG_OWED:
        mend = "Is `neo-usage run` running, and Slack within reach?"
        yield Check(CheckState.WARN, "messages", f"the oldest that is owed is from {ago(age)}", mend)
    else:
        yield Check(CheckState.OK, "messages", f"{outbox.counts.get(NotificationState.SENT, 0):,} told, none is late")


def _disk(settings: Settings) -> Check:
    free = shutil.disk_usage(settings.database_path.resolve().parent).free
    state = CheckState.WARN if free < _LITTLE_DISK else CheckState.OK
    return Check(state, "disk", f"{free / 2**30:,.1f} GB free", "Make room." if state is CheckState.WARN else "")
