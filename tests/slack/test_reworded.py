"""An operator's own wordings: any message can be reworded; a broken one falls back to the shipped one and is told."""

import re
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from bot.capability import After
from bot.database.backup_record import BackupRecord, write_backup_record
from bot.sandbox.slack.models import Message
from bot.sandbox.summary import Balance, SummaryOptions
from bot.sandbox.world import START, World
from bot.service.service import running_service
from bot.shipped import shipped
from tests.support.acts import fail_task
from tests.support.app_home import open_home
from tests.support.engines import many_cases
from tests.support.harness import CHANNEL, GUEST_CHANNEL, ServiceHarness
from tests.support.messages import text_of, visible_text
from tests.support.worlds import add

pytestmark = pytest.mark.slow

PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"
HOUR = timedelta(hours=1)
NAMES = sorted(
    str(path.relative_to(shipped("templates")).with_suffix("")) for path in shipped("templates").rglob("*.txt")
)


@pytest.mark.parametrize("name", NAMES)
def test_no_line_runs_into_the_next(name: str) -> None:
    lines = (shipped("templates") / f"{name}.txt").read_text(encoding="utf-8").split("\n")
    glued = [  # Jinja takes the line break after a tag away, which is meant where a tag stands alone
        line
        for line, following in pairwise(lines)
        if line.endswith("%}") and not re.fullmatch(r"{%[^%]*%}", line) and not re.match(r"$| |{%", following)
    ]
    assert glued == []


