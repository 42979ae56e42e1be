"""Variables: what env files leave in names and values is named, whatever the setting."""

from pathlib import Path

import pytest

from bot.settings.environment import load
from bot.settings.variables import NAMES
from tests.support.settings import KEY, problems
from tests.support.webhook import SECRET

GOOD = {
    "NEO_API_KEY": KEY, "NEO_BEARER_TOKEN": "eyJhbGciOi.abc.def", "NEO_API_URL": "https://neo.example.com",
    "NEO_TASK_URL_TEMPLATE": "https://neo.example.com/tasks/{task_id}", "SOLO_MEMBER": "o'brien@acme.dev",
    "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "0" * 32,
    "SLACK_API_URL": "https://slack.example.com/api/", "ADMINS": "ana@acme.dev,U0123ABCD", "DIGEST_CHANNEL": "#a,#b",
    "DIGEST_AT": "08:30", "DIGEST_DAYS": "mon-fri", "ALERT_CHANNEL": "#a", "OPS_CHANNEL": "C0123ABCD",
    "BUDGET_STEPS": "50,100", "ALERT_PRIVACY": "anonymous", "QUIET_HOURS": "20:00-08:00", "SHOW_TITLES": "channel",
    "FAILURE_STATUSES": "error,blocked", "SPIKE_ALERTS": "on", "SPIKE_FLOOR": "$20", "WEBHOOK_MEMBERS": "on",
    "WEBHOOK_URL": "https://hooks.example.com/in", "WEBHOOK_SECRET": SECRET,
    "BACKUP_DIR": "/backups", "BACKUP_AT": "04:00", "BACKUP_KEEP": "7",
    "TEMPLATES_DIR": "/",
    "HTTP_HOST": "bot.example.com", "HTTP_PORT": "8081", "METRICS_PORT": "9464", "METRICS_MEMBERS": "on",
    "LOG_LEVEL": "debug", "LOG_FORMAT": "json",
    "DATABASE_URL": "sqlite+aiosqlite:////data/ledger.db", "TIMEZONE": "Europe/Berlin", "POLL_SECONDS": "60",
    "HISTORY_DAYS": "30", "SPEND_BASIS": "platform", "BYOK_UNIT": "usd",
}  # fmt: skip


def test_every_setting_has_a_good_value_here() -> None:
    assert set(GOOD) == set(NAMES)


def test_the_names_are_the_ones_of_the_manual() -> None:
    assert set(NAMES) >= {"NEO_API_KEY", "NEO_BEARER_TOKEN", "NEO_API_URL", "SOLO_MEMBER", "DATABASE_URL", "TIMEZONE"}
    assert set(NAMES) >= {"POLL_SECONDS", "HISTORY_DAYS", "SPEND_BASIS", "BYOK_UNIT"}


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
@pytest.mark.parametrize("name", NAMES)
def test_an_empty_value_counts_as_unset(empty: Path, name: str, blank: str) -> None:
    assert load({name: blank}, empty) == load({}, empty)


@pytest.mark.parametrize("name", GOOD)
def test_a_value_in_quotation_marks_is_named_and_not_taken_for_something_else(empty: Path, name: str) -> None:
    good, needed = GOOD[name], {"WEBHOOK_SECRET": SECRET} if name == "WEBHOOK_URL" else {}
    assert repr(load({**needed, name: f"  {good}\t"}, empty)) == repr(load({**needed, name: good}, empty))
    for opening, closing in (
        '""',
        "''",
        "\u201c\u201d",
        "\u2018\u2019",
        "\u00ab\u00bb",
        "``",
        "\u00b4\u00b4",
        "\u2032\u2032",
        "\u2033\u2033",
        ('"', ""),
        ("", "'"),
    ):
        [problem] = problems({name: f"{opening}{good}{closing}"}, empty)
        assert problem == f"{name}: it has quotation marks, which some env files keep. Remove them."


@pytest.mark.parametrize("name", GOOD)
def test_nor_is_a_comment_or_what_is_not_seen_part_of_a_value(empty: Path, name: str) -> None:
    for after in (" # ours", " # ours # too", "\u200b", "\ufeff"):
        [problem] = problems({name: f"{GOOD[name]}{after}"}, empty)
        assert problem.startswith(f"{name}: it has " if "#" not in after else f"{name}: a comment follows it")


@pytest.mark.parametrize("value", ['"ana@acme.dev","bo@acme.dev"', 'ana@acme.dev, "bo@acme.dev"', '["ana@acme.dev"]'])
def test_quotation_marks_around_one_of_several_are_named(empty: Path, value: str) -> None:
    assert "quotation marks" in problems({"ADMINS": value}, empty)[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_an_env_file_spoilt_is_named(empty: Path, name: str) -> None:
    for spoilt in (f"export {name}", f" {name}", f"{name} "):
        [problem] = problems({spoilt: GOOD[name]}, empty)
        assert problem.startswith(f"{name}: it came as `{spoilt}`")
