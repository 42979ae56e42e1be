"""Variables: what env files leave in names and values is named, whatever the setting."""

from pathlib import Path

import pytest

from bot.settings.environment import load
from bot.settings.variables import NAMES
from tests.support.settings import GOOD, problems
from tests.support.webhook import SECRET


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
