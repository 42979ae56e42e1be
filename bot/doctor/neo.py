"""Neo's checks: the key, what it may see, and whether the clocks agree."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

from bot.app import App
from bot.doctor.check import Check, clock_check, failure, ok, warning
from bot.domain.formatting import count, short_date
from bot.neo.client import NeoClient, QueryWindow, RetryPolicy, connect
from bot.neo.errors import NeoError, RejectedError, TooLongError
from bot.neo.page import Page
from bot.settings.model import Settings

_FEW_DAYS = 3  # as every poll reads
_QUICK = RetryPolicy(answer=15, connect=5, deadline=15, longest_retry_after=15)


def credential_checks(settings: Settings) -> Iterator[Check]:
    """Yield the checks of the credential itself, and of the unit that amounts are read in."""
    if settings.neo_bearer_token is not None:
        yield ok("neo key", "NEO_BEARER_TOKEN is set")
    elif settings.neo_api_key is None:
        remedy = "Create a key in Neo as a team admin, and set NEO_API_KEY."
        yield failure("neo key", "NEO_API_KEY isn't set", remedy)
    elif not settings.neo_api_key.reveal().startswith("neo_sk_"):
        yield warning("neo key", "NEO_API_KEY does not begin with neo_sk_", "Check that it is the right one.")
    else:
        yield ok("neo key", "NEO_API_KEY is set")
    if settings.byok_unit is None:
        remedy = "If anyone uses their own model keys, set BYOK_UNIT to credits or usd."
        yield warning("byok unit", "BYOK amounts are assumed to be credits", remedy)


async def upstream_checks(app: App) -> AsyncIterator[Check]:
    """Ask Neo with the credential, if there is one, and yield the checks of its answer."""
    if not app.settings.has_neo_credential:
        return
    try:
        async with connect(app.settings.neo_api_url, app.settings.neo_credential(), _QUICK) as client:
            page, days = await _first_tasks(client, app)
            history = await _oldest_day(client, app)
    except NeoError as error:
        yield failure("neo", str(error))
        return
    yield ok("neo", f"{app.settings.neo_api_url} answers, {count(page.total, 'task')} in {count(days, 'day')}")
    yield history
    yield _scope(page, app.settings)
    yield clock_check("Neo", client.upstream_time, app.clock())


async def _first_tasks(client: NeoClient, app: App) -> tuple[Page, int]:
    """Return the first tasks of the kept history (of fewer days if Neo refuses so many), and how many days that is."""
    now, days = app.clock(), app.settings.history_days
    try:
        return await client.page(QueryWindow(now - timedelta(days=days), now), limit=20, offset=0), days
    except TooLongError:
        return await client.page(QueryWindow(now - timedelta(days=_FEW_DAYS), now), limit=20, offset=0), _FEW_DAYS


async def _oldest_day(client: NeoClient, app: App) -> Check:
    """Return whether Neo still lists the tasks of the first of the days that HISTORY_DAYS asks for."""
    start = app.clock() - timedelta(days=app.settings.history_days)
    day = short_date(start.astimezone(app.settings.timezone).date(), app.clock().date())
    try:
        await client.page(QueryWindow(start, start + timedelta(days=1)), limit=20, offset=0)
    except (RejectedError, TooLongError) as error:
        remedy = "Set HISTORY_DAYS to fewer days, or ask Neo how long it keeps tasks."
        return warning("history", f"Neo doesn't list the tasks of {day}: {error}", remedy)
    return ok("history", f"Neo lists tasks back to {day}, as HISTORY_DAYS asks")


def _scope(page: Page, settings: Settings) -> Check:
    if not page.tasks:
        return warning(
            "scope", "no tasks yet, so what the key sees is not known", "Run this again once a task has ended."
        )
    if any(task.email for task in page.tasks):
        return ok("scope", "the key sees the team")
    if settings.solo_member:
        return ok("scope", f"the key sees one person, {settings.solo_member}")
    remedy = "Use a key of a team admin, or set SOLO_MEMBER if you work alone."
    return warning("scope", "tasks come without e-mails, so the key sees one person only", remedy)
