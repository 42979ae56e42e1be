"""The terminal: a ledger full of hostile texts acts in no command; no stream is too poor for an answer."""

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import World
from bot.settings.database_place import DatabasePlace
from tests.support.command import run_command
from tests.support.effort import amount
from tests.support.engines import SQLITE, connected, costly, url_of
from tests.support.postgres import PostgresServer
from tests.support.worlds import add

pytestmark = costly

NOW = datetime.now(UTC)  # noqa: TID251 - the command under test has the machine's clock
EVIL = (
    "\x1b]0;own\x07\x1b[31mred\x9b2J\u202eback\u2066\nok    forged line\r\x7f\u200b\u2028[bold]ma[/bold]rk \u3164:100:"
)
MAIL = f"eve{EVIL}@acme.example"
FULL = b"neo-usage: No space left on device.\n"
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
USAGE = 2  # the exit code of wrong use
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def hostile_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    directory = tmp_path_factory.mktemp("hostile")
    with made_hostile(directory / "ledger.db", directory) as settings:
        yield settings


@pytest.fixture(scope="module")
def hostile_server(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with made_hostile(postgres.empty(), tmp_path_factory.mktemp("hostile")) as settings:
        yield settings


@pytest.fixture
def hostile(engine: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings of a ledger in which every text is hostile, with Neo and a hostile Slack behind it."""
    settings: dict[str, str] = request.getfixturevalue("hostile_file" if engine == SQLITE else "hostile_server")
    return settings


@contextmanager
def made_hostile(place: DatabasePlace, directory: Path) -> Iterator[dict[str, str]]:
    """Make such a ledger; give its settings while Neo and Slack are there."""
    world = World.empty(start=NOW)
    for number in range(4):
        texts = {"title": EVIL, "model": f"m{number} [bold]", "error_message": EVIL, "email": f"{number}{MAIL}"}
        used = {"tools": {EVIL: (2, 30)}, "agents": {EVIL: 1}}
        begun = NOW - timedelta(hours=4 + number)
        add(world, f"t{number}", "9", begun=begun, status="failed", **texts, **used)
    workspace = Workspace.default()
    workspace.user("hannah").name = f"Hannah{EVIL}"
    slack = SlackApi(workspace, lambda: NOW, lambda: NOW)
    with NeoServer(NeoApi(world, lambda: NOW)) as neo, SlackServer(slack) as server:
        settings = {
            "NEO_API_URL": neo.url,
            "NEO_API_KEY": neo.api.key,
            "SLACK_API_URL": server.api_url,
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "ADMINS": workspace.user("hannah").id,
            "DATABASE_URL": url_of(place),
        }
        environment = {**os.environ, **settings}
        run_command(("sync",), environment, directory)
        run_command(("budget", "set", f"0{MAIL}", "5/month", "--reason", EVIL), environment, directory)
        run_command(("budget", "set", "default", "9/month"), environment, directory)
        with connected(place) as ledger:
            for statement in HOSTILE:
                ledger.execute(text(statement), {"evil": EVIL, "mail": f"1{MAIL}"})
        yield settings


HOSTILE = (
    "INSERT INTO quarantine (key, reason, first_seen_at, last_seen_at) VALUES (:evil, :evil, 1, 1)",
    "UPDATE task SET model = model || :evil",  # neo lets none in
    "UPDATE task SET status = :evil WHERE status NOT IN ('error', 'failed')",
    "UPDATE pass SET error = :evil",
    "DELETE FROM note WHERE key = 'scope_warning'",
    "INSERT INTO note VALUES ('scope_warning', :evil)",
    "INSERT INTO slack_link (slack_user, email) VALUES ('U9', :mail)",
    "UPDATE notification SET state = 'dead', error = :evil, settled_at = created_at",
)


def command(settings: dict[str, str], directory: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, **settings}
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "bot", *words], cwd=directory, env=environment, capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip


@pytest.fixture
def say(hostile: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    """The command in this process: its exit code, output and complaints."""
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)

    def said(*words: str, encoding: str = "utf-8") -> tuple[int, str, str]:
        ended = run_command(words, os.environ, tmp_path, encoding)
        return ended.returncode, ended.stdout, ended.stderr

    return said


def check(text: str) -> None:
    assert not [letter for letter in text if letter != "\n" and unicodedata.category(letter) in HIDDEN], ascii(text)
    assert "\u3164" not in text
    assert not [line for line in text.splitlines() if line.startswith("ok    forged")]


@pytest.mark.slow
def test_no_text_from_elsewhere_acts_in_any_command(say: Say) -> None:
    lines = [
        "report 30d by:member", "report 30d rows", "report 30d by:model,status", "report 30d by:tool",
        "report 30d by:day",
        "report 30d by:agent", "errors 30d", "status", "doctor", "doctor --offline", "member list", "budget list",
        "budget check", "budget export",
        "explain", "explain team", "digest --dry-run", "db verify", "db upgrade", "sync", "manifest",
        "digest --date 2001-01-01",
    ]  # fmt: skip
    for line in lines:
        code, out, err = say(*line.split())
        check(out)
        check(err)
        assert err if code == USAGE else out, line
        assert "Traceback" not in err, (line, err)
        assert code in ({0, 1, 2, 3} if line == "budget check" else {0, 1, 2})  # 3: a budget is used up
    assert "[bold]ma[/bold]rk" in say("report", "30d", "by:member")[1]  # a console's marks are none to us


def test_nor_in_what_is_said_of_wrong_use(say: Say) -> None:
    named = [
        ("report", f"task:t0{EVIL}"), ("report", f"task:{EVIL}"), ("report", f"email:0{MAIL}", "30d"), ("report", EVIL),
        ("report", "@0ev"), ("report", "@nobody"), ("explain", f"0{MAIL}"), ("explain", "0eve"),
        ("explain", f"9{MAIL}"),
        ("budget", "set", f"0{MAIL}", "7/month"), ("budget", "set", "0eve@acme.exampl", "5/month"),
        ("budget", "set", "team", EVIL), ("budget", "set", EVIL, "5/month"), ("budget", "remove", f"0{MAIL}"),
        ("budget", "remove", EVIL), ("member", "link", f"2{MAIL}", "U7"), ("member", "link", f"1{MAIL}", "U8"),
        ("member", "link", "remove", "U9"), ("member", "link", EVIL, EVIL), ("member", "merge", EVIL, "a@b.cd"),
        ("member", "merge", f"3{MAIL}", "three@acme.example"), ("member", "merge", f"3{MAIL}", EVIL),
        ("digest", "--date", EVIL), ("db", "backup", f"{EVIL}.db"), ("db", "restore", f"{EVIL}.db"), (EVIL,),
        (f"--{EVIL}",), ("report", f"--{EVIL}"),
    ]  # fmt: skip
    for words in named:
        code, out, err = say(*words)
        check(out)
        check(err)
        assert err if code else out, words


@pytest.mark.slow
def test_a_traceback_acts_as_little(hostile: dict[str, str], tmp_path: Path) -> None:
    done = command(hostile, tmp_path, "--debug", "member", "merge", EVIL, "a@b.cd")
    assert b"Traceback" in done.stderr
    assert not set(done.stderr.decode()) & set("\x1b\x07\x9b\u202e\u2066\r\x7f\u200b\u2028\u3164")


def test_settings_are_quoted_as_harmlessly(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ADMINS", "TIMEZONE", "DIGEST_CHANNEL", "POLL_SECONDS", "TEMPLATES_DIR", "NEO_TASK_URL_TEMPLATE"):
        monkeypatch.setenv(name, EVIL)
    for words in (("status",), ("doctor",)):
        code, out, err = say(*words)
        assert code == 1
        check(out)
        check(err)
        assert "TIMEZONE: " in out + err


def test_json_and_csv_are_whole_and_their_texts_harmless(say: Say) -> None:
    lines = [
        "report 30d rows --json", "report 30d by:member --json", "errors 30d --json", "status --json",
        "member list --json",
        "budget list --json", "budget check --json", "explain --json",
    ]  # fmt: skip
    documents = {}
    for line in lines:
        _, out, err = say(*line.split())
        check(out)
        assert err == ""
        assert out.isascii()
        documents[line] = json.loads(out)
    assert documents["report 30d rows --json"]["rows"][0]["title"] == EVIL
    code, out, err = say("report", "30d", "rows", "--csv")
    assert (code, err) == (0, "")
    check(out)
    header, *rows = csv.reader(io.StringIO(out))
    assert {len(row) for row in rows} == {len(header)}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-16", "shift_jis"])
def test_an_encoding_that_lacks_a_letter_gets_the_figures_all_the_same(say: Say, encoding: str) -> None:
    for line, figure in (
        ("by:member", "$90.00"),
        ("by:day", "$360.00"),
        ("rows", "$360.00"),
        ("rows --csv", "90.00000"),
    ):
        code, out, err = say("report", "30d", *line.split(), encoding=encoding)
        assert (code, err) == (0, ""), err
        assert figure in out
    assert "$360.00" in say("errors", "30d", encoding=encoding)[1]
    code, _, err = say("report", "größe東京", encoding=encoding)
    assert code == 2
    assert "I don't know" in err


@pytest.mark.slow
@pytest.mark.long
def test_a_reader_that_leaves_is_no_error_and_a_full_disk_is_one_line(hostile: dict[str, str], tmp_path: Path) -> None:
    environment = {**os.environ, **hostile}
    lines = ("report 30d rows --json", "doctor --offline", "--help", "errors 30d --json", "report 30d")
    for line in lines[: amount(5, 2)]:
        run = [sys.executable, "-m", "bot", *line.split()]
        with subprocess.Popen(  # noqa: S603 - our own command
            run, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(30) == 1
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(  # noqa: S603 - our own command
                run, cwd=tmp_path, env=environment, stdout=full, stderr=subprocess.PIPE, check=False, timeout=30
            )
        assert done.returncode == 1
        assert done.stderr in {FULL, b"neo-usage: cannot write the output: No space left on device.\n"}


@pytest.mark.slow
@pytest.mark.long
def test_on_a_terminal_only_our_own_styles_act(hostile: dict[str, str], tmp_path: Path) -> None:
    lines = ("report 30d rows", "doctor --offline", "sync", "report 30d by:member", "status", "errors 30d")
    for line in lines[: amount(6, 3)]:
        seen = in_a_terminal([sys.executable, "-m", "bot", *line.split()], {**os.environ, **hostile}, tmp_path)
        styles = re.findall(r"\x1b\[([0-9;?]*[A-Za-z])", seen)
        assert styles or line == "doctor --offline"
        left = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.replace("\r", ""))
        check(left)
        assert "2J" not in styles
        assert not re.search(r"\x1b\[31mred", seen)


@pytest.mark.slow
def test_a_narrow_terminal_without_our_signs_shows_every_amount(hostile: dict[str, str], tmp_path: Path) -> None:
    narrow = {**os.environ, **hostile, "COLUMNS": "40", "LANG": "C", "PYTHONIOENCODING": "ascii"}
    for line, figure in (("report 30d by:member,model", "$90.00"), ("errors 30d", "$360.00"), ("status", "4")):
        seen = in_a_terminal([sys.executable, "-m", "bot", *line.split()], narrow, tmp_path)
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.replace("\r", ""))
        assert figure in shown
        assert shown.isascii()
        assert "Traceback" not in shown
        assert max(map(len, shown.splitlines())) <= 40, shown


def in_a_terminal(run: list[str], environment: dict[str, str], directory: Path) -> str:
    reading, writing = pty.openpty()
    with subprocess.Popen(run, cwd=directory, env=environment, stdout=writing, stderr=writing) as process:  # noqa: S603
        os.close(writing)
        seen = b""
        while True:
            try:
                part = os.read(reading, 65_536)
            except OSError:  # the other end is closed
                break
            seen += part
        process.wait(60)
    os.close(reading)
    return seen.decode()
