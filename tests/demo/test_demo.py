"""The demo's bot is a process: it dies when it is killed, comes back, and ends with the demo, however that ends."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest

from bot.app import system_clock
from bot.database.postgres_scratch import SCHEMA
from bot.demo.runner import Demo, demo
from bot.domain.money import show_usd
from bot.settings.postgres_address import PostgresAddress, address_url
from tests.support.app import report_of
from tests.support.command import run_command
from tests.support.messages import visible_text
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
PATIENCE = 45.0  # also beside other tests


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[Demo]:
    async with demo(0, 7, tmp_path) as shown:
        yield shown


async def answer(shown: Demo) -> str:
    """What Hannah is answered of today, which is read first."""
    workspace = shown.page.slack.workspace
    channel, hannah = workspace.channel("neo-spend").id, workspace.user("hannah").id
    before = len(workspace.visible_messages(channel, hannah))
    assert (await shown.page.slack.command(hannah, channel, "team today")).ok
    await workspace.until(lambda: len(workspace.visible_messages(channel, hannah)) > before, PATIENCE)
    return workspace.visible_messages(channel, hannah)[-1].text


async def connected(shown: Demo) -> None:
    await shown.page.slack.workspace.until(lambda: len(shown.page.slack.sockets) == 1, PATIENCE)


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_it_dies_and_comes_back(shown: Demo, capfd: pytest.CaptureFixture[str]) -> None:
    first = shown.bot.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)  # whoever did it, it is seen
    await shown.page.slack.workspace.until(lambda: not shown.bot.up, PATIENCE)
    await shown.bot.catch_up()  # which nobody does
    shown.page.slack.down = True
    assert "running again" in await shown.bot.toggle()
    shown.page.slack.down = False
    await connected(shown)
    assert "The whole team" in await answer(shown)
    second = shown.bot.pid
    killed, started = await asyncio.gather(shown.bot.toggle(), shown.bot.toggle())  # two people press at once
    assert "was killed" in killed
    assert "running again" in started
    await connected(shown)
    assert len({first, second, shown.bot.pid, None}) == 4
    shown.page.slack.down = True
    await shown.bot.catch_up()
    shown.page.slack.down = False
    await connected(shown)
    assert capfd.readouterr().err == ""  # nobody complains in the terminal of what was done on purpose


def test_it_ends_with_a_demo_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "demo", "--port", "0", "--no-browser"],
        env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert b"http://127.0.0.1:" in process.stdout.readline()
        process.kill()
        process.communicate(timeout=PATIENCE)  # until nobody writes there any more, the bot neither


@pytest.mark.long
def test_on_a_server_it_has_a_schema_of_its_own_and_leaves_the_ledger_there_alone(
    postgres: PostgresServer, postgres_ledger: PostgresAddress, tmp_path: Path
) -> None:
    name = postgres_ledger.database
    schema = f"SELECT count(*) FROM information_schema.tables WHERE table_schema = '{SCHEMA}'"
    postgres.run("INSERT INTO note VALUES ('real', 'ledger')", name)
    postgres.run(f"CREATE SCHEMA {SCHEMA} CREATE TABLE left_by_a_killed_demo (id integer)", name)
    environment = {**os.environ, "DATABASE_URL": address_url(postgres_ledger)}
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "demo", "--port", "0", "--no-browser"], cwd=tmp_path, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        [port] = re.findall(r"http://127.0.0.1:(\d+)", process.stdout.readline())
        page = HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
        page.request("GET", "/page/state")
        assert page.getresponse().status == 200  # once the workspace has lived
        page.close()
        [[tables]] = postgres.run(schema, name)
        assert tables > 20
        again = run_command(("demo", "--port", "0", "--no-browser"), environment, tmp_path)
        assert f"another demo uses {postgres_ledger} already" in again.stderr
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=15)
    assert (process.returncode, complaints) == (0, "")
    assert postgres.run(schema, name) == [(0,)]
    assert postgres.run("SELECT * FROM note", name) == [("real", "ledger")]
    assert postgres.run("SELECT count(*) FROM task", name) == [(0,)]


def until(hour: int, minute: int, *, first: bool) -> timedelta:
    """How far it is to a time of day, of the first of a month if asked for."""
    now = system_clock()
    day = now.date() + DAY
    while first and day.day > 1:
        day += DAY
    return datetime.combine(day, time(hour, minute), UTC) - now


@pytest.mark.long
@pytest.mark.timeout(120)
@pytest.mark.parametrize(("hour", "minute", "first"), [(0, 10, 0), (23, 50, 0), (0, 5, 1), (12, 0, 1)])
async def test_it_opens_on_a_workspace_that_has_lived_at_any_moment(
    tmp_path: Path, hour: int, minute: int, first: int
) -> None:
    async with demo(0, 7, tmp_path, until(hour, minute, first=bool(first))) as shown:
        workspace = shown.page.slack.workspace
        hannah = workspace.user("hannah").id
        channel = workspace.visible_messages(workspace.channel("neo-spend").id, hannah)
        said = [visible_text(message) for message in channel]
        over = "was used up" if minute < 15 and hour == 0 else " is over "  # of a day that has ended
        for part in (over, "6 tasks failed", "Shared by", "Data as of"):
            assert any(part in text for text in said), part
        dm = workspace.visible_messages(workspace.im_of(hannah).id, hannah)
        assert any("Globex pentest" in visible_text(message) for message in dm)
        await agrees_with_panel(shown)
        assert "*Team:* " in await asked(shown, "")


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_each_of_many_spikes_and_storms_is_seen(shown: Demo) -> None:
    page = shown.page
    for name in [*["spike"] * 12, *["storm"] * 4]:
        outcome = await page.actions.run(name, page.on_change)
        assert outcome.places, (name, outcome.text)
    await agrees_with_panel(shown)


async def agrees_with_panel(shown: Demo) -> None:
    """The figures beside Slack are those of the bot's answers."""
    await shown.bot.catch_up()
    summary = shown.page.panel.summary(shown.page.clock())
    today, month = report_of(shown.app, "today"), report_of(shown.app, "this month")
    assert f"${summary['spent_today_usd']:,.2f}" == show_usd(today.spend_nanos)
    assert f"${summary['spent_this_month_usd']:,.2f}" == show_usd(month.spend_nanos)


