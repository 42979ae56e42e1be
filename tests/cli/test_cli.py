"""The command line, as a person and a shell see it: words in, exit codes and one clear line out."""

import asyncio
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import click
import pytest

from bot.app import system_clock
from bot.cli.main import app
from bot.database.engine import open_database
from bot.sandbox.clock import SimClock
from bot.sandbox.faults import Status
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.tasks import row
from tests.support import reckoning
from tests.support.command import become_command, run_command
from tests.support.effort import amount
from tests.support.engines import SQLITE, costly, sqlite_only, url_of
from tests.support.forked import forked, kill, send
from tests.support.postgres import PostgresServer
from tests.support.todays_world import todays_world

Run = Callable[..., subprocess.CompletedProcess[str]]
START = datetime.now(UTC)  # noqa: TID251 - the command under test has the machine's clock


@pytest.fixture(scope="module")
def upstream() -> Iterator[NeoServer]:
    with NeoServer(NeoApi(todays_world(START), SimClock(lambda: START))) as server:
        yield server


@pytest.fixture
def neo(upstream: NeoServer) -> Iterator[NeoServer]:
    """The embedded Neo as it was; what a test changes is put back."""
    upstream.api.log.clear()
    yield upstream
    upstream.api.faults.clear()
    upstream.api.latency_s, upstream.api.page_cap = 0.0, None


