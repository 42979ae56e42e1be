"""Values: each is read, or refused with what to write instead."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.pricing import ByokUnit, SpendBasis
from bot.settings.environment import load
from bot.settings.model import likely_mistakes
from bot.settings.postgres_address import PostgresAddress
from bot.settings.variables import VARIABLES
from tests.support.settings import KEY, problems

FIELDS = {variable.name: variable.field for variable in VARIABLES}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("NEO_API_URL", "https://neo.example.com", "https://neo.example.com"),
        ("NEO_API_URL", " https://neo.example.com/ ", "https://neo.example.com"),
        ("NEO_API_URL", "https://neo.example.com:8443", "https://neo.example.com:8443"),
        ("NEO_API_URL", "https://proxy.example.com/neo/", "https://proxy.example.com/neo"),
        ("NEO_API_URL", "http://127.0.0.1:8811", "http://127.0.0.1:8811"),
        ("NEO_API_URL", "http://127.8.9.1", "http://127.8.9.1"),
        ("NEO_API_URL", "http://localhost:80", "http://localhost:80"),
        ("NEO_API_URL", "http://LOCALHOST", "http://LOCALHOST"),
        ("NEO_API_URL", "http://[::1]:8811", "http://[::1]:8811"),
        ("SOLO_MEMBER", " Ana@Acme.DEV ", "ana@acme.dev"),
        ("DATABASE_URL", "sqlite+aiosqlite:///neo.db", Path("neo.db")),
        ("DATABASE_URL", "sqlite+pysqlite:///data/neo.db", Path("data/neo.db")),
        ("DATABASE_URL", "sqlite:////var/lib/neo.db", Path("/var/lib/neo.db")),
        ("DATABASE_URL", "sqlite:///with%20space.db?timeout=5", Path("with space.db")),
        ("DATABASE_URL", "postgresql+psycopg://u@h/db", PostgresAddress("h", "db", "u")),
        ("DATABASE_URL", "postgresql://u@:5433/db?host=/run/pg", PostgresAddress("/run/pg", "db", "u", port=5433)),
        ("TIMEZONE", "Europe/Berlin", ZoneInfo("Europe/Berlin")),
        ("TIMEZONE", "UTC", ZoneInfo("UTC")),
        ("POLL_SECONDS", "10", 10),
        ("POLL_SECONDS", "86400", 86_400),
        ("POLL_SECONDS", " 060 ", 60),
        ("HISTORY_DAYS", "1", 1),
        ("HISTORY_DAYS", "3650", 3_650),
        ("SPEND_BASIS", "platform", SpendBasis.PLATFORM),
        ("SPEND_BASIS", "Total", SpendBasis.TOTAL),
        ("BYOK_UNIT", "usd", ByokUnit.USD),
        ("BYOK_UNIT", "CREDITS", ByokUnit.CREDITS),
    ],
)
def test_a_good_value_is_read(empty: Path, name: str, text: str, value: object) -> None:
    assert getattr(load({name: text}, empty), FIELDS[name]) == value


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("NEO_API_KEY", "neo sk", "has spaces or unprintable characters. Paste the whole value again"),
        ("NEO_API_KEY", "neo\tsk", "has spaces or unprintable characters. Paste the whole value again"),
        ("NEO_API_KEY", "neo_sk_\u200babc", "has spaces or unprintable characters. Paste the whole value again"),
        ("NEO_BEARER_TOKEN", "schl\u00fcssel", "has spaces or unprintable characters. Paste the whole value again"),
        ("NEO_API_URL", "neo.example.com", "not an address such as https://neo.api.projectdiscovery.io. Give scheme"),
        ("NEO_API_URL", "ftp://neo.example.com", "Give scheme and host alone."),
        ("NEO_API_URL", "https://", "Give scheme and host alone."),
        ("NEO_API_URL", "https:///path", "Give scheme and host alone."),
        ("NEO_API_URL", "https://neo.example.com?a=1", "Give scheme and host alone."),
        ("NEO_API_URL", "https://neo.example.com#a", "Give scheme and host alone."),
        ("NEO_API_URL", "https://ana:pass@neo.example.com", "Set NEO_API_KEY instead."),
        ("NEO_API_URL", "https://ana@neo.example.com", "Set NEO_API_KEY instead."),
        ("NEO_API_URL", "http://localhost@evil.example.com", "Set NEO_API_KEY instead."),
        ("NEO_API_URL", "http://neo.example.com", "plain http would show the credential to the network. Use https."),
        ("NEO_API_URL", "http://10.0.0.1", "Use https."),
        ("NEO_API_URL", "http://0.0.0.0", "Use https."),
        ("NEO_API_URL", "http://127.0.0.1.evil.example.com", "Use https."),
        ("NEO_API_URL", "http://localhost.evil.example.com", "Use https."),
        ("NEO_API_URL", "http://[::2]", "Use https."),
        ("SOLO_MEMBER", "ana", "`ana` isn't an e-mail address. Give the address of the key's owner."),
        ("DATABASE_URL", "neo.db", "not a database address. Use sqlite+aiosqlite:///PATH or postgresql+psycopg://USER"),
        (
            "DATABASE_URL",
            "sqlite://neo.db",
            "not a database address. Use sqlite+aiosqlite:///PATH or postgresql+psycopg://USER",
        ),
        (
            "DATABASE_URL",
            "mysql://u:p@h/db",
            "not a database address. Use sqlite+aiosqlite:///PATH or postgresql+psycopg://USER",
        ),
        ("DATABASE_URL", "postgresql+psycopg://u:p@h", "it has no database. Use postgresql+psycopg://USER"),
        ("DATABASE_URL", "sqlite:///", "in memory is lost at every restart. Name a file: sqlite+aiosqlite:///PATH."),
        ("DATABASE_URL", "sqlite:///:memory:", "in memory is lost at every restart. Name a file"),
        ("DATABASE_URL", "sqlite+aiosqlite:///?mode=memory", "in memory is lost at every restart. Name a file"),
        ("TIMEZONE", "Mars/Base", "`Mars/Base` isn't a time zone. Use a name such as Europe/Berlin or UTC."),
        ("TIMEZONE", "UTC+1", "Use a name such as Europe/Berlin or UTC."),
        ("TIMEZONE", "../../etc/passwd", "Use a name such as Europe/Berlin or UTC."),
        ("TIMEZONE", "/etc/localtime", "Use a name such as Europe/Berlin or UTC."),
        ("TIMEZONE", "Europe", "Use a name such as Europe/Berlin or UTC."),
        ("TIMEZONE", "x" * 5_000, "Use a name such as Europe/Berlin or UTC."),
        ("POLL_SECONDS", "9", "`9` is not a whole number of seconds from 10 to 86,400."),
        ("POLL_SECONDS", "86401", "not a whole number of seconds from 10 to 86,400."),
        ("POLL_SECONDS", "five", "not a whole number of seconds"),
        ("POLL_SECONDS", "-300", "not a whole number of seconds"),
        ("POLL_SECONDS", "300.0", "not a whole number of seconds"),
        ("POLL_SECONDS", "1e3", "not a whole number of seconds"),
        ("POLL_SECONDS", "\u0663\u0660\u0660", "not a whole number of seconds"),
        ("POLL_SECONDS", "\u00b3", "not a whole number of seconds"),
        ("POLL_SECONDS", "9" * 5_000, "not a whole number of seconds"),
        ("HISTORY_DAYS", "0", "`0` is not a whole number of days from 1 to 3,650."),
        ("HISTORY_DAYS", "3651", "not a whole number of days from 1 to 3,650."),
        ("HTTP_PORT", "65536", "`65536` isn't a port, which is a whole number from 0 to 65,535."),
        ("METRICS_PORT", "on", "`on` isn't a port"),
        ("SPEND_BASIS", "both", "`both` isn't one of total, platform."),
        ("BYOK_UNIT", "eur", "`eur` isn't one of credits, usd."),
    ],
)
def test_a_bad_value_is_one_line_with_the_setting_and_the_remedy(
    empty: Path, name: str, text: str, problem: str
) -> None:
    [line] = problems({name: text}, empty)
    assert line.startswith(f"{name}: ")
    assert problem in line


@pytest.mark.parametrize("off", ["off", "OFF", ""])
def test_what_is_off_unless_set_may_be_set_to_off(empty: Path, off: str) -> None:
    names = ("QUIET_HOURS", "METRICS_PORT", "NEO_TASK_URL_TEMPLATE")
    settings = load(dict.fromkeys(names, off), empty)
    assert [settings.quiet_hours, settings.metrics_port, settings.neo_task_url_template] == [None, None, None]


@pytest.mark.parametrize("url", ["https://[::1", "https://]neo.example.com", "https://[neo]"])
def test_an_address_with_a_broken_bracket_is_a_problem_like_others(empty: Path, url: str) -> None:
    assert problems({"NEO_API_URL": url}, empty)[0].startswith("NEO_API_URL: ")


@pytest.mark.parametrize(
    "url",
    [
        "https://neo.example.com:abc",
        "https://neo.example.com:99999",
        "https://neo example.com",
        "https://neo.example.com?",
        "https://neo.example.com#",
        "https://neo.example.com\n/x",
    ],
)
def test_an_address_that_no_request_can_use_is_refused(empty: Path, url: str) -> None:
    assert problems({"NEO_API_URL": url}, empty)[0].startswith("NEO_API_URL: ")


def test_leading_zeros_do_not_hide_a_number_that_is_too_large(empty: Path) -> None:
    assert problems({"POLL_SECONDS": "0000000003000000"}, empty)[0].startswith("POLL_SECONDS: ")


def test_a_path_with_a_nul_is_refused(empty: Path) -> None:
    assert problems({"DATABASE_URL": "sqlite:///neo%00.db"}, empty)[0].startswith("DATABASE_URL: ")


@pytest.mark.parametrize(
    "value", ["[ana@acme.dev]", "<ana@acme.dev>", "ana@acme.dev;bo@acme.dev", "mailto:ana@acme.dev"]
)
def test_what_only_looks_like_an_address_is_none(empty: Path, value: str) -> None:
    for name in ("ADMINS", "SOLO_MEMBER"):
        assert value in problems({name: value}, empty)[0]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1", "that is an app-level token of Slack's. It belongs in SLACK_APP_TOKEN."),
        ("SLACK_APP_TOKEN", "xoxb-1", "that is the bot's token of a Slack app. It belongs in SLACK_BOT_TOKEN."),
        ("SLACK_BOT_TOKEN", "xoxp-1", "that is a token of somebody in Slack, not of the bot."),
        ("SLACK_SIGNING_SECRET", "xoxb-1", "It belongs in SLACK_BOT_TOKEN."),
        ("SLACK_SIGNING_SECRET", KEY, "that is an API key of Neo's. It belongs in NEO_API_KEY."),
        ("NEO_API_KEY", "xoxb-1", "It belongs in SLACK_BOT_TOKEN. Copy the right one from Neo"),
        ("NEO_BEARER_TOKEN", "xapp-1", "It belongs in SLACK_APP_TOKEN."),
        ("SLACK_BOT_TOKEN", KEY, "It belongs in NEO_API_KEY."),
        ("SLACK_BOT_TOKEN", "xoxb-...", "it is still the example"),
        ("NEO_API_URL", "https://slack.com/api/", "that is the address of another service"),
        ("SLACK_API_URL", "https://neo.api.projectdiscovery.io", "that is the address of another service"),
        ("NEO_API_URL", "https://neo.example.com/api/v1/usage/tasks", "it names a single request"),
        ("HTTP_HOST", "0.0.0.0:8080", "Give only the host here: the port is a setting of its own."),
        ("TIMEZONE", "EST", "Use a name such as America/New_York or UTC."),
        ("TIMEZONE", "est", "Use a name such as America/New_York or UTC."),
        ("TIMEZONE", "MST", "Use a name such as America/Denver or UTC."),
        ("TIMEZONE", "HST", "Use a name such as Pacific/Honolulu or UTC."),
        ("TIMEZONE", "PDT", "Use a name such as America/Los_Angeles or UTC."),
        ("TIMEZONE", "CEST", "Use a name such as Europe/Berlin or UTC."),
        ("TIMEZONE", "GMT+5", "it has no daylight saving time"),
        ("TIMEZONE", "+02:00", "it has no daylight saving time"),
        ("TIMEZONE", "Etc/GMT+5", "`Etc/GMT+5` is even five hours behind UTC"),
        ("TIMEZONE", "Etc/GMT-2", "is an offset, not a place"),
        ("TIMEZONE", "Factory", "is not the same on every machine"),
        ("TIMEZONE", "localtime", "is not the same on every machine"),
        ("TIMEZONE", "posixrules", "is not the same on every machine"),
        ("TIMEZONE", "right/Europe/Berlin", "counts leap seconds, which nothing else does. Use Europe/Berlin."),
    ],
)
def test_what_is_meant_for_another_setting_or_seldom_meant_is_said_with_the_remedy(
    empty: Path, name: str, text: str, problem: str
) -> None:
    [line] = problems({name: text}, empty)
    assert line.startswith(f"{name}: ")
    assert problem in line
    assert text not in line or name in {"TIMEZONE", "HTTP_HOST"}


@pytest.mark.parametrize("zone", ["UTC", "GMT", "Etc/UTC", "Etc/GMT", "GMT+0", "America/Panama", "US/Eastern", "CET"])
def test_a_zone_that_is_what_it_says_is_taken(empty: Path, zone: str) -> None:
    loaded = load({"TIMEZONE": zone}, empty)
    assert loaded.timezone.key == zone
    mistakes = [found for found, _ in likely_mistakes(loaded)]
    assert mistakes == (["TIMEZONE is CET, an old name"] if zone == "CET" else [])


def test_what_is_probably_a_mistake_is_named_without_the_secret(empty: Path) -> None:
    mistakes = dict(likely_mistakes(load({"NEO_BEARER_TOKEN": KEY, "SLACK_SIGNING_SECRET": "secret"}, empty)))
    assert mistakes["NEO_BEARER_TOKEN holds an API key"] == "Put it into NEO_API_KEY."
    assert "SLACK_SIGNING_SECRET is not 32 hexadecimal digits" in mistakes
    assert KEY not in str(mistakes)