@pytest.fixture
def world() -> World:
    """Two members who have spent something for ten days."""
    world = World.empty()
    for back in range(1, 11):
        for email in (PRIYA, MARCUS):
            add(world, f"{email}-{back}", "1", email=email, begun=START - timedelta(days=back), title="scan")
    return world


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A directory in which every template begins with its name."""
    directory = tmp_path / "own"
    for name in NAMES:
        path = directory / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (shipped("templates") / f"{name}.txt").read_text(encoding="utf-8")
        path.write_text(f"«{name}» {text}", encoding="utf-8")
    return directory


@pytest.fixture
async def harness(closed: ServiceHarness, own: Path) -> ServiceHarness:
    closed.settings |= {
        "ALERT_CHANNEL": "#neo-spend", "DIGEST_CHANNEL": "#neo-spend", "TEMPLATES_DIR": str(own),
        "SPIKE_ALERTS": "on", "SPIKE_FLOOR": "$20", "NEO_TASK_URL_TEMPLATE": "https://neo.example/{task_id}",
    }  # fmt: skip
    now = closed.clock()
    closed.neo.summary = SummaryOptions(balance=Balance(Decimal(100), now, now + timedelta(days=20)))
    await closed.open()
    return closed


def everything(harness: ServiceHarness) -> str:
    """All that stands anywhere in the workspace, App Home too."""
    said = [message for channel in harness.workspace.channels.values() for message in channel.messages]
    drawn = [Message("0", "bot", blocks=view.body["blocks"]) for view in harness.workspace.views.values()]
    return "\n".join(map(text_of, [*said, *drawn]))


async def goes_on(harness: ServiceHarness, hours: int) -> None:
    for _ in range(hours // 3):
        harness.clock.advance(3 * HOUR)
        await harness.sync()


async def test_whatever_is_told_daily_can_be_reworded(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget default 30/month")
    await harness.ask("hannah", "budget team 5000/month")
    for word in ("alpha", "beta", "gamma", "delta"):
        fail_task(harness, PRIYA, f"{word} broke", 9)
    await harness.ask("priya", "notify errors on")
    await goes_on(harness, 24)
    fail_task(harness, MARCUS, "alpha broke")
    for error in ("zeta broke", "eta broke"):  # of one task: nothing is left of the first message
        add(harness.neo.world, "turns", "0.1", email=PRIYA, begun=START, status="error", error_message=error)
        await harness.sync()
    add(harness.neo.world, "late", "0.5", email=PRIYA, begun=START - 20 * HOUR)
    await goes_on(harness, 24)
    await harness.service.end()
    harness.clock.advance(timedelta(days=2))
    await harness.start()
    await goes_on(harness, 63)  # until Monday, whose digest has the week
    await harness.ask("priya", "budget request 80/month")
    made = BackupRecord(harness.clock(), harness.clock(), 1_000)
    await harness.service.database.write(lambda connection: write_backup_record(connection, made))
    for user in ("hannah", "priya", "gil"):
        await open_home(harness, user)
        await harness.ask(user, channel=GUEST_CHANNEL if user == "gil" else CHANNEL)
    for user in ("hannah", "priya"):
        await harness.ask(user, "are we on track")
    await harness.ask("hannah", "errors team 7d")
    await harness.ask("hannah", "errors everyone last 7 days")
    text = everything(harness)
    assert harness.service.wiring.context.templates.broken == {}
    rare = {
        "failures/acknowledgement", "failures/silence_confirmation", "failures/silence_lifted", "failures/tasks",
        "home/no_data", "digest/text",
    }  # fmt: skip
    daily = {name for name in NAMES if name.partition("/")[0] in {"failures", "digest", "home", "spikes"}}
    missing = {name for name in daily - rare if f"«{name}»" not in text}
    assert missing == set()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ nothing_like_this }}", "undefined"),
        ("{% if %}", "Expected an expression"),
        ("{{ 1 // 0 }}", "zero"),
        ("{% include 'no/such.txt' %}", "no/such.txt"),
        ("   ", "it says nothing"),
    ],
)
@many_cases
async def test_a_broken_one_falls_back_and_is_told_until_it_is_mended(
    harness: ServiceHarness, own: Path, text: str, why: str
) -> None:
    path = own / "failures" / "headline.txt"
    whole = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    await harness.service.alarm.test()
    await harness.service.jobs.run_after(After.CONNECTION_CHANGE)
    await harness.deliver()
    told = [visible_text(each) for each in harness.visible("marcus")]
    assert any("*1 task failed" in each and "«failures/headline»" not in each for each in told)
    assert any("A template in TEMPLATES_DIR can't be used" in each and why in each for each in told)
    path.write_text(whole, encoding="utf-8")
    harness.clock.advance(timedelta(days=2))
    fail_task(harness, PRIYA, "y broke")
    await harness.sync()
    await harness.service.alarm.test()
    await harness.service.jobs.run_after(After.CONNECTION_CHANGE)
    await harness.deliver()
    told = [visible_text(each) for each in harness.visible("marcus")]
    assert any("«failures/headline»" in each and "*1 task failed" in each for each in told)
    assert any("Resolved:" in each and "every template" in each for each in told)


async def test_what_is_broken_is_not_over_because_the_bot_starts_anew(harness: ServiceHarness, own: Path) -> None:
    (own / "failures" / "headline.txt").write_text("{% if %}", encoding="utf-8")
    fail_task(harness, PRIYA, "x broke")
    await harness.sync()
    await harness.service.alarm.test()
    await harness.service.jobs.run_after(After.CONNECTION_CHANGE)
    await harness.deliver()
    await harness.service.end()
    harness.slack.down = True
    async with running_service(harness.app()) as service:
        await service.alarm.test()
        await service.jobs.run_after(
            After.CONNECTION_CHANGE
        )  # before Slack was reached, which comes before any template
        harness.slack.down = False
        await service.slack.connecting
        assert service.slack.filling is not None
        await service.slack.filling
        await service.alarm.test()
        await service.jobs.run_after(After.CONNECTION_CHANGE)
        await service.jobs.run_every(1)
        await service.wiring.outbox.wait_idle()
    told = [visible_text(each) for each in harness.visible("marcus")]
    assert sum("A template in TEMPLATES_DIR can't be used" in each for each in told) == 1
    assert not any("Resolved:" in each for each in told)


async def test_a_file_that_is_called_like_no_message_is_told(closed: ServiceHarness, own: Path) -> None:
    (own / "budgets" / "headlin.txt").write_text("x", encoding="utf-8")
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "TEMPLATES_DIR": str(own)}
    await closed.open()
    await closed.sync()
    assert any("headlin.txt: no message is called so" in visible_text(each) for each in closed.visible("marcus"))
