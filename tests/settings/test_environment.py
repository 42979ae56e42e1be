"""The environment over `.env`: what is read from where, and all problems at once."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from bot.domain.pricing import ByokUnit, SpendBasis
from bot.settings.environment import load
from bot.settings.errors import SettingsError
from bot.settings.variables import NAMES
from tests.support.settings import KEY, OTHER_KEY, problems


def test_without_an_environment_the_defaults_stand(empty: Path) -> None:
    defaults = load({}, empty)
    assert (defaults.neo_api_key, defaults.neo_bearer_token, defaults.solo_member) == (None, None, None)
    assert defaults.neo_api_url == "https://neo.api.projectdiscovery.io"
    assert defaults.database == Path("neo-usage.db")
    assert defaults.timezone == ZoneInfo("UTC")
    assert (defaults.poll_seconds, defaults.history_days) == (300, 90)
    assert (defaults.spend_basis, defaults.byok_unit) == (SpendBasis.TOTAL, None)
    assert not defaults.has_neo_credential
    assert defaults.pricing_unit is ByokUnit.CREDITS


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


def test_an_explicit_unit_is_the_pricing_unit(empty: Path) -> None:
    assert load({"BYOK_UNIT": "usd"}, empty).pricing_unit is ByokUnit.USD


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


def test_a_directory_called_dotenv_is_no_file(empty: Path) -> None:
    (empty / ".env").mkdir()
    assert load({}, empty).poll_seconds == 300


def test_a_dotenv_file_that_is_no_utf8_is_a_problem_like_others(empty: Path) -> None:
    (empty / ".env").write_bytes("SOLO_MEMBER=jürgen@acme.dev\n".encode("latin-1"))
    assert ".env" in problems({}, empty)[0]


def test_an_empty_variable_leaves_what_the_dotenv_file_says(dotenv: Path) -> None:
    assert load({"NEO_API_KEY": "", "POLL_SECONDS": ""}, dotenv).poll_seconds == 60


def test_a_dotenv_file_may_begin_with_a_mark_of_its_encoding(empty: Path) -> None:
    (empty / ".env").write_bytes(b"\xef\xbb\xbfPOLL_SECONDS=60\n")
    assert load({}, empty).poll_seconds == 60


@pytest.mark.parametrize("name", ["BACKUP_DIR", "TEMPLATES_DIR"])
def test_a_home_of_nobody_is_a_problem_of_its_setting(empty: Path, name: str) -> None:
    (problem,) = [each for each in problems({name: "~no-such-user/x"}, empty) if each.startswith(name)]
    assert "no such user" in problem


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    [
        "https://h",
        "sqlite:///x",
        "UTC",
        "5",
        "a@b",
        KEY,
        "usd",
        "json",
        "http://127.0.0.1",
        "../x",
        "\0",
        "~0",
        "~nobody/x",
    ]
)


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nowhere")


@pytest.mark.slow
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


def test_one_port_for_two_is_a_problem(empty: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load({"METRICS_PORT": "8080"}, empty)
    assert refused.value.problems == ["METRICS_PORT: it is HTTP_PORT, too. Choose another one."]
    load({"METRICS_PORT": "8080", "METRICS_HOST": "127.0.0.2"}, empty)
    load({"METRICS_PORT": "0", "HTTP_PORT": "0"}, empty)  # any free ones


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_dotenv_file_that_may_not_be_read_is_said_with_what_to_do() -> None:
    with TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        dotenv = Path(directory) / ".env"
        dotenv.write_text("POLL_SECONDS=60\n")
        dotenv.chmod(0o600)
        load({}, Path(directory))
        os.seteuid(12345)
        try:
            with pytest.raises(SettingsError) as refused:
                load({}, Path(directory))
        finally:
            os.seteuid(0)
    [problem] = refused.value.problems
    assert problem == f".env: it can't be read (Permission denied). Give the file to the bot's user: {dotenv}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_directory_that_may_not_be_entered_is_said_with_what_to_do() -> None:
    with TemporaryDirectory() as directory:
        os.seteuid(12345)
        try:
            with pytest.raises(SettingsError) as refused:
                load({}, Path(directory))
        finally:
            os.seteuid(0)
    [problem] = refused.value.problems
    assert problem == (
        f".env: the bot's user may not look into {directory}. Give it that directory, or run it in one of its own."
    )
