"""Secrets from files: `NAME_FILE` for each, one source for each, and no error that shows what a file or path holds."""

import os
from pathlib import Path

import pytest

from bot.settings.environment import load, load_place
from bot.settings.variables import FILE_NAMES, VARIABLES, ValueKind
from tests.support.settings import GOOD, KEY, problems

PRIVATE = [each.removesuffix("_FILE") for each in FILE_NAMES]
GIVE = "Give the path of a file that holds the value alone."


def written(directory: Path, content: bytes) -> str:
    path = directory / "secret"
    path.write_bytes(content)
    return str(path)


def test_every_secret_may_come_from_a_file_and_the_address_of_the_database() -> None:
    secrets = {each.name for each in VARIABLES if each.kind is ValueKind.SECRET}
    assert set(PRIVATE) == {*secrets, "DATABASE_URL"}


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("name", PRIVATE)
def test_a_file_says_what_the_variable_would(empty: Path, name: str, ending: bytes) -> None:
    others = {"WEBHOOK_SECRET": GOOD["WEBHOOK_SECRET"]} if name == "WEBHOOK_URL" else {}
    path = written(empty, GOOD[name].encode() + ending)
    field = next(each.field for each in VARIABLES if each.name == name)
    found, expected = (
        getattr(load(each, empty), field) for each in ({**others, f"{name}_FILE": path}, {**others, name: GOOD[name]})
    )
    if name == "DATABASE_URL":
        assert found == expected
    else:
        assert found.reveal() == expected.reveal() == GOOD[name]


def test_a_link_a_relative_path_and_a_line_of_the_dotenv_file_are_followed(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty / "..data").mkdir()
    written(empty / "..data", KEY.encode())
    (empty / "neo_api_key").symlink_to("..data/secret")  # as Kubernetes keeps them
    (empty / ".env").write_text("NEO_API_KEY=\nNEO_API_KEY_FILE=neo_api_key\n")
    monkeypatch.chdir(empty)
    assert load({}).neo_credential() == {"X-Api-Key": KEY}


def test_a_value_and_a_file_are_one_too_many(empty: Path) -> None:
    path = written(empty, KEY.encode())
    expected = ["NEO_API_KEY_FILE: NEO_API_KEY is set, too. Keep one of them."]
    assert problems({"NEO_API_KEY": KEY, "NEO_API_KEY_FILE": path}, empty) == expected
    (empty / ".env").write_text(f"NEO_API_KEY={KEY}\n")
    assert problems({"NEO_API_KEY_FILE": path}, empty) == expected
    assert load({"NEO_API_KEY": KEY, "NEO_API_KEY_FILE": " "}, empty).has_neo_credential


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty. Write the value into it."),
        (b" \r\n\n", "the file is empty. Write the value into it."),
        (b"\x7fELF\xff\xfe", f"it isn't a file of UTF-8 text. {GIVE}"),
        (b"a" * 65_537, f"the file has more than 65,536 bytes. {GIVE}"),
        (
            KEY.encode() * 2 + b"\n" + KEY.encode(),
            "it has spaces or unprintable characters. Paste the whole value again",
        ),
        (KEY.encode() + b"\0", "it has spaces or unprintable characters. Paste the whole value again"),
        (b'"' + KEY.encode() + b'"\n', "it has quotation marks, which some env files keep. Remove them."),
        (b"xoxb-" + KEY.encode(), "that is the bot's token of a Slack app. It belongs in SLACK_BOT_TOKEN."),
    ],
)
def test_what_a_file_may_not_hold_is_said_without_showing_it(empty: Path, content: bytes, problem: str) -> None:
    [found] = problems({"NEO_API_KEY_FILE": written(empty, content)}, empty)
    assert found.startswith(f"NEO_API_KEY_FILE: {problem}")
    assert KEY not in found
    assert "aaa" not in found


def test_what_is_no_file_is_said_without_the_path_which_may_be_the_secret(empty: Path) -> None:
    os.mkfifo(empty / "pipe")
    for path, problem in {
        KEY: f"there is no such file. {GIVE}",
        "x" * 5_000: "the file can't be read (File name too long). Let the bot's user read it.",
        "\ud800": f"it isn't a file of UTF-8 text. {GIVE}",
        str(empty): f"it isn't a regular file. {GIVE}",
        str(empty / "pipe"): f"it isn't a regular file. {GIVE}",
        f'"{empty}"': "it has quotation marks, which some env files keep. Remove them.",
    }.items():
        assert problems({"SLACK_APP_TOKEN_FILE": path}, empty) == [f"SLACK_APP_TOKEN_FILE: {problem}"]


def test_the_place_alone_may_come_from_a_file_too(empty: Path) -> None:
    path = written(empty, b"sqlite+aiosqlite:////data/other.db\n")
    assert load_place({"DATABASE_URL_FILE": path, "TIMEZONE": "Mars"}) == Path("/data/other.db")


def test_a_spoilt_name_of_a_file_is_named(empty: Path) -> None:
    [problem] = problems({"export NEO_API_KEY_FILE": "x"}, empty)
    assert problem.startswith("NEO_API_KEY_FILE: it came as `export NEO_API_KEY_FILE`")