async def asked(shown: Demo, line: str) -> str:
    """What Hannah is answered."""
    workspace = shown.page.slack.workspace
    channel, hannah = workspace.channel("neo-spend").id, workspace.user("hannah").id
    before = len(workspace.visible_messages(channel, hannah))
    assert (await shown.page.slack.command(hannah, channel, line)).ok
    await workspace.until(lambda: len(workspace.visible_messages(channel, hannah)) > before, PATIENCE)
    return visible_text(workspace.visible_messages(channel, hannah)[-1])


SPENT_LAST_WEEK = (
    "what did the team spend last week", "What did the team spend last week?", "team spend last week",
    "how much did we spend last week", "how much did the team spend last week?", "last week's spend for the team",
    "total for last week for everyone", "spend of the whole team last week", "show me last week's team spend",
    "how much money did my team use last week", "what did last week cost us", "team costs last week please",
)  # fmt: skip
SPENT_MOST = (
    "who spent most", "who spent the most?", "who spent the most last week", "top spenders",
    "top spender last week", "who is the biggest spender", "which person spent the most last week",
    "who used the most last week", "most expensive users last week", "who costs the most",
    "rank people by spend last week", "show spend by person last week",
)  # fmt: skip
SET_A_LIMIT = (
    "set a limit of $500 a month for @marcus", "limit @marcus to 500 a month", "set @marcus's budget to $500",
    "budget @marcus 500", "give marcus a limit of 500 a month", "limit marcus to $500 per month",
    "set marcus delgado's limit to 500", "cap marcus at 500 a month", "set a budget for marcus of $500",
    "set budget of 500 per month for marcus", "let marcus spend 500 a month", "set monthly limit 500 for marcus",
)  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_the_three_wishes_of_somebody_new_are_granted_at_the_first_try(shown: Demo) -> None:
    total = show_usd(report_of(shown.app, "last week").spend_nanos)
    answers = {line: await asked(shown, line) for line in (*SPENT_LAST_WEEK, *SPENT_MOST, *SET_A_LIMIT)}
    assert {line: answers[line] for line in SPENT_LAST_WEEK if total not in answers[line]} == {}
    this_month = "\nMember\n" if report_of(shown.app, "this month").spend_nanos else "No spend in this period."
    for line in SPENT_MOST:  # just after midnight on the 1st, nothing may be spent
        assert ("\nMember\n" if "last week" in line else this_month) in answers[line], (line, answers[line])
    assert {line: answers[line] for line in SET_A_LIMIT if not is_set(answers[line])} == {}


def is_set(answer: str) -> bool:
    """Whether an answer says that Marcus's limit is set."""
    return "Marcus Delgado's budget is" in answer and "$500 a month" in answer
