"""Neo's checks: the key, what it may see, and whether the clocks agree."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

from bot.app import App
from bot.doctor.check import Check, State
from bot.neo.client import NeoClient, QueryWindow, RetryPolicy, connect
from bot.neo.errors import NeoError, TooLongError
from bot.neo.wire import Page
from bot.settings.model import Settings

_CLOCK_SLACK = timedelta(seconds=30)
_FEW_DAYS = 3  # as every poll reads
_QUICK = RetryPolicy(answer=15, connect=5, deadline=15, longest_retry_after=15)


def key(settings: Settings) -> Iterator[Check]:
    """Look at the credential itself."""
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


async def upstream(app: App) -> AsyncIterator[Check]:
    """Ask Neo with it, if there is one."""
    if not app.settings.has_neo_credential:
        return
    try:
        async with connect(app.settings.neo_api_url, app.settings.neo_credential(), _QUICK) as client:
            page, days = await _listed(client, app)
    except NeoError as error:
        yield Check(State.FAIL, "neo", str(error))
        return
    yield Check(State.OK, "neo", f"{app.settings.neo_api_url} answers, {page.total:,} tasks in {days} days")
    yield _scope(page, app.settings)
    yield _clock(client, app)


async def _listed(client: NeoClient, app: App) -> tuple[Page, int]:
    """The first tasks of the history that is kept, or of fewer days if Neo does not list so many at once."""
    now, days = app.clock(), app.settings.history_days
    try:
        return await client.page(QueryWindow(now - timedelta(days=days), now), limit=20, offset=0), days
    except TooLongError:
        return await client.page(QueryWindow(now - timedelta(days=_FEW_DAYS), now), limit=20, offset=0), _FEW_DAYS


def _scope(page: Page, settings: Settings) -> Check:
    if not page.tasks:
        return Check(State.WARN, "scope", "no task to tell the key's scope from", "Ask again once a task has ended.")
    if any(task.email for task in page.tasks):
        return Check(State.OK, "scope", "the key sees the team")
    if settings.solo_member:
        return Check(State.OK, "scope", f"the key sees one person, {settings.solo_member}")
    mend = "Use a key of a team admin, or set SOLO_MEMBER if you work alone."
    return Check(State.WARN, "scope", "rows carry no e-mail: the key sees one person", mend)


def _clock(client: NeoClient, app: App) -> Check:
    if client.upstream_time is None:
        return Check(State.WARN, "clock", "Neo's answer carries no date to compare with")
    apart = abs(app.clock() - client.upstream_time)
    if apart > _CLOCK_SLACK:
        mend = "Set this machine's clock (NTP): windows and digests follow it."
        return Check(State.FAIL, "clock", f"{apart.total_seconds():.0f} s away from Neo's", mend)
    return Check(State.OK, "clock", "agrees with Neo's")
