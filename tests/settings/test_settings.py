"""Settings: each is read or named with its mend, all at once, and no secret shows itself."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from bot.domain.pricing import ByokUnit, SpendBasis
from bot.settings.credentials import Secret
from bot.settings.environment import load
from bot.settings.errors import SettingsError
from bot.settings.model import likely_mistakes
from bot.settings.variables import NAMES, VARIABLES

KEY = "neo_sk_0123456789abcdefghijklmnopqrstuv"
FIELDS = {variable.name: variable.field for variable in VARIABLES}
OTHER_KEY = "neo_sk_zyxwvutsrqponmlkjihgfedcba987654"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A directory without `.env`."""
    return tmp_path


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    """A directory with one."""
    (tmp_path / ".env").write_text(
        f'# ours\nNEO_API_KEY={KEY}\nPOLL_SECONDS="60"\nexport TIMEZONE=Asia/Tokyo # here\nSPEND_BASIS=\nUNRELATED=1\n'
    )
    return tmp_path


def problems(environment: dict[str, str], directory: Path) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load(environment, directory)
    assert str(raised.value).splitlines()[0] == "the settings need mending:"
    assert [line.strip() for line in str(raised.value).splitlines()[1:]] == raised.value.problems
    return raised.value.problems


def test_without_an_environment_the_defaults_stand(empty: Path) -> None:
    defaults = load({}, empty)
    assert (defaults.neo_api_key, defaults.neo_bearer_token, defaults.solo_member) == (None, None, None)
    assert defaults.neo_api_url == "https://neo.api.projectdiscovery.io"
    assert defaults.database_path == Path("neo-usage.db")
    assert defaults.timezone == ZoneInfo("UTC")
    assert (defaults.poll_seconds, defaults.history_days) == (300, 90)
    assert (defaults.spend_basis, defaults.byok_unit) == (SpendBasis.TOTAL, None)
    assert not defaults.has_neo_credential
    assert defaults.pricing_unit is ByokUnit.CREDITS


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
        ("NEO_API_KEY", "neo sk", "holds spaces or unprintable characters. Paste it again, whole and alone."),
        ("NEO_API_KEY", "neo\tsk", "holds spaces or unprintable characters. Paste it again"),
        ("NEO_API_KEY", "neo_sk_\u200babc", "holds spaces or unprintable characters. Paste it again"),
        ("NEO_BEARER_TOKEN", "schl\u00fcssel", "holds spaces or unprintable characters. Paste it again"),
        ("NEO_API_URL", "neo.example.com", "not an address such as https://neo.api.projectdiscovery.io. Give scheme"),
        ("NEO_API_URL", "ftp://neo.example.com", "Give scheme and host alone."),
        ("NEO_API_URL", "https://", "Give scheme and host alone."),
        ("NEO_API_URL", "https:///path", "Give scheme and host alone."),
        ("NEO_API_URL", "https://neo.example.com?a=1", "Give scheme and host alone."),
        ("NEO_API_URL", "https://neo.example.com#a", "Give scheme and host alone."),
        ("NEO_API_URL", "https://ana:pass@neo.example.com", "Put that into NEO_API_KEY instead."),
        ("NEO_API_URL", "https://ana@neo.example.com", "Put that into NEO_API_KEY instead."),
        ("NEO_API_URL", "http://localhost@evil.example.com", "Put that into NEO_API_KEY instead."),
        ("NEO_API_URL", "http://neo.example.com", "plain http would show the credential to the network. Use https."),
        ("NEO_API_URL", "http://10.0.0.1", "Use https."),
        ("NEO_API_URL", "http://0.0.0.0", "Use https."),
        ("NEO_API_URL", "http://127.0.0.1.evil.example.com", "Use https."),
        ("NEO_API_URL", "http://localhost.evil.example.com", "Use https."),
        ("NEO_API_URL", "http://[::2]", "Use https."),
        ("SOLO_MEMBER", "ana", "`ana` is no e-mail address. Give the address of the key's owner."),
        ("DATABASE_URL", "neo.db", "not a database address. Use sqlite+aiosqlite:///PATH."),
        ("DATABASE_URL", "sqlite://neo.db", "not a database address. Use sqlite+aiosqlite:///PATH."),
        ("DATABASE_URL", "mysql://u:p@h/db", "not a database address. Use sqlite+aiosqlite:///PATH."),
        ("DATABASE_URL", "postgresql+psycopg://u:p@h/db", "keeps its ledger in SQLite. Use sqlite+aiosqlite:///PATH."),
        ("DATABASE_URL", "sqlite:///", "must outlive its process. Name a file: sqlite+aiosqlite:///PATH."),
        ("DATABASE_URL", "sqlite:///:memory:", "must outlive its process. Name a file"),
        ("DATABASE_URL", "sqlite+aiosqlite:///?mode=memory", "must outlive its process. Name a file"),
        ("TIMEZONE", "Mars/Base", "`Mars/Base` is no time zone. Use a name such as Europe/Berlin or UTC."),
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
        ("SPEND_BASIS", "both", "`both` is none of total, platform."),
        ("BYOK_UNIT", "eur", "`eur` is none of credits, usd."),
    ],
)
def test_a_bad_value_is_one_line_with_the_setting_and_the_mend(empty: Path, name: str, text: str, problem: str) -> None:
    [line] = problems({name: text}, empty)
    assert line.startswith(f"{name}: ")
    assert problem in line


