"""The examination: every check that can be made with the settings there are."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from shlex import quote

from bot.app import App, build
from bot.database.private_files import is_exposed_to_all
from bot.doctor import backups, ledger, neo, ports, slack, templates, webhook
from bot.doctor.check import Check, failure, guarded_checks, guarded_checks_async, ok, warning
from bot.domain.formatting import local_time
from bot.settings.environment import DOTENV, given_texts, load
from bot.settings.errors import SettingsError
from bot.settings.misspelt import misspelt_names
from bot.settings.model import Settings, likely_mistakes
from bot.settings.variables import FILE_NAMES


def examine(*, offline: bool) -> list[Check]:
    """Return the checks of everything that exists; with `offline`, of nothing beyond this machine."""
    dotenv = list(ledger.exposure_checks(Path.cwd() / DOTENV))
    try:
        texts = given_texts()
        dotenv += [*_misspelt(texts), *_secret_files(texts)]
        settings = load()
    except SettingsError as error:
        return [*dotenv, *(failure("settings", problem) for problem in error.problems)]
    app = build(settings)
    checks = [ok("settings", "they can be used"), *dotenv, *_local(app)]
    if not offline:
        checks += asyncio.run(_over_the_network(app))
    return checks


def _misspelt(names: Iterable[str]) -> Iterator[Check]:
    for name, meant in misspelt_names(names):
        yield warning("settings", f"`{name}` isn't a setting, so it is not used", f"Did you mean `{meant}`?")


def _secret_files(texts: Mapping[str, str]) -> Iterator[Check]:
    for name in FILE_NAMES:
        if is_exposed_to_all(Path(path := texts.get(name, "").strip())):
            yield warning("files", f"other users can read {path}, which {name} names", f"`chmod o= {quote(path)}`")


def _local(app: App) -> Iterator[Check]:
    yield from _settings(app.settings)
    yield _time_zone(app)
    yield from guarded_checks("files", lambda: ledger.private_file_checks(app))
    yield from guarded_checks("database", lambda: ledger.ledger_checks(app))
    yield from guarded_checks("backups", lambda: backups.backup_checks(app))
    yield from guarded_checks("templates", lambda: templates.template_checks(app.settings))
    yield from neo.credential_checks(app.settings)
    yield from slack.setting_checks(app.settings)
    yield from guarded_checks("ports", lambda: ports.port_checks(app))
    yield from guarded_checks("webhook", lambda: webhook.webhook_checks(app))


def _settings(settings: Settings) -> Iterator[Check]:
    for mistake, remedy in likely_mistakes(settings):
        yield warning("settings", mistake, remedy)


def _time_zone(app: App) -> Check:
    zone = app.settings.timezone
    return ok("time zone", f"{zone.key}, where it is {local_time(app.clock(), zone, app.clock())}")


async def _over_the_network(app: App) -> list[Check]:
    checks = [check async for check in guarded_checks_async("neo", neo.upstream_checks(app))]
    return checks + [check async for check in guarded_checks_async("slack", slack.workspace_checks(app))]
