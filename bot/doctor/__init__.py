"""The doctor: settings, database, Neo and Slack; each check a line with its mend."""

import asyncio
from pathlib import Path

from bot.app import App, build
from bot.doctor import ledger, neo, slack
from bot.doctor.check import Check, State, guarded, guarded_async
from bot.settings.environment import DOTENV, load
from bot.settings.errors import SettingsError
from bot.settings.model import likely_mistakes

__all__ = ["Check", "State", "examine"]


def examine(*, offline: bool) -> list[Check]:
    """Look at everything that exists; with `offline`, at nothing beyond this machine."""
    checks = list(ledger.readable(Path.cwd() / DOTENV))
    try:
        settings = load()
    except SettingsError as error:
        return checks + [Check(State.FAIL, "settings", problem) for problem in error.problems]
    app = build(settings)
    checks.insert(0, Check(State.OK, "settings", f"read; dates in {settings.timezone.key}"))
    checks += [Check(State.WARN, "settings", found, mend) for found, mend in likely_mistakes(settings)]
    checks += guarded("files", lambda: ledger.private(app))
    checks += guarded("database", lambda: ledger.ledger(app))
    checks += [*neo.key(settings), *slack.tokens(settings)]
    if not offline:
        checks += asyncio.run(_over_the_network(app))
    return checks


async def _over_the_network(app: App) -> list[Check]:
    checks = [check async for check in guarded_async("neo", neo.upstream(app))]
    return checks + [check async for check in guarded_async("slack", slack.workspace(app))]