@pytest.mark.parametrize(
    ("name", "good"), [("NEO_API_KEY", KEY), ("NEO_BEARER_TOKEN", KEY), ("NEO_API_KEY", f" {KEY}\n")]
)
def test_a_credential_is_read_whole_and_without_the_space_round_it(empty: Path, name: str, good: str) -> None:
    loaded = load({name: good}, empty)
    secret = getattr(loaded, name.lower())
    assert secret.reveal() == KEY
    assert loaded.has_neo_credential


def test_every_problem_is_named_at_once(empty: Path) -> None:
    bad = {
        "NEO_API_KEY": "a b",
        "NEO_API_URL": "http://neo.example.com",
        "SOLO_MEMBER": "ana",
        "DATABASE_URL": "neo.db",
        "TIMEZONE": "Mars",
        "POLL_SECONDS": "0",
        "HISTORY_DAYS": "0",
        "SPEND_BASIS": "x",
        "BYOK_UNIT": "x",
    }
    assert {line.split(":")[0] for line in problems(bad, empty)} == set(bad)


def test_both_credentials_are_one_too_many(empty: Path) -> None:
    found = problems({"NEO_API_KEY": KEY, "NEO_BEARER_TOKEN": OTHER_KEY, "POLL_SECONDS": "x"}, empty)
    assert len(found) == 2
    assert found[-1] == "NEO_API_KEY and NEO_BEARER_TOKEN: both are set. Keep one of them."


def test_an_empty_second_credential_does_not_count(empty: Path) -> None:
    assert load({"NEO_API_KEY": KEY, "NEO_BEARER_TOKEN": " "}, empty).neo_bearer_token is None


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
@pytest.mark.parametrize("name", NAMES)
def test_an_empty_value_counts_as_unset(empty: Path, name: str, blank: str) -> None:
    assert load({name: blank}, empty) == load({}, empty)


def test_the_names_are_the_ones_of_the_manual() -> None:
    assert set(NAMES) >= {"NEO_API_KEY", "NEO_BEARER_TOKEN", "NEO_API_URL", "SOLO_MEMBER", "DATABASE_URL", "TIMEZONE"}
    assert set(NAMES) >= {"POLL_SECONDS", "HISTORY_DAYS", "SPEND_BASIS", "BYOK_UNIT"}


def test_an_explicit_unit_is_the_pricing_unit(empty: Path) -> None:
    assert load({"BYOK_UNIT": "usd"}, empty).pricing_unit is ByokUnit.USD


