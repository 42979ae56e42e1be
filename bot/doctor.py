"""The doctor: settings, database, the Neo key and its scope, and the clock; each a line with its mend."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.app import App, build
from bot.ledger import notes
from bot.ledger.database import open_database
from bot.ledger.passes import freshness
from bot.ledger.schema import LedgerError, newest_revision
from bot.neo.client import NeoClient, Patience, Span, connect
from bot.neo.errors import NeoError
from bot.neo.wire import Page
from bot.settings import Settings, SettingsError, load
from bot.usage.phrases import ago

_LITTLE_DISK = 512 * 2**20  # bytes free below which the ledger may soon be unable to grow
_CLOCK_SLACK = timedelta(seconds=30)
_QUICK = Patience(answer=15, connect=5, deadline=15)


class State(StrEnum):
    """What a check found."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, what was found, and the mend if it is not well."""

    state: State
    what: str
    found: str
    mend: str = ""


def examine(*, offline: bool) -> list[Check]:
    """Look at everything that exists; with `offline`, at nothing beyond this machine."""
    try:
        settings = load()
    except SettingsError as error:
        return [Check(State.FAIL, "settings", problem) for problem in error.problems]
    app = build(settings)
    checks = [Check(State.OK, "settings", f"read; dates in {settings.timezone.key}"), *_database(app)]
    checks += _key(settings)
    if not offline and settings.has_neo_credential:
        checks += asyncio.run(_upstream(app))
    return checks


# --- database ------------------------------------------------------------------------------------


def _database(app: App) -> Iterator[Check]:
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


# --- upstream ------------------------------------------------------------------------------------


def _key(settings: Settings) -> Iterator[Check]:
    if settings.neo_bearer_token is not None:
        yield Check(State.OK, "neo key", "NEO_BEARER_TOKEN is set")
    elif settings.neo_api_key is None:
        mend = "Make a key in Neo as a team admin and set NEO_API_KEY."
        yield Check(State.FAIL, "neo key", "NEO_API_KEY is not set", mend)
    elif not settings.neo_api_key.reveal().startswith("neo_sk_"):
        yield Check(State.WARN, "neo key", "NEO_API_KEY does not begin with neo_sk_", "Check that it is the right one.")
    else:
        yield Check(State.OK, "neo key", "NEO_API_KEY is set")
    if settings.byok_unit is None:
        mend = "Set BYOK_UNIT=credits or usd if anybody uses their own keys."
        yield Check(State.WARN, "byok unit", "BYOK amounts are read as credits, which is an assumption", mend)


async def _upstream(app: App) -> list[Check]:
    async with connect(app.settings.neo_api_url, app.credential(), _QUICK) as client:
        try:
            now = app.clock()
            page = await client.page(Span(now - timedelta(days=app.settings.history_days), now), limit=20, offset=0)
        except NeoError as error:
            return [Check(State.FAIL, "neo", str(error))]
        return [*_scope(page, app.settings), _clock(client, app)]


def _scope(page: Page, settings: Settings) -> Iterator[Check]:
    yield Check(
        State.OK, "neo", f"{settings.neo_api_url} answers, {page.total:,} tasks in {settings.history_days} days"
    )
    if not page.tasks:
        yield Check(State.WARN, "scope", "no task to tell the key's scope from", "Ask again once a task has ended.")
    elif any(task.email for task in page.tasks):
        yield Check(State.OK, "scope", "the key sees the team")
    elif settings.solo_member:
        yield Check(State.OK, "scope", f"the key sees one person, {settings.solo_member}")
    else:
        mend = "Use a key of a team admin, or set SOLO_MEMBER if you work alone."
        yield Check(State.WARN, "scope", "rows carry no e-mail: the key sees one person", mend)


def _clock(client: NeoClient, app: App) -> Check:
    if client.upstream_time is None:
        return Check(State.WARN, "clock", "Neo's answer carries no date to compare with")
    apart = abs(app.clock() - client.upstream_time)
    if apart > _CLOCK_SLACK:
        mend = "Set this machine's clock (NTP): windows and digests follow it."
        return Check(State.FAIL, "clock", f"{apart.total_seconds():.0f} s away from Neo's", mend)
    return Check(State.OK, "clock", "agrees with Neo's")
