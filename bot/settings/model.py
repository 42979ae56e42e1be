"""The settings as the rest of the program sees them, and what in them is probably a mistake."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.domain.pricing import ByokUnit, SpendBasis
from bot.domain.visibility import Privacy, Titles
from bot.settings.credentials import Secret
from bot.settings.database_place import DatabasePlace
from bot.settings.errors import SettingsError
from bot.settings.timezones import OLD_NAMES, PLACES


class LogFormat(StrEnum):
    """How the service writes its log."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """The lowest severity that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decided. Durations are in the unit that their name says.

    `digest_days` counts from 0, Monday; `spike_floor` is in nanos; `neo_task_url_template` has one `{task_id}`.
    """

    neo_api_key: Secret | None
    neo_bearer_token: Secret | None
    neo_api_url: str
    neo_task_url_template: str | None
    solo_member: str | None
    slack_bot_token: Secret | None
    slack_app_token: Secret | None
    slack_signing_secret: Secret | None
    slack_api_url: str
    admins: frozenset[str]
    digest_channel: tuple[str, ...]
    digest_at: time
    digest_days: frozenset[int]
    alert_channel: str | None
    ops_channel: str | None
    budget_steps: tuple[int, ...]
    forecast_alerts: bool
    alert_privacy: Privacy
    quiet_hours: tuple[time, time] | None
    show_titles: Titles
    failure_statuses: tuple[str, ...]
    spike_alerts: bool
    spike_floor: int
    webhook_url: Secret | None
    webhook_secret: Secret | None
    webhook_members: bool
    backup_dir: Path | None
    backup_at: time
    backup_keep: int
    templates_dir: Path | None
    http_host: str
    http_port: int
    metrics_host: str
    metrics_port: int | None
    metrics_members: bool
    log_level: LogLevel
    log_format: LogFormat
    database: DatabasePlace
    timezone: ZoneInfo
    poll_seconds: int
    history_days: int
    retain_days: int | None
    spend_basis: SpendBasis
    byok_unit: ByokUnit | None

    def neo_credential(self) -> Mapping[str, str]:
        """Return the one header that authorises upstream. Raises SettingsError if there is no credential."""
        if self.neo_api_key is not None:
            return {"X-Api-Key": self.neo_api_key.reveal()}
        if self.neo_bearer_token is not None:
            return {"Authorization": f"Bearer {self.neo_bearer_token.reveal()}"}
        raise SettingsError(["NEO_API_KEY: it isn't set. Create a key in Neo (Settings, API keys) as a team admin."])

    @property
    def has_neo_credential(self) -> bool:
        """Whether there is a key or token to ask the upstream with."""
        return self.neo_api_key is not None or self.neo_bearer_token is not None

    @property
    def pricing_unit(self) -> ByokUnit:
        """The unit of BYOK amounts: credits are assumed until an operator says otherwise."""
        return self.byok_unit or ByokUnit.CREDITS

    @property
    def retention(self) -> timedelta | None:
        """How long details of tasks are kept; None: for good."""
        return None if self.retain_days is None else timedelta(days=self.retain_days)


def likely_mistakes(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what can be used but is probably not meant, each with what to do about it."""
    zone = settings.timezone.key
    if zone in OLD_NAMES:
        yield f"TIMEZONE is {zone}, an old name", f"Use a place, such as {PLACES[zone]}."
    if settings.neo_bearer_token and settings.neo_bearer_token.reveal().startswith("neo_sk_"):
        yield "NEO_BEARER_TOKEN holds an API key", "Put it into NEO_API_KEY."
    if settings.webhook_secret and not settings.webhook_url:
        yield "WEBHOOK_SECRET is set, and WEBHOOK_URL isn't, so no events are sent", "Set WEBHOOK_URL, or remove both."
    secret = settings.slack_signing_secret
    if secret and not re.fullmatch(r"[0-9a-f]{32}", secret.reveal()):
        yield "SLACK_SIGNING_SECRET is not 32 hexadecimal digits", "Copy it again: Basic Information, App Credentials."