# --- .env ----------------------------------------------------------------------------------------


def test_a_dotenv_file_is_read(dotenv: Path) -> None:
    loaded = load({}, dotenv)
    assert loaded.neo_api_key is not None
    assert loaded.neo_api_key.reveal() == KEY
    assert (loaded.poll_seconds, loaded.timezone.key, loaded.spend_basis) == (60, "Asia/Tokyo", "total")


def test_the_environment_stands_over_the_dotenv_file(dotenv: Path) -> None:
    loaded = load({"POLL_SECONDS": "70", "NEO_API_KEY": OTHER_KEY}, dotenv)
    assert loaded.neo_api_key is not None
    assert loaded.neo_api_key.reveal() == OTHER_KEY
    assert (loaded.poll_seconds, loaded.timezone.key) == (70, "Asia/Tokyo")


def test_a_bad_value_in_the_dotenv_file_is_named_as_well(empty: Path) -> None:
    (empty / ".env").write_text("POLL_SECONDS=never\n")
    assert problems({}, empty)[0].startswith("POLL_SECONDS: ")
    assert load({"POLL_SECONDS": "60"}, empty).poll_seconds == 60


def test_a_credential_of_each_kind_conflicts_across_file_and_environment(dotenv: Path) -> None:
    assert "both are set" in problems({"NEO_BEARER_TOKEN": OTHER_KEY}, dotenv)[0]


def test_a_directory_called_dotenv_is_no_file(empty: Path) -> None:
    (empty / ".env").mkdir()
    assert load({}, empty).poll_seconds == 300


# --- secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["NEO_API_KEY", "NEO_BEARER_TOKEN"])
def test_a_secret_shows_itself_nowhere_but_when_revealed(empty: Path, name: str) -> None:
    loaded = load({name: KEY}, empty)
    secret = getattr(loaded, name.lower())
    for shown in (repr(loaded), str(loaded), repr(secret), str(secret), f"{secret}", f"{secret!r}", f"{[secret]}"):
        assert KEY not in shown
    assert secret.reveal() == KEY