def environment(neo: NeoServer, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEO_", "SLACK_"))}
    return kept | {"NEO_API_URL": neo.url, "NEO_API_KEY": neo.api.key, **settings}


@pytest.fixture
def bare_run(neo: NeoServer, tmp_path: Path) -> Run:
    """The command in this process, of which no ledger is asked."""
    return lambda *words, **settings: run_command(words, environment(neo, **settings), tmp_path)


@pytest.fixture
def where(engine: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings of a ledger that is not made yet: in the directory where the command runs, or on a server."""
    return {} if engine == SQLITE else {"DATABASE_URL": url_of(request.getfixturevalue("empty_postgres"))}


@pytest.fixture
def run(neo: NeoServer, where: dict[str, str], tmp_path: Path) -> Run:
    """The command in this process."""
    return lambda *words, **settings: run_command(words, environment(neo, **where, **settings), tmp_path)


@pytest.fixture(scope="module")
def synced_file(upstream: NeoServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that `sync` has filled, to be copied."""
    directory = tmp_path_factory.mktemp("synced")
    synced = run_command(("sync",), environment(upstream), directory)
    assert "complete: yes" in synced.stdout, synced.stderr
    return directory / "neo-usage.db"


@pytest.fixture(scope="module")
def synced_template(upstream: NeoServer, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Such a ledger on a server."""
    template = postgres.empty()
    settings = environment(upstream, DATABASE_URL=url_of(template))
    synced = run_command(("sync",), settings, tmp_path_factory.mktemp("synced"))
    assert "complete: yes" in synced.stdout, synced.stderr
    return template.database


@pytest.fixture
def synced_where(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of a synced ledger."""
    if engine == SQLITE:
        shutil.copy(request.getfixturevalue("synced_file"), tmp_path / "neo-usage.db")
        yield {}
        return
    template, server = request.getfixturevalue("synced_template"), request.getfixturevalue("postgres")
    copied = server.copy_of(template)
    yield {"DATABASE_URL": url_of(copied)}
    server.drop(copied)


@pytest.fixture
def synced(neo: NeoServer, synced_where: dict[str, str], tmp_path: Path) -> Run:
    """The command over a synced ledger."""
    return lambda *words, **settings: run_command(words, environment(neo, **synced_where, **settings), tmp_path)


@dataclass(frozen=True)
class Started:
    """A command in a process of its own, and what it has said so far."""

    process: BaseProcess
    directory: Path

    @property
    def out(self) -> str:
        return self._said("out")

    @property
    def err(self) -> str:
        return self._said("err")

    def _said(self, kind: str) -> str:
        path = self.directory / f"{self.process.pid}.{kind}"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def wait(self) -> int | None:
        """Wait until it has ended; return its exit code."""
        self.process.join(60)
        return self.process.exitcode


def start(neo: NeoServer, where: dict[str, str], directory: Path, *words: str) -> Started:
    return Started(forked(become_command, words, environment(neo, **where), directory), directory)


def expected(neo: NeoServer) -> Decimal:
    return reckoning.total(row(task) for task in neo.api.world.tasks(START))


@pytest.mark.slow
@costly
def test_sync_then_report_in_every_form(run: Run, neo: NeoServer) -> None:
    synced = run("sync")
    assert synced.returncode == 0
    assert "complete: yes" in synced.stdout.splitlines()
    assert run("sync").stdout.splitlines()[2] == "new: 0"
    document = json.loads(run("report", "90d", "by:member", "--json").stdout)
    assert Decimal(document["total"]["spend_usd"]) == expected(neo)
    lines = run("report", "90d", "by:member", "--csv").stdout.splitlines()
    assert lines[0] == "member,spend_usd,platform_usd,provider_usd,tasks,share"
    assert len(lines) == len(document["groups"]) + 1
    shown = run("report", "90d", "by:member").stdout
    assert f"${expected(neo):,.2f}" in shown
    assert "Data as of" in shown


@pytest.mark.parametrize("line", ["report --help", "report help", "report ?", "errors --help", "errors help"])
def test_help_teaches_the_language_on_one_screen(bare_run: Run, line: str) -> None:
    shown = bare_run(*line.split())
    assert (shown.returncode, shown.stderr) == (0, "")
    for part in (
        "Examples:",
        "Time ",
        "Filters ",
        "-status:completed",
        "People ",
        f"neo-usage {line.split(maxsplit=1)[0]} ",
    ):
        assert part in shown.stdout
    assert len(shown.stdout.splitlines()) <= 36


EXAMPLE = re.compile(r"^ +(neo-usage (?:report|errors)(?: \S+)*?)(?:  |$)", re.MULTILINE)


@costly
def test_every_example_of_the_help_is_answered(synced: Run) -> None:
    examples = [line for name in ("report", "errors") for line in EXAMPLE.findall(synced(name, "help").stdout)]
    assert len(examples) == 8
    for line in examples:
        answer = synced(*line.replace("@ana", "@priya").split()[1:])
        assert (answer.returncode, answer.stderr) == (0, ""), line


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_command_says_what_it_does_with_an_example(bare_run: Run) -> None:
    for words, command in commands(app):
        shown = bare_run(*words, "--help").stdout
        assert (command.help or "").split("\n\n")[0].rstrip().endswith("."), words
        assert f"neo-usage {' '.join(words)}" in shown.partition("\n")[2].replace("\n  ", " "), words


def test_words_may_begin_with_a_dash_and_a_shells_quotes_are_given_back(synced: Run) -> None:
    assert synced("report", "team", "-status:completed", "30d").returncode == 0
    document = json.loads(synced("report", "last month", "search:no one", "--json").stdout)
    assert document["query"] == 'last month search:"no one"'
    document = json.loads(synced("report", "model:gpt 5,opus", "search:a, b", "--json").stdout)
    assert document["query"] == 'model:"gpt 5",opus search:"a, b"'
    for words in (
        ["-email:hannah.weiss@acme.example"],
        ["-search:h"],
        ["-model:haiku", "by:model"],
        ["-status:failed"],
    ):
        document = json.loads(synced("report", *words, "--json").stdout)
        assert document["query"] == " ".join(words)
    assert synced("errors", "-model:haiku").stdout.startswith("Team, -model:haiku")


def test_one_day_alone_is_no_chart(synced: Run) -> None:
    assert " at most $" in synced("report", "7d", "by:day").stdout
    alone = synced("report", "7d", "by:day", "top:1").stdout
    assert " more, $" in alone
    assert " at most $" not in alone


def test_a_time_before_the_history_says_how_to_read_it(synced: Run) -> None:
    said = " ".join(synced("report", "last year").stdout.split())
    assert re.search(r"Incomplete: the history I have starts [^;]+; `neo-usage sync --full` reads the rest$", said)


@pytest.mark.slow
def test_an_e_mail_that_neo_does_not_know_is_named(synced: Run) -> None:
    unknown = synced("report", "email:nobody@x.yz").stdout
    assert "I can't find nobody@x.yz in Neo: it has no tasks of theirs. Check the spelling.\n" in unknown
    both = synced("report", "email:nobody@x.yz,no@x.yz").stdout
    assert "I can't find nobody@x.yz and no@x.yz in Neo" in both
    assert "No spend in this period." in synced("report", "email:unattributed").stdout


def test_h_alone_shows_the_help_of_commands_whose_words_may_begin_with_a_dash(bare_run: Run) -> None:
    for words in (("report",), ("errors",), ("reconcile",), ("backtest",), ("budget", "set"), ("subscription", "add")):
        assert bare_run(*words, "-h").stdout == bare_run(*words, "--help").stdout


@costly
@pytest.mark.parametrize("words", [("report",), ("report", "7d", "by:day"), ("status",)])
def test_times_are_those_of_the_zone(synced: Run, words: tuple[str, ...]) -> None:
    as_of = datetime.fromisoformat(json.loads(synced("report", "--json").stdout)["data_as_of"])
    local = as_of.astimezone(ZoneInfo("Asia/Kathmandu"))  # at 5:45
    shown = synced(*words, TIMEZONE="Asia/Kathmandu").stdout.lower()
    assert f"data as of {local:%H:%M} (asia/kathmandu)" in " ".join(shown.split())


@costly
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["report", "modle:opus"], 2, 'I don\'t know "modle:". Did you mean `model:opus`?'),
        (["report", "2026-11-20..2026-11-01"], 2, "ends before it begins"),
        (["report", "from:2026-11-20", "to:2026-11-01"], 2, "Try `neo-usage report 2026-11-01..2026-11-20`"),
        (["report", "by:member,model,day"], 2, "Try `neo-usage report by:member,model`"),
        (["report", "by:tool,day"], 2, "Try `neo-usage report by:tool`"),
        (["budget", "set", "team", "-5/month"], 2, "`-5` isn't an amount"),
        (["budget", "set", "team", "500", "foo/month"], 2, "I don't know `foo/month`"),
        (["budget", "remove", "team", "year"], 2, "Type `neo-usage budget remove team month`"),
        (["budget", "remove", "team"], 2, "`neo-usage budget list` lists all budgets"),
        (["budget", "apply", "nowhere.toml"], 2, "No such file or directory. Try `neo-usage budget apply --help`."),
        (["budget", "set"], 2, "Missing argument"),
        (["nosuch"], 2, "No such command 'nosuch'. Try `neo-usage --help`."),
        (["--nosuch"], 2, "No such option '--nosuch'. Try `neo-usage --help`."),
        (["sync", "more"], 2, "Got unexpected extra argument (more). Try `neo-usage sync --help`."),
        (["subscription", "remove", "a"], 2, "is not a valid integer"),
        (["report", "@nobody"], 2, "I can't find @nobody in Neo"),
        (["report", "<@U123>"], 2, "is a Slack mention"),
        (["report", "list", "budgets"], 2, "That is a command, not a question. Type `neo-usage budget list`."),
        (["report", "what", "is", "my", "budget"], 2, "Type `neo-usage budget list`."),
        (["report", "snooze", "me"], 2, "`snooze` is a command for Slack. Type it there, behind `/neo-usage`."),
        (["report", "nonsense"], 2, 'I don\'t know "nonsense"'),
        (["report", "--json", "--csv"], 2, "one of them"),
        (["report", "--nonsense"], 2, "nonsense"),
        (["member", "merge", "x@y.z", "a@b.c"], 1, "no task of x@y.z is known"),
    ],
)
def test_wrong_use_is_one_line_and_no_traceback(synced: Run, words: list[str], code: int, said: str) -> None:
    result = synced(*words)
    assert (result.returncode, result.stdout) == (code, "")
    assert said in result.stderr
    assert result.stderr.startswith("neo-usage: ")
    assert result.stderr.count("\n") == 1


