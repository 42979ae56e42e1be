"""The app, wired as the terminal wires it, to a ledger's file and a simulated upstream, at the benchmarks' moment."""

from collections.abc import Mapping
from pathlib import Path

from benchmarks.workplace import NOW
from bot.app import App, build
from bot.sandbox.neo import KEY
from bot.settings.database_place import DatabasePlace
from bot.settings.environment import load
from bot.settings.postgres_address import address_url
from bot.sync.outcome import SyncOutcome


def environment(ledger: DatabasePlace, url: str = "http://127.0.0.1:1") -> Mapping[str, str]:
    """The variables that an operator would set; nothing listens at the usual address."""
    return {
        "DATABASE_URL": f"sqlite+aiosqlite:///{ledger}" if isinstance(ledger, Path) else address_url(ledger),
        "NEO_API_URL": url,
        "NEO_API_KEY": KEY,
        "BYOK_UNIT": "credits",
        "TIMEZONE": "UTC",
    }


def wired(ledger: Path, url: str = "http://127.0.0.1:1") -> App:
    """The app at the benchmarks' moment."""
    return build(load(environment(ledger, url), ledger.parent), lambda: NOW)


async def sync(app: App, *, full: bool) -> SyncOutcome:
    """One sync as `neo-usage sync` does it, without a word."""
    return await app.sync(full=full, progress=lambda _: None, on_wait=lambda _: None)