@pytest.mark.parametrize(
    "environment",
    [
        {"NEO_API_KEY": f"{KEY} {KEY}"},
        {"NEO_API_KEY": KEY, "NEO_BEARER_TOKEN": KEY},
        {"NEO_API_KEY": KEY, "POLL_SECONDS": "x"},
        {"NEO_API_URL": f"https://ana:{KEY}@neo.example.com"},
        {"NEO_API_URL": f"https://neo.example.com?key={KEY}"},
        {"DATABASE_URL": f"postgresql+psycopg://ana:{KEY}@host/db"},
        {"DATABASE_URL": f"mysql://ana:{KEY}@host/db"},
    ],
)
def test_no_problem_quotes_a_secret(empty: Path, environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as raised:
        load(environment, empty)
    assert KEY not in str(raised.value)
    assert KEY not in repr(raised.value)
    assert raised.value.__cause__ is None


def test_a_secret_has_no_dictionary_to_dump() -> None:
    assert not hasattr(Secret(KEY), "__dict__")


# --- faults found --------------------------------------------------------------------------------


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


def test_a_dotenv_file_that_is_no_utf8_is_a_problem_like_others(empty: Path) -> None:
    (empty / ".env").write_bytes("SOLO_MEMBER=jürgen@acme.dev\n".encode("latin-1"))
    assert ".env" in problems({}, empty)[0]


def test_a_dollar_in_a_dotenv_secret_stays(empty: Path) -> None:
    (empty / ".env").write_text("NEO_API_KEY=a${HOME}b\n")
    loaded = load({}, empty)
    assert loaded.neo_api_key is not None
    assert loaded.neo_api_key.reveal() == "a${HOME}b"


def test_an_empty_variable_leaves_what_the_dotenv_file_says(dotenv: Path) -> None:
    assert load({"NEO_API_KEY": "", "POLL_SECONDS": ""}, dotenv).poll_seconds == 60


# --- what env files leave in values ----------------------------------------------------------------

GOOD = {
    "NEO_API_KEY": KEY, "NEO_BEARER_TOKEN": "eyJhbGciOi.abc.def", "NEO_API_URL": "https://neo.example.com",
    "NEO_TASK_URL_TEMPLATE": "https://neo.example.com/tasks/{task_id}", "SOLO_MEMBER": "o'brien@acme.dev",
    "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "0" * 32,
    "SLACK_API_URL": "https://slack.example.com/api/", "ADMINS": "ana@acme.dev,U0123ABCD", "DIGEST_CHANNEL": "#a,#b",
    "DIGEST_AT": "08:30", "DIGEST_DAYS": "mon-fri", "ALERT_CHANNEL": "#a", "OPS_CHANNEL": "C0123ABCD",
    "BUDGET_STEPS": "50,100", "ALERT_PRIVACY": "anonymous", "QUIET_HOURS": "20:00-08:00", "SHOW_TITLES": "channel",
    "FAILURE_STATUSES": "error,blocked", "SPIKE_ALERTS": "on", "SPIKE_FLOOR": "$20", "TEMPLATES_DIR": "/",
    "HTTP_HOST": "bot.example.com", "HTTP_PORT": "8081", "LOG_LEVEL": "debug", "LOG_FORMAT": "json",
    "DATABASE_URL": "sqlite+aiosqlite:////data/ledger.db", "TIMEZONE": "Europe/Berlin", "POLL_SECONDS": "60",
    "HISTORY_DAYS": "30", "SPEND_BASIS": "platform", "BYOK_UNIT": "usd",
}  # fmt: skip


def test_every_setting_has_a_good_value_here() -> None:
    assert set(GOOD) == set(NAMES)


@pytest.mark.parametrize("name", GOOD)
def test_a_value_in_quotation_marks_is_named_and_not_taken_for_something_else(empty: Path, name: str) -> None:
    good = GOOD[name]
    assert repr(load({name: f"  {good}\t"}, empty)) == repr(load({name: good}, empty))
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
        assert problem == f"{name}: it holds quotation marks, which some env files keep. Write it without them."


@pytest.mark.parametrize("name", GOOD)
def test_nor_is_a_comment_or_what_is_not_seen_part_of_a_value(empty: Path, name: str) -> None:
    for after in (" # ours", " # ours # too", "\u200b", "\ufeff"):
        [problem] = problems({name: f"{GOOD[name]}{after}"}, empty)
        assert problem.startswith(f"{name}: it holds " if "#" not in after else f"{name}: a comment stands behind it")


@pytest.mark.parametrize("value", ['"ana@acme.dev","bo@acme.dev"', 'ana@acme.dev, "bo@acme.dev"', '["ana@acme.dev"]'])
def test_quotation_marks_around_one_of_several_are_named(empty: Path, value: str) -> None:
    assert "quotation marks" in problems({"ADMINS": value}, empty)[0]


@pytest.mark.parametrize(
    "value", ["[ana@acme.dev]", "<ana@acme.dev>", "ana@acme.dev;bo@acme.dev", "mailto:ana@acme.dev"]
)
def test_what_only_looks_like_an_address_is_none(empty: Path, value: str) -> None:
    for name in ("ADMINS", "SOLO_MEMBER"):
        assert value in problems({name: value}, empty)[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_an_env_file_spoilt_is_named(empty: Path, name: str) -> None:
    for spoilt in (f"export {name}", f" {name}", f"{name} "):
        [problem] = problems({spoilt: GOOD[name]}, empty)
        assert problem.startswith(f"{name}: it came as `{spoilt}`")


def test_a_dotenv_file_may_begin_with_a_mark_of_its_encoding(empty: Path) -> None:
    (empty / ".env").write_bytes(b"\xef\xbb\xbfPOLL_SECONDS=60\n")
    assert load({}, empty).poll_seconds == 60


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1", "that is an app-level token of Slack's. It belongs into SLACK_APP_TOKEN."),
        ("SLACK_APP_TOKEN", "xoxb-1", "that is the bot's token of a Slack app. It belongs into SLACK_BOT_TOKEN."),
        ("SLACK_BOT_TOKEN", "xoxp-1", "that is a token of somebody in Slack, not of the bot."),
        ("SLACK_SIGNING_SECRET", "xoxb-1", "It belongs into SLACK_BOT_TOKEN."),
        ("SLACK_SIGNING_SECRET", KEY, "that is an API key of Neo's. It belongs into NEO_API_KEY."),
        ("NEO_API_KEY", "xoxb-1", "It belongs into SLACK_BOT_TOKEN. Copy the right one from Neo"),
        ("NEO_BEARER_TOKEN", "xapp-1", "It belongs into SLACK_APP_TOKEN."),
        ("SLACK_BOT_TOKEN", KEY, "It belongs into NEO_API_KEY."),
        ("SLACK_BOT_TOKEN", "xoxb-...", "it is still that of the example"),
        ("NEO_API_URL", "https://slack.com/api/", "that is the address of another service"),
        ("SLACK_API_URL", "https://neo.api.projectdiscovery.io", "that is the address of another service"),
        ("NEO_API_URL", "https://neo.example.com/api/v1/usage/tasks", "it names a single request"),
        ("HTTP_HOST", "0.0.0.0:8080", "Give the host alone, and the port as HTTP_PORT."),
        ("TIMEZONE", "EST", "Use a name such as America/New_York or UTC."),
        ("TIMEZONE", "est", "Use a name such as America/New_York or UTC."),
        ("TIMEZONE", "MST", "Use a name such as America/Denver or UTC."),
        ("TIMEZONE", "HST", "Use a name such as Pacific/Honolulu or UTC."),
        ("TIMEZONE", "PDT", "Use a name such as America/Los_Angeles or UTC."),
        ("TIMEZONE", "CEST", "Use a name such as Europe/Berlin or UTC."),
        ("TIMEZONE", "GMT+5", "it knows no summer time"),
        ("TIMEZONE", "+02:00", "it knows no summer time"),
        ("TIMEZONE", "Etc/GMT+5", "`Etc/GMT+5` is even five hours behind UTC"),
        ("TIMEZONE", "Etc/GMT-2", "is a distance and no place"),
        ("TIMEZONE", "Factory", "is not the same on every machine"),
        ("TIMEZONE", "localtime", "is not the same on every machine"),
        ("TIMEZONE", "posixrules", "is not the same on every machine"),
        ("TIMEZONE", "right/Europe/Berlin", "counts leap seconds, which nothing else does. Use Europe/Berlin."),
    ],
)
def test_what_is_meant_for_another_setting_or_seldom_meant_is_said_with_the_mend(
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


def test_what_is_hardly_meant_is_doubted_without_being_told(empty: Path) -> None:
    doubted = dict(likely_mistakes(load({"NEO_BEARER_TOKEN": KEY, "SLACK_SIGNING_SECRET": "secret"}, empty)))
    assert doubted["NEO_BEARER_TOKEN holds an API key"] == "Put it into NEO_API_KEY."
    assert "SLACK_SIGNING_SECRET is not 32 hexadecimal digits" in doubted
    assert KEY not in str(doubted)


# --- a law ---------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["https://h", "sqlite:///x", "UTC", "5", "a@b", KEY, "usd", "json", "http://127.0.0.1", "../x", "\0"]
)


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nowhere")


@tuned(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), TEXTS.filter(lambda text: "[" not in text and "]" not in text)))
def test_any_environment_is_settings_or_a_list_of_its_settings_with_problems(
    nowhere: Path, environment: dict[str, str]
) -> None:
    try:
        load(environment, nowhere)
    except SettingsError as error:
        named = [line.split(":")[0] for line in error.problems]
    else:
        return
    assert named
    assert set(named) <= {*environment, "NEO_API_KEY and NEO_BEARER_TOKEN"}
