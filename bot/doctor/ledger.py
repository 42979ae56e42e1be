"""The ledger's checks: its file, how fresh it is, and what it could not book."""

import shutil
from collections.abc import Iterator
from datetime import timedelta

from bot.app import App
from bot.doctor.check import Check, State
from bot.ledger import notes
from bot.ledger.database import open_database
from bot.ledger.passes import freshness
from bot.ledger.schema import LedgerError, newest_revision
from bot.settings import Settings
from bot.usage.phrases import ago

_LITTLE_DISK = 512 * 2**20  # bytes free below which the ledger may soon be unable to grow


def ledger(app: App) -> Iterator[Check]:
    """Look at the ledger and the disk it is on."""
    path = app.settings.database_path
    if not path.exists() and path.parent.is_dir():
        yield Check(State.WARN, "database", f"{path} does not exist yet", "`neo-usage sync` makes it")
        return
    try:
        open_database(path).close()
        with app.reader() as reader:
            yield Check(State.OK, "database", f"{path} is writable, schema {newest_revision()}")
            fresh, warning = freshness(reader, app.clock()), notes.read(reader, notes.SCOPE_WARNING)
            quarantined = reader.rows("SELECT count(*) FROM quarantine")[0][0]
    except LedgerError as error:
        yield Check(State.FAIL, "database", str(error))
        return
    yield _disk(app.settings)
    age = None if fresh.as_of is None else app.clock() - fresh.as_of
    stale = age is None or age > timedelta(seconds=2 * app.settings.poll_seconds)
    found = "no complete pass yet" if age is None else f"read {ago(age)}"
    yield Check(State.WARN if stale else State.OK, "freshness", found, "`neo-usage sync` reads it" if stale else "")
    if quarantined:
        yield Check(
            State.WARN, "quarantine", f"{quarantined:,} rows could not be booked", "`neo-usage status` names them"
        )
    if warning:
        yield Check(State.FAIL, "scope", warning, "Make a key of an admin of the Neo team.")


def _disk(settings: Settings) -> Check:
    free = shutil.disk_usage(settings.database_path.resolve().parent).free
    state = State.WARN if free < _LITTLE_DISK else State.OK
    return Check(state, "disk", f"{free / 2**30:,.1f} GB free", "Make room." if state is State.WARN else "")