@sqlite_only("tests/cli/test_postgres.py says what it is on a server")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["backup", "there/is/no/such/place"], "cannot copy"),
        (["restore", "nothing.db"], "there is no ledger at nothing.db"),
    ],
)
def test_a_copy_that_cannot_be_made_or_read_is_one_line(synced: Run, words: list[str], said: str) -> None:
    result = synced("db", *words)
    assert (result.returncode, result.stdout) == (1, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@sqlite_only("tests/cli/test_postgres.py says what it is on a server")
def test_without_ledger_or_with_bad_settings_the_remedy_is_said(run: Run) -> None:
    assert "there is no ledger at neo-usage.db yet. Run `neo-usage sync`" in run("report").stderr
    result = run("sync", TIMEZONE="Mars/Phobos", POLL_SECONDS="often", NEO_API_URL="http://example.com")
    assert result.returncode == 1
    for name in ("TIMEZONE", "POLL_SECONDS", "NEO_API_URL"):
        assert f"{name}: " in result.stderr
    alone = run("sync", NEO_API_KEY="").stderr
    assert alone.startswith("neo-usage: correct this setting: NEO_API_KEY: it isn't set")
    assert alone.count("\n") == 1


def test_a_refused_key_is_one_line_and_shows_nowhere(run: Run, neo: NeoServer) -> None:
    result = run("sync", NEO_API_KEY="neo_sk_very-secret")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "neo-usage: Neo does not accept the key (401). Check NEO_API_KEY: it may be mistyped, expired or revoked.\n"
    )
    shown = run("--debug", "sync", NEO_API_KEY="neo_sk_very-secret")
    assert "Traceback" in shown.stderr
    assert "very-secret" not in shown.stderr + shown.stdout
    assert shown.returncode == 1
    assert run("--debug", "backtest", "nothing").returncode == 2
    neo.api.faults.always = Status(403)
    assert "must be an admin" in run("sync").stderr


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackServer]:
    with SlackServer(SlackApi(Workspace.default(), lambda: START, lambda: START)) as server:
        yield server


