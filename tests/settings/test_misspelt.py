"""Misspelt settings: what is near one of ours is asked about, and nothing that others use."""

import pytest

from bot.settings.misspelt import misspelt_names
from bot.settings.variables import FILE_NAMES, NAMES

OTHERS = """
    HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy PATH HOME USER SHELL TERM LANG TZ PWD
    HOSTNAME SSL_CERT_FILE PGPASSWORD PGPASSFILE POSTGRES_PASSWORD_FILE CREDENTIALS_DIRECTORY INVOCATION_ID
    JOURNAL_STREAM KUBERNETES_SERVICE_HOST KUBERNETES_PORT NEO_USAGE_SERVICE_HOST NEO_USAGE_PORT
    PYTHONUNBUFFERED GITHUB_TOKEN SLACK_WEBHOOK_URL AWS_SECRET_ACCESS_KEY OPENAI_API_KEY
"""


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TIMEZOME", "TIMEZONE"),
        ("TIME_ZONE", "TIMEZONE"),
        ("timezone", "TIMEZONE"),
        ("ADMIN", "ADMINS"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("LOG-FORMAT", "LOG_FORMAT"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("SLACK_BOT_TOKE", "SLACK_BOT_TOKEN"),
        ("NEO_APIKEY_FILE", "NEO_API_KEY_FILE"),
        ("BUDGETS_STEPS", "BUDGET_STEPS"),
        ("ALERTS_CHANEL", "ALERT_CHANNEL"),
        ("BACKUP_PATH", "BACKUP_DIR"),
        ("RETENTION_DAYS", "RETAIN_DAYS"),
        ("NEO_TOKEN", "NEO_API_KEY"),
    ],
)
def test_a_near_name_is_asked_about(name: str, meant: str) -> None:
    assert list(misspelt_names(["HOME", name])) == [(name, meant)]


def test_our_own_names_and_those_of_others_are_not() -> None:
    assert list(misspelt_names([*NAMES, *FILE_NAMES, *OTHERS.split(), ""])) == []
