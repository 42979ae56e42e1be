"""Credentials: read whole, in their own setting, and shown nowhere."""

from pathlib import Path

import pytest

from bot.settings.credentials import Secret
from bot.settings.environment import load
from bot.settings.errors import SettingsError
from tests.support.settings import KEY, OTHER_KEY, problems


@pytest.mark.parametrize(
    ("name", "good"), [("NEO_API_KEY", KEY), ("NEO_BEARER_TOKEN", KEY), ("NEO_API_KEY", f" {KEY}\n")]
)
def test_a_credential_is_read_whole_and_without_the_space_round_it(empty: Path, name: str, good: str) -> None:
    loaded = load({name: good}, empty)
    secret = getattr(loaded, name.lower())
    assert secret.reveal() == KEY
    assert loaded.has_neo_credential


def test_both_credentials_are_one_too_many(empty: Path) -> None:
    found = problems({"NEO_API_KEY": KEY, "NEO_BEARER_TOKEN": OTHER_KEY, "POLL_SECONDS": "x"}, empty)
    assert len(found) == 2
    assert found[-1] == "NEO_API_KEY and NEO_BEARER_TOKEN: both are set. Keep one of them."


def test_an_empty_second_credential_does_not_count(empty: Path) -> None:
    assert load({"NEO_API_KEY": KEY, "NEO_BEARER_TOKEN": " "}, empty).neo_bearer_token is None


def test_a_credential_of_each_kind_conflicts_across_file_and_environment(dotenv: Path) -> None:
    assert "both are set" in problems({"NEO_BEARER_TOKEN": OTHER_KEY}, dotenv)[0]


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
        {"DATABASE_URL": f"postgresql+psycopg://ana:{KEY}@/db"},
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


def test_a_dollar_in_a_dotenv_secret_stays(empty: Path) -> None:
    (empty / ".env").write_text("NEO_API_KEY=a${HOME}b\n")
    loaded = load({}, empty)
    assert loaded.neo_api_key is not None
    assert loaded.neo_api_key.reveal() == "a${HOME}b"
