"""What the log says when the service starts: the version, the database, the time zone, what is on, and what is off."""

from collections.abc import Iterator
from pathlib import Path

import structlog
from sqlalchemy import Connection

from bot import __version__
from bot.database.facts import engine_name
from bot.database.schema import present_revision
from bot.settings.environment import given_texts
from bot.settings.misspelt import misspelt_names
from bot.settings.model import Settings, likely_mistakes

log = structlog.get_logger(__name__)


def log_start(settings: Settings) -> None:
    """Log the version, the time zone, which parts are on, and which are off for want of which setting."""
    log.info("neo-usage starts", version=__version__, timezone=settings.timezone.key)
    parts = dict(_parts(settings))
    log.info("on", **{name: state for name, (state, _) in parts.items() if state})
    log.info("off", **{name: why for name, (state, why) in parts.items() if not state})


def log_database(connection: Connection, settings: Settings) -> None:
    """Log which engine keeps the ledger, where, and at which schema."""
    place = settings.database
    where = (
        {"file": str(place)}
        if isinstance(place, Path)
        else {"host": place.host, "port": place.port, "database": place.database, "user": place.user}
    )
    log.info("the database is open", engine=engine_name(connection), schema=present_revision(connection), **where)


def warn_of_settings(settings: Settings) -> None:
    """Log what in the settings, and in the names in the environment and `.env`, is probably not meant."""
    for name, meant in misspelt_names(given_texts()):
        log.warning("there is no such setting, so it is not used", found=name, did_you_mean=meant)
    for mistake, remedy in likely_mistakes(settings):
        log.warning("a setting may be a mistake", found=mistake, remedy=remedy)


def _parts(settings: Settings) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each part of the service with its state, empty if it is off, and which setting turns it on."""
    listens = f"{settings.http_host}:{settings.http_port}"
    yield "slack", ("Socket Mode" if settings.slack_app_token else f"over HTTP at {listens}", "")
    at = f"{', '.join(settings.digest_channel)} at {settings.digest_at:%H:%M}"
    yield "digest", (at if settings.digest_channel else "", "set DIGEST_CHANNEL")
    yield "channel_alerts", (settings.alert_channel or "", "set ALERT_CHANNEL; they go to OPS_CHANNEL or operators")
    yield "ops_channel", (settings.ops_channel or "", "set OPS_CHANNEL; problems go to ALERT_CHANNEL or operators")
    yield "forecast_alerts", ("yes" if settings.forecast_alerts else "", "set FORECAST_ALERTS=on")
    yield "spike_alerts", ("yes" if settings.spike_alerts else "", "set SPIKE_ALERTS=on")
    quiet = "" if settings.quiet_hours is None else "{:%H:%M}-{:%H:%M}".format(*settings.quiet_hours)
    yield "quiet_hours", (quiet, "set QUIET_HOURS")
    yield "links_to_tasks", (settings.neo_task_url_template or "", "set NEO_TASK_URL_TEMPLATE")
    yield "webhook", ("yes" if settings.webhook_url else "", "set WEBHOOK_URL")
    if settings.webhook_url:
        yield "e_mails_in_webhook", ("yes" if settings.webhook_members else "", "set WEBHOOK_MEMBERS=on")
    backups = "" if settings.backup_dir is None else f"{settings.backup_dir} at {settings.backup_at:%H:%M}"
    yield "backups", (backups, "set BACKUP_DIR")
    kept = "" if settings.retain_days is None else f"{settings.retain_days} days"
    yield "retention", (kept, "set RETAIN_DAYS; details of tasks are kept for good")
    metrics = "" if settings.metrics_port is None else f"at {settings.metrics_host}:{settings.metrics_port}"
    yield "metrics", (metrics, "set METRICS_PORT")
    if metrics:
        yield "e_mails_in_metrics", ("yes" if settings.metrics_members else "", "set METRICS_MEMBERS=on")
    own = "" if settings.templates_dir is None else str(settings.templates_dir)
    yield "own_wording", (own, "set TEMPLATES_DIR")