@pytest.fixture
def slack_settings(slack: SlackServer) -> dict[str, str]:
    """What connects the command to the embedded Slack."""
    return {
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.api.workspace.bot_token,
        "SLACK_APP_TOKEN": slack.api.workspace.app_token,
        "ADMINS": "hannah.weiss@acme.example",
        "HTTP_PORT": "0",
    }


@pytest.mark.slow
def test_status_and_doctor_tell_the_state(synced: Run, neo: NeoServer, slack_settings: dict[str, str]) -> None:
    found = json.loads(synced("status", "--json").stdout)
    assert (found["stale"], found["quarantine"], found["passes"][0]["complete"]) == (False, [], True)
    assert "Last reads of Neo" in synced("status").stdout
    well = synced("doctor", **slack_settings)
    assert well.returncode == 0, well.stdout
    neo.api.faults.always = Status(401)
    sick = synced("doctor", **slack_settings)
    assert sick.returncode == 1
    assert "FAIL  neo " in sick.stdout
    assert synced("doctor", "--offline", **slack_settings).returncode == 0
    assert synced("doctor", "--offline", **slack_settings, NEO_API_KEY="").returncode == 1
    assert synced("doctor", "--offline").returncode == 1
    document = json.loads(synced("doctor", "--json", **slack_settings).stdout)
    assert document["failed"] == 1
    states = {each["what"]: each["state"] for each in document["checks"]}
    assert (states["neo"], states["database"]) == ("fail", "ok")
    assert document["warnings"] == sum(each["state"] == "warn" for each in document["checks"])


def test_the_doctor_says_what_time_it_is_where_days_begin(bare_run: Run) -> None:
    zone = ZoneInfo("Asia/Kathmandu")
    before = system_clock()
    document = json.loads(bare_run("doctor", "--offline", "--json", TIMEZONE=zone.key).stdout)
    [check] = [each for each in document["checks"] if each["what"] == "time zone"]
    possible = {f"{zone.key}, where it is {at.astimezone(zone):%H:%M}" for at in (before, system_clock())}
    assert (check["state"], check["finding"] in possible) == ("ok", True)


@pytest.mark.slow
@pytest.mark.long
@sqlite_only("a ledger on a server has no file here")
def test_the_doctor_warns_of_files_that_others_can_read(synced: Run, tmp_path: Path) -> None:
    ledger, dotenv = tmp_path / "neo-usage.db", tmp_path / ".env"
    dotenv.write_text("BYOK_UNIT=credits\n")
    dotenv.chmod(0o600)
    ledger.chmod(0o600)
    assert "  files " not in synced("doctor", "--offline").stdout
    dotenv.chmod(0o640)
    ledger.chmod(0o604)
    tmp_path.chmod(0o777)
    said = synced("doctor", "--offline").stdout
    for line in (f"can read {dotenv}  `chmod 600 {dotenv}`", f"`chmod 600 {ledger}`", f"`chmod go-w {tmp_path}`"):
        assert f"{line}\n" in said
    assert ledger.stat().st_mode & 0o777 == 0o600
    assert f"`chmod 600 {dotenv}`" in synced("doctor", "--offline", POLL_SECONDS="often").stdout


@pytest.mark.slow
def test_a_secret_comes_from_a_file_and_the_doctor_looks_at_who_can_read_it(
    bare_run: Run, neo: NeoServer, tmp_path: Path
) -> None:
    secret = tmp_path / "neo_api_key"
    secret.write_text(f"{neo.api.key}\n")
    settings = {"NEO_API_KEY": "", "NEO_API_KEY_FILE": str(secret)}
    for mode, exposed in ((0o440, False), (0o404, True)):
        secret.chmod(mode)
        said = bare_run("doctor", "--offline", **settings).stdout
        assert "NEO_API_KEY is set" in said
        line = f"other users can read {secret}, which NEO_API_KEY_FILE names  `chmod o= {secret}`\n"
        assert (line in said) == exposed
    assert bare_run("sync", **settings).returncode == 0


