"""A good value for each setting, settings that cannot be used, and keys that look like Neo's."""

from pathlib import Path

import pytest

from bot.settings.environment import load
from bot.settings.errors import SettingsError
from tests.support.webhook import SECRET

KEY = "neo_sk_0123456789abcdefghijklmnopqrstuv"
OTHER_KEY = "neo_sk_zyxwvutsrqponmlkjihgfedcba987654"

GOOD = {
    "NEO_API_KEY": KEY, "NEO_BEARER_TOKEN": "eyJhbGciOi.abc.def", "NEO_API_URL": "https://neo.example.com",
    "NEO_TASK_URL_TEMPLATE": "https://neo.example.com/tasks/{task_id}", "SOLO_MEMBER": "o'brien@acme.dev",
    "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "0" * 32,
    "SLACK_API_URL": "https://slack.example.com/api/", "ADMINS": "ana@acme.dev,U0123ABCD", "DIGEST_CHANNEL": "#a,#b",
    "DIGEST_AT": "08:30", "DIGEST_DAYS": "mon-fri", "ALERT_CHANNEL": "#a", "OPS_CHANNEL": "C0123ABCD",
    "BUDGET_STEPS": "50,100", "ALERT_PRIVACY": "anonymous", "QUIET_HOURS": "20:00-08:00", "SHOW_TITLES": "channel",
    "FAILURE_STATUSES": "error,blocked", "SPIKE_ALERTS": "on", "SPIKE_FLOOR": "$20", "WEBHOOK_MEMBERS": "on",
    "FORECAST_ALERTS": "off",
    "WEBHOOK_URL": "https://hooks.example.com/in", "WEBHOOK_SECRET": SECRET,
    "BACKUP_DIR": "/backups", "BACKUP_AT": "04:00", "BACKUP_KEEP": "7",
    "TEMPLATES_DIR": "/",
    "HTTP_HOST": "bot.example.com", "HTTP_PORT": "8081", "METRICS_HOST": "10.0.0.7", "METRICS_PORT": "9464",
    "METRICS_MEMBERS": "on",
    "LOG_LEVEL": "debug", "LOG_FORMAT": "json",
    "DATABASE_URL": "sqlite+aiosqlite:////data/ledger.db", "TIMEZONE": "Europe/Berlin", "POLL_SECONDS": "60",
    "HISTORY_DAYS": "30", "RETAIN_DAYS": "400", "SPEND_BASIS": "platform", "BYOK_UNIT": "usd",
}  # fmt: skip


def problems(environment: dict[str, str], directory: Path) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load(environment, directory)
    assert str(raised.value).splitlines()[0] == "correct these settings:"
    assert [line.strip() for line in str(raised.value).splitlines()[1:]] == raised.value.problems
    return raised.value.problems