def test_a_misspelt_setting_is_named_by_the_doctor_and_at_the_start(bare_run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("NEO_APY_KEY=x\nHTTP_PROXY=http://proxy.example.com\n")
    doctor = bare_run("doctor", "--offline", TIMEZOME="Asia/Tokyo").stdout
    assert "warn  settings" in doctor
    for name, meant in {"TIMEZOME": "TIMEZONE", "NEO_APY_KEY": "NEO_API_KEY"}.items():
        assert f"`{name}` isn't a setting, so it is not used  Did you mean `{meant}`?\n" in doctor
    assert doctor.count("isn't a setting") == 2
    started = bare_run("run", NEO_API_KEY="").stderr
    assert re.search(r"there is no such setting, .* did_you_mean=NEO_API_KEY found=NEO_APY_KEY\n", started)
    assert "NEO_API_KEY: it isn't set." in started


@pytest.mark.slow
@sqlite_only("it copies a file; tests/cli/test_postgres.py says what it is on a server")
def test_backup_restore_and_verify(synced: Run, neo: NeoServer, tmp_path: Path) -> None:
    before = synced("report", "90d", "--csv").stdout
    assert synced("db", "backup", "copy.db").returncode == 0
    assert synced("db", "backup", "copy.db").returncode == 1
    with sqlite3.connect(tmp_path / "neo-usage.db") as ledger:
        ledger.execute("UPDATE charge SET platform_nanos = platform_nanos + 1 WHERE id = 1")
    ledger.close()
    broken = synced("db", "verify")
    assert broken.returncode == 1
    assert "FAIL  a task's charges sum to its total" in broken.stdout
    restored = synced("db", "restore", "copy.db")
    assert restored.returncode == 0
    assert "The former database is kept as" in restored.stdout
    assert "Messages: 0 pending" in restored.stdout
    with closing(open_database(tmp_path / "neo-usage.db")):
        refused = start(neo, {}, tmp_path, "db", "restore", "copy.db")
        assert refused.wait() == 1
    assert "is in use: the service, a sync or another command has it open. Stop that first" in refused.err
    assert synced("db", "verify").returncode == 0
    assert synced("report", "90d", "--csv").stdout == before
    (tmp_path / "rubbish.db").write_bytes(b"no database at all" * 100)
    assert synced("db", "restore", "rubbish.db").returncode == 1
    assert synced("db", "verify").returncode == 0


def test_a_changed_unit_is_refused_until_reprice(synced: Run) -> None:
    byok = json.loads(synced("report", "90d", "byok:yes", "--json").stdout)
    assert byok["unit_assumed"] is True
    assert "Run `neo-usage db reprice`" in synced("report", BYOK_UNIT="usd").stderr
    assert "Run `neo-usage db reprice`" in synced("sync", BYOK_UNIT="usd").stderr
    assert "again in usd. Spend changed by " in synced("db", "reprice", BYOK_UNIT="usd").stdout
    after = json.loads(synced("report", "90d", "byok:yes", "--json", BYOK_UNIT="usd").stdout)
    assert Decimal(after["total"]["spend_usd"]) < Decimal(byok["total"]["spend_usd"])
    assert after["unit_assumed"] is False
    assert synced("db", "verify", BYOK_UNIT="usd").returncode == 0
    assert synced("sync", BYOK_UNIT="usd").stdout.splitlines()[2:5] == ["new: 0", "grown: 0", "restated: 0"]


@costly
def test_a_renamed_member_is_one_member(synced: Run) -> None:
    people = json.loads(synced("member", "list", "--json").stdout)
    old = max(people, key=lambda each: Decimal(each["spend_usd"]))["email"]
    before = json.loads(synced("report", "90d", f"email:{old}", "--json").stdout)["total"]
    merged = synced("member", "merge", old.upper(), "New.Name@Acme.Example").stdout
    assert f" of {old} to new.name@acme.example. What comes under {old} later goes there too.\n" in merged
    for email in (old, "new.name@acme.example"):
        assert json.loads(synced("report", "90d", f"email:{email}", "--json").stdout)["total"] == before
    assert synced("sync").stdout.splitlines()[2] == "new: 0"
    assert (
        "is already merged into new.name@acme.example" in synced("member", "merge", old, "New.Name@Acme.Example").stderr
    )
    assert synced("db", "verify").returncode == 0


@pytest.mark.slow
@pytest.mark.long
@costly
def test_killed_at_any_moment_it_goes_on_and_books_nothing_twice(
    neo: NeoServer, run: Run, where: dict[str, str], tmp_path: Path
) -> None:
    neo.api.page_cap, neo.api.latency_s = 20, 0.01
    dice = Random(3)
    for number in range(amount(40, 4)):
        sync = start(neo, where, tmp_path, "sync")
        wait_for_requests(neo, sync, dice.randint(0, 25))
        if number % 4 == 3:
            wait_for_requests(neo, sync, 1)  # on a busy machine it may not even have begun
            send(sync.process, signal.SIGINT)
            sync.wait()
        kill(sync.process)
        assert "Traceback" not in sync.err
    assert run("db", "verify").returncode == 0
    assert "complete: yes" in run("sync").stdout
    assert Decimal(json.loads(run("report", "90d", "--json").stdout)["total"]["spend_usd"]) == expected(neo)
    assert run("db", "verify").returncode == 0


def wait_for_requests(neo: NeoServer, sync: Started, number: int) -> None:
    before = len(neo.api.log)
    while len(neo.api.log) < before + number and sync.process.is_alive():
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.long
@costly
def test_two_syncs_at_once_take_turns(neo: NeoServer, run: Run, where: dict[str, str], tmp_path: Path) -> None:
    neo.api.page_cap, neo.api.latency_s = 20, 0.2
    run("db", "upgrade")
    both = [start(neo, where, tmp_path, "sync") for _ in range(2)]
    while not any("Another sync is running" in each.err for each in both) and both[0].process.is_alive():
        time.sleep(0.01)
    neo.api.latency_s = 0.0
    assert [each.wait() for each in both] == [0, 0]
    assert all("complete: yes" in each.out for each in both)
    assert sum("Another sync is running" in each.err for each in both) == 1
    assert Decimal(json.loads(run("report", "90d", "--json").stdout)["total"]["spend_usd"]) == expected(neo)


def test_the_manifest_asks_for_what_the_bot_uses(bare_run: Run) -> None:
    made = json.loads(bare_run("manifest").stdout)
    assert made["settings"]["socket_mode_enabled"]
    assert "users:read.email" in made["oauth_config"]["scopes"]["bot"]
    over_http = json.loads(bare_run("manifest", "--url", "https://bot.acme.dev/slack/events").stdout)
    assert over_http["features"]["slash_commands"][0]["url"] == "https://bot.acme.dev/slack/events"
    assert not over_http["settings"]["socket_mode_enabled"]


def test_people_may_be_called_by_their_names(synced: Run) -> None:
    email = "priya.raman@acme.example"
    for words in (("priya", "500/month"), ("priya raman", "600 per month"), ("Priya", "Raman", "700", "a", "week")):
        done = synced("budget", "set", *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert email in done.stdout
    budgets = json.loads(synced("budget", "list", "--json").stdout)
    assert [each["scope"] for each in budgets] == [email] * len(budgets)
    assert synced("explain", "priya", "raman").stdout == synced("explain", email).stdout
    assert email in synced("budget", "remove", "priya", "week").stdout
    assert f"Linked U1ANA to {email}." in synced("member", "link", "Priya", "Raman", "U1ANA").stdout
    stranger = synced("budget", "set", "zaphod", "500/month")
    assert (stranger.returncode, stranger.stdout) == (2, "")
    assert "I can't find `zaphod` in Neo." in stranger.stderr


def test_budgets_are_kept_in_a_file(synced: Run, tmp_path: Path) -> None:
    file = tmp_path / "budgets.toml"
    assert synced("budget", "set", "PRIYA.RAMAN@acme.example", "500", "/month").stdout.startswith(
        "priya.raman@acme.example's budget is now $500 a month."
    )
    synced("budget", "set", "team", "1/day", "--until", "2126-01-01", "--reason", "no work")
    assert synced("budget", "export", "budgets.toml").stdout == "Wrote all budgets to budgets.toml.\n"
    assert file.read_text() == synced("budget", "export").stdout
    again = synced("budget", "export", "budgets.toml")
    assert (again.returncode, again.stderr) == (1, "neo-usage: budgets.toml exists already. Name a new file.\n")
    assert synced("budget", "apply", str(file)).stdout == "Nothing to change: 2 budgets unchanged.\n"

    file.write_text(file.read_text().replace("500", "600") + '[[budget]]\nfor = "default"\nlimit = "5cr/week"\n')
    changes = [
        "+ default: $50 a week",
        "~ priya.raman@acme.example: $600 a month (was $500 a month)",
    ]
    dry = synced("budget", "apply", str(file), "--dry-run")
    told = "This was a dry run: 1 added, 1 changed, 1 budget unchanged. Nothing was saved."
    assert (dry.returncode, dry.stdout.splitlines()) == (0, [*changes, told])
    done = synced("budget", "apply", str(file))
    assert done.stdout.splitlines() == [*changes, "Done: 1 added, 1 changed, 1 budget unchanged."]
    assert "$600/month" in synced("budget", "export").stdout

    file.write_text('[[budget]]\nfor = "zaphod"\nlimit = "5/month"\n[[budget]]\nfor = "team"\n')
    refused = synced("budget", "apply", str(file))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.splitlines() == [
        "neo-usage: the file can't be applied, so nothing was changed:",
        '  line 4: `limit` is missing. Write limit = "$500/month".',
        "  line 1: I can't find `zaphod` in Neo. Type their e-mail, `team`, or `default` for everyone.",
    ]
    assert synced("budget", "apply", "nowhere.toml").returncode == 2

    file.write_text('[[budget]]\nfor = "za\\u001b[31m\\nphod"\nlimit = "5/month"\n' * 60)
    refused = synced("budget", "apply", str(file))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert len(refused.stderr.splitlines()) == 52
    assert refused.stderr.splitlines()[1].startswith("  line 1: I can't find `za[31m phod` in Neo.")
    assert refused.stderr.splitlines()[-1] == "  ... and 10 more"
    assert "$600/month" in synced("budget", "export").stdout


def test_a_pipeline_learns_which_budgets_are_used_up(synced: Run) -> None:
    none = synced("budget", "check")
    assert (none.returncode, none.stdout[:29]) == (0, "No budget is set. Data as of ")
    synced("budget", "set", "team", "9000000/month")
    within = synced("budget", "check")
    assert within.returncode == 0
    assert "No budget is used up (1 budget checked). Data as of " in within.stdout
    synced("budget", "set", "default", "0.01/month")
    passed = synced("budget", "check", "default", "--json")
    document = json.loads(passed.stdout)
    assert passed.returncode == 3
    assert document["used_up"] == sum(each["used_up"] for each in document["budgets"]) > 1
    assert {each["source"] for each in document["budgets"]} == {"default"}
    assert document["data_as_of"].endswith("Z")
    assert synced("budget", "check", "team").returncode == 0
    assert synced("budget", "check").returncode == 3
    assert "1 of 1 budget is used up." in synced("budget", "check", "priya").stdout
    assert synced("budget", "check", "zaphod").returncode == 2


def test_a_pipeline_fails_where_nothing_was_read(run: Run) -> None:
    run("budget", "set", "default", "300/month")
    missing = run("budget", "check")
    assert (missing.returncode, missing.stderr) == (
        1, "neo-usage: nothing has been read from Neo yet. Run `neo-usage sync`; `neo-usage status` says what failed.\n"
    )  # fmt: skip
    assert missing.stdout == "Nobody has spent of these budgets yet. No data yet (UTC).\n"


@sqlite_only("ages a file")
def test_a_pipeline_fails_where_the_data_is_old_unless_a_budget_is_used_up(synced: Run, tmp_path: Path) -> None:
    synced("budget", "set", "team", "9000000/month")
    with closing(sqlite3.connect(tmp_path / "neo-usage.db")) as connection:
        connection.execute("UPDATE pass SET window_to = window_to - 18000000000, started_at = started_at - 18000000000")
        connection.commit()
    old = synced("budget", "check", "--json")
    assert (old.returncode, json.loads(old.stdout)["used_up"]) == (1, 0)
    assert old.stderr == (
        "neo-usage: the last data is from 5 h ago, too old to tell whether a budget is used up. "
        "`neo-usage status` says why; `--max-age HOURS` accepts older data.\n"
    )
    assert synced("budget", "check", "--max-age", "6").returncode == 0
    assert synced("budget", "check", POLL_SECONDS="10800").returncode == 0
    synced("budget", "set", "team", "0.01/month")
    assert synced("budget", "check").returncode == 3


def test_a_limit_is_tried_on_some_tasks(synced: Run) -> None:
    whole = json.loads(synced("backtest", "1/month", "team", "--json").stdout)
    failed = json.loads(synced("backtest", "1/month", "team", "status:failed", "--json").stdout)
    assert (whole["counts"], failed["counts"]) == (None, "status:failed")
    periods = [{each["period"] for each in document["notifications"]} for document in (failed, whole)]
    assert set() < periods[0] <= periods[1]
    text = synced("backtest", "1/month", "priya", "raman", "status:failed", "byok:no", "--over", "30d").stdout
    assert text.startswith("$1 a month for status:failed byok:no would have notified priya.raman@acme.example ")
    assert "Tasks count by the status they have now." in text
    refused = synced("backtest", "1/month", "model:zaphod")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("neo-usage: No task has the model `zaphod`. There is ")


def test_how_far_back_and_whose_limit_is_tried_may_be_typed_as_in_slack(synced: Run) -> None:
    expected = json.loads(synced("backtest", "1/week", "default", "--over", "14d", "--json").stdout)
    for words in (("over:14d",), ("over", "14d", "everyone"), ("Everybody", "over:2w"), ("all", "--over", "14d")):
        assert json.loads(synced("backtest", "1/week", *words, "--json").stdout) == expected
    assert json.loads(synced("backtest", "1/week", "--json").stdout)["first_day"] < expected["first_day"]


@pytest.mark.slow
def test_a_member_is_linked_and_listed(synced: Run) -> None:
    assert (
        "Linked U1ANA to priya.raman@acme.example."
        in synced("member", "link", "priya.raman@acme.example", "U1ANA").stdout
    )
    listed = {each["email"]: each["slack_user"] for each in json.loads(synced("member", "list", "--json").stdout)}
    assert listed["priya.raman@acme.example"] == "U1ANA"
    assert synced("member", "link", "priya.raman@acme.example", "U2BO").stderr == (
        "neo-usage: priya.raman@acme.example is already linked to the Slack user U1ANA. "
        "Remove that link first: `neo-usage member link remove U1ANA`.\n"
    )
    assert synced("member", "link", "Cy@acme.dev", "U3CY").stdout == (
        "Linked U3CY to cy@acme.dev. I haven't seen a task of cy@acme.dev yet, so check the spelling.\n"
    )
    assert synced("member", "link", "ana@acme.dev", "ana").returncode == 2
    assert "`neo-usage member link remove U0123ABCD`" in synced("member", "link", "ana@acme.dev", "remove").stderr
    assert "Removed the link of U1ANA to priya.raman" in synced("member", "link", "remove", "U1ANA").stdout


def test_the_service_says_at_once_what_is_not_set(bare_run: Run) -> None:
    refused = bare_run("run")
    assert refused.returncode == 1
    assert "SLACK_BOT_TOKEN: it isn't set" in refused.stderr
    assert "SLACK_APP_TOKEN: it isn't set" in refused.stderr


def test_what_ends_the_service_is_the_last_line_of_a_log_of_json(run: Run, slack_settings: dict[str, str]) -> None:
    settings = {**slack_settings, "LOG_FORMAT": "json"}
    for changed, why in (
        ({"SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN: it isn't set."),
        ({"POLL_SECONDS": "soon"}, "POLL_SECONDS: "),
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "SLACK_BOT_TOKEN: Slack refuses it (invalid_auth)."),
    ):
        refused = run("run", **{**settings, **changed})
        lines = [json.loads(line) for line in refused.stderr.splitlines()]
        assert (refused.returncode, refused.stdout) == (1, "")
        assert (lines[-1]["event"], lines[-1]["level"]) == ("ended by an error", "error")
        assert lines[-1]["why"].startswith(f"correct this setting: {why}")


def test_a_token_that_slack_does_not_know_ends_the_service(run: Run, slack_settings: dict[str, str]) -> None:
    refused = run("run", **{**slack_settings, "SLACK_BOT_TOKEN": "xoxb-wrong"})
    assert refused.returncode == 1
    said = "SLACK_BOT_TOKEN: Slack refuses it (invalid_auth). Copy it again from your Slack app: OAuth & Permissions.\n"
    assert refused.stderr.endswith(said)
    assert "xoxb-wrong" not in refused.stderr


@pytest.mark.slow
@costly
async def test_the_service_answers_until_it_is_told_to_end(
    neo: NeoServer, slack: SlackServer, synced_where: dict[str, str], slack_settings: dict[str, str], tmp_path: Path
) -> None:
    settings = environment(neo, **synced_where, **slack_settings, LOG_FORMAT="json")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=tmp_path, env=settings,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    workspace = slack.api.workspace
    await workspace.until(lambda: len(slack.api.sockets) == 1, 20)
    ack = await slack.act(slack.api.command("priya", "neo-spend", "7d"))
    assert ack.ok
    process.send_signal(signal.SIGTERM)
    _, log = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0, log
    answers = workspace.visible_messages(workspace.channel("neo-spend").id, workspace.user("priya").id)
    assert answers[-1].text.startswith("You: $")
    events = [json.loads(line)["event"] for line in log.decode().splitlines()]
    assert events[-1] == "stopped"
    secrets = (workspace.bot_token, workspace.app_token, neo.api.key, "@acme.example", "hooks")
    assert not [secret for secret in secrets if secret.encode() in log]


@pytest.mark.slow
@pytest.mark.long
def test_the_demo_says_where_its_page_is_and_leaves_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "demo", "--port", "0", "--no-browser"], cwd=tmp_path, env=dict(os.environ),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert url is not None
        with urllib.request.urlopen(url[0], timeout=10) as page:  # noqa: S310 - our own page
            assert b"neo-usage" in page.read()
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=15)
    assert (process.returncode, complaints) == (0, "")
    assert list(tmp_path.iterdir()) == []
