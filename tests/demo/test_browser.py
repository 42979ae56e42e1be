"""The demo's page in a headless Chromium, with the real bot in it, clicked through as people do."""

import asyncio
import csv
import itertools
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from bot.app import system_clock
from bot.demo.runner import Demo, demo
from bot.domain.access import OWN_SPEND_ONLY
from bot.domain.money import show_usd, usd_text
from bot.sandbox.slack.models import Message
from bot.sandbox.tasks import SimTask, Stream
from tests.support.app import report_of
from tests.support.effort import amount
from tests.support.questions import QUESTIONS

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
REQUIRED = os.environ.get("NEO_USAGE_BROWSER") == "required"
WHY = "NO CHROMIUM ON THIS MACHINE: the page is not clicked through. `apt-get install chromium` brings it."
SEED = 7
WAIT_MS = 10_000
DEED_MS = 45_000  # for what the panel's buttons do: the bot starts again, or sees a day hour by hour
AT_ONCE_S = 5.0
OWN_SPEND = OWN_SPEND_ONLY.replace("`", "")  # as it is seen
NUMBER = re.compile(r"^[1-9]\d*$")
DAY = timedelta(days=1)
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
AT_THE_TOP = """() => {
  document.getElementById("log").scrollTop = 0; // until nothing scrolls to what is new any more
  return !document.getElementById("to-end").hidden;
}"""
IS_ONE_LINE = "element => element.getBoundingClientRect().height < 40"
ALL_FIT = "elements => elements.length > 0 && elements.every(each => each.scrollWidth <= each.clientWidth)"
FITS = "element => element.scrollWidth <= element.clientWidth"
TABLET = {"width": 768, "height": 1024}
BEYOND = """(root) => { // what reaches beyond its container, or covers another label of its chart
  const found = [];
  const walk = (element, limit) => {
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height) return;
    const text = (element.textContent ?? "").slice(0, 40);
    const name = `${element.tagName} ${element.getAttribute("class") ?? ""}: ${text}`;
    if (box.right > limit.right + 0.5 || box.left < limit.left - 0.5) return found.push(name);
    const style = getComputedStyle(element);
    if (/auto|scroll/.test(style.overflowX)) return; // scrolls by itself
    const cuts = /hidden|clip/.test(style.overflowX) && style.textOverflow !== "ellipsis";
    if (cuts && element.scrollWidth > element.clientWidth + 1) found.push(`cut off: ${name}`);
    for (const child of element.children) walk(child, limit);
  };
  const { left } = root.getBoundingClientRect();
  for (const child of root.children) walk(child, { left, right: left + root.clientWidth });
  for (const chart of root.querySelectorAll("svg")) {
    const labels = [...chart.querySelectorAll("text")];
    const boxes = labels.map((label) => [label.textContent, label.getBoundingClientRect()]);
    for (const [at, [name, one]] of boxes.entries())
      for (const [other, two] of boxes.slice(at + 1))
        if (one.left < two.right && two.left < one.right && one.top < two.bottom - 2 && two.top < one.bottom - 2)
          found.push(`${name} covers ${other}`);
  }
  return found;
}"""
UNDRAWN = ".chart-stage:not(:has(svg))"
NO_GUESTS = "Sorry, I only answer full members of this workspace"
PRIYA = "priya.raman@acme.example"

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason=WHY),
    pytest.mark.asyncio(loop_scope="module"),
]


class Seat:
    """Somebody's place at the page; what the browser complains of is kept."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    def find(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    @property
    def messages(self) -> Locator:
        return self.find("log").get_by_test_id("message")

    async def visit(self, url: str) -> None:
        await self.page.goto(url)
        await self.find("log").locator("[data-testid=message], [data-testid=empty]").first.wait_for()

    async def type(self, line: str) -> None:
        await self.find("composer").fill(f"/neo-usage {line}".strip())
        await self.find("composer").press("Enter")

    async def ask(self, line: str) -> Locator:
        """Type a line, and give the answer once it is there."""
        answer = self.messages.nth(await self.messages.count())
        await self.type(line)
        await answer.wait_for()
        return answer

    async def press(self, message: Locator, label: str) -> None:
        await message.get_by_role("button", name=label, exact=True).click()

    async def go(self, conversation: str) -> None:
        await self.page.locator(f"[data-testid=conversation][data-name='{conversation}']").click()

    async def become(self, who: str) -> None:
        await self.find("act-as").click()
        await self.find(f"act-as-{who}").click()
        await expect(self.find("act-as")).to_contain_text(who.capitalize())

    async def cause(self, deed: str) -> None:
        """Press a button of the Neo panel, and wait until it says what happened."""
        await self.find(f"world-{deed}").click()
        await self.dismiss()

    async def dismiss(self) -> None:
        await self.find("toast").get_by_role("button", name="Dismiss").click(timeout=DEED_MS)
        await expect(self.find("toast")).to_have_count(0)

    async def unread(self, conversation: str) -> Locator:
        return self.page.locator(f"[data-testid=conversation][data-name='{conversation}'] .count")


Sit = Callable[..., Awaitable[Seat]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    assert CHROMIUM, WHY
    expect.set_options(timeout=WAIT_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


def until_afternoon() -> timedelta:
    """How far it is to two o'clock of a day, since just after midnight a day holds nothing yet.

    Neither this day nor the next is the first of a month, of which no chart is drawn yet.
    """
    now = system_clock()
    day = now.date() + DAY
    while 1 in {day.day, (day + DAY).day}:
        day += DAY
    return datetime.combine(day, time(14), UTC) - now


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    """A demo for tests that only ask in it, and take it as others left it."""
    async with demo(0, SEED, tmp_path_factory.mktemp("shown"), until_afternoon()) as shown:
        yield shown


@pytest_asyncio.fixture(loop_scope="module")
async def own(tmp_path: Path) -> AsyncIterator[Demo]:
    """A demo of one test's own, which finds it as it opens, and may let time pass or end what it likes."""
    async with demo(0, SEED, tmp_path, until_afternoon()) as shown:
        yield shown


@pytest_asyncio.fixture(loop_scope="module")
async def sit(browser: Browser) -> AsyncIterator[Sit]:
    """Opens the page of a demo for somebody, in a fresh browser context; nothing may be complained of there."""
    seats: list[Seat] = []

    async def seated(shown: Demo, who: str = "hannah", where: str = "neo-spend", **window: Any) -> Seat:
        context = await browser.new_context(**{"viewport": DESK, "reduced_motion": "reduce", **window})
        seats.append(seat := Seat(await context.new_page()))
        await seat.visit(f"{shown.url}/#{who}/{where}")
        return seat

    yield seated
    for seat in seats:
        await seat.page.context.close()
    assert [complaint for seat in seats for complaint in seat.complaints] == []


async def rows_of(shown: Locator) -> list[list[str]]:
    """The rows of a table, its header among them."""
    return [await row.locator("th, td").all_inner_texts() for row in await shown.locator("tr").all()]


def name_of(shown: Demo, email: str) -> str:
    """The name of a member in Slack, or the e-mail of who has none there."""
    return next((user.name for user in shown.page.slack.workspace.users.values() if user.email == email), email)


def said(shown: Demo) -> list[tuple[str, str]]:
    """All that stands in the workspace, by its channel."""
    channels = shown.page.slack.workspace.channels.values()
    return [(channel.id, message.text) for channel in channels for message in channel.messages]


async def total_of(answer: Locator) -> float:
    found = re.search(r"\$([\d,]+\.\d\d) ", await answer.inner_text())
    assert found
    return float(found[1].replace(",", ""))


# --- the operator --------------------------------------------------------------------------------


@pytest.mark.slow
async def test_an_operators_answer_is_grouped_anew_in_its_place(shown: Demo, sit: Sit) -> None:
    seat = await sit(shown)
    answer = await seat.ask("team 7d by:member")
    there = await seat.messages.count()
    rows = await rows_of(answer.get_by_test_id("table"))
    groups = report_of(shown.app, "7d by:member").groups
    assert {row[0] for row in rows[1:]} == {name_of(shown, group.key[0]) for group in groups}
    await seat.press(answer, "By model")
    await expect(answer.locator("th").first).to_have_text("Model")
    await seat.press(answer, "By day")
    await expect(answer.get_by_test_id("chart")).to_be_visible()
    await expect(answer.locator(".chart-bar")).to_have_count(7)
    await expect(seat.messages).to_have_count(there)


@pytest.mark.slow
async def test_a_long_table_has_pages_and_is_sorted_by_a_press_on_a_columns_name(shown: Demo, sit: Sit) -> None:
    seat = await sit(shown)
    answer = await seat.ask("team 30d rows")
    table, pager = answer.get_by_test_id("table"), answer.get_by_test_id("pager")
    await expect(pager).to_contain_text("1–20 of ")
    await expect(table.locator("tbody tr")).to_have_count(20)
    spend = table.get_by_role("button", name="Spend")
    await spend.click()
    await expect(table.get_by_role("columnheader", name="Spend")).to_have_attribute("aria-sort", "descending")
    largest = await spends_of(table)
    await pager.get_by_role("button", name="Next").click()
    await expect(pager).to_contain_text("21–40 of ")
    following = await spends_of(table)
    assert largest + following == sorted(largest + following, reverse=True)
    await spend.click()
    await expect(pager).to_contain_text("1–20 of ")
    smallest = await spends_of(table)
    assert smallest == sorted(smallest)
    assert smallest[-1] <= following[-1]


async def spends_of(table: Locator) -> list[float]:
    """The amounts in the column of the spend, which stands after a column of errors if a task has one."""
    header, *rows = await rows_of(table)
    at = next(number for number, name in enumerate(header) if name.startswith("Spend"))
    return [amount_in(row[at]) for row in rows]


def amount_in(text: str) -> float:
    """The amount that a cell shows; what is not known comes below all."""
    return -1.0 if text == "unknown" else 0.005 if text == "<$0.01" else float(text.strip("$").replace(",", ""))


async def test_what_is_shared_is_seen_by_all_and_the_answer_by_nobody_else(shown: Demo, sit: Sit) -> None:
    seat = await sit(shown, where="general")
    answer = await seat.ask("team 7d by:model")
    await seat.press(answer, "Share")
    await expect(seat.find("confirm")).to_contain_text("Everybody in this channel will see this answer.")
    await seat.find("confirm-no").click()
    await expect(seat.messages).to_have_count(1)
    await seat.press(answer, "Share")
    await seat.find("confirm-yes").click()
    await expect(seat.messages.nth(1)).to_contain_text("Shared by")

    await seat.become("marcus")
    await expect(seat.messages).to_have_count(1)
    await expect(seat.messages).to_contain_text("Shared by @Hannah Weiss from /neo-usage team 7d by:model")
    await expect(seat.messages.get_by_test_id("table")).to_be_visible()
    await expect(seat.messages.get_by_test_id("button")).to_have_count(0)
    await expect(seat.find("log").get_by_text("Only visible to you")).to_have_count(0)


@pytest.mark.slow
async def test_a_csv_comes_to_the_direct_messages_to_be_read_and_kept(shown: Demo, sit: Sit) -> None:
    today = shown.app.clock().date()
    asked = f"{today - timedelta(days=12)}..{today - timedelta(days=5)} by:member,model"  # nothing changes there
    report = report_of(shown.app, asked)
    seat = await sit(shown)
    answer = await seat.ask(f"team {asked}")
    filed = seat.messages.nth(await seat.messages.count())
    await seat.press(answer, "CSV")
    await expect(filed).to_contain_text(f"({len(report.groups)} rows)")

    await seat.go("neo-usage")
    await seat.find("file").last.click()
    await expect(seat.find("file-view").locator("tr")).to_have_count(len(report.groups) + 1)
    rows = await rows_of(seat.find("file-view"))
    assert rows[0] == ["member", "model", "spend_usd", "platform_usd", "provider_usd", "tasks", "share"]
    expected = [[*each.key, usd_text(each.spend(report.basis)), str(each.tasks)] for each in report.groups]
    assert [[*row[:3], row[5]] for row in rows[1:]] == expected
    async with seat.page.expect_download() as downloading:
        await seat.find("viewer").get_by_test_id("file-download").click()
    file = await downloading.value
    assert file.suggested_filename.startswith(f"neo-usage team {today - timedelta(days=12)}")
    assert list(csv.reader((await file.path()).read_text(encoding="utf-8").splitlines())) == rows


async def test_the_welcome_waits_under_apps(shown: Demo, sit: Sit) -> None:
    seat = await sit(shown)
    await seat.page.get_by_role("list", name="Apps").get_by_role("button", name="neo-usage").click()
    await expect(seat.find("where")).to_have_text("neo-usage")
    await expect(seat.messages.first).to_contain_text("I'm ready.")
    await expect(seat.messages.first).to_contain_text("/neo-usage team last week by:member")


@pytest.mark.slow
async def test_a_wrong_word_can_be_mended_by_a_press(shown: Demo, sit: Sit) -> None:
    seat = await sit(shown)
    answer = await seat.ask("team 7d modle:opus by:model")
    await expect(answer).to_contain_text('I don\'t know "modle:".')
    await seat.press(answer, "team 7d model:opus by:model")
    await expect(answer).to_contain_text("The whole team · 7d · model:opus")
    await expect(answer.locator("tbody tr").first).to_contain_text("claude-opus-4")


# --- the others ----------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_member_sees_their_own_spend_only(shown: Demo, sit: Sit) -> None:
    seat = await sit(shown, "priya")
    await expect(await seat.ask("")).to_contain_text("so far · ")
    for line in ("team", "by:member", "@marcus 7d"):
        await expect(await seat.ask(line)).to_contain_text(OWN_SPEND)
    help_ = await seat.ask("help")
    await expect(help_).to_contain_text("your month at a glance")
    await expect(help_).not_to_contain_text("by:member")


@pytest.mark.slow
async def test_a_guest_is_refused_politely(shown: Demo, sit: Sit) -> None:
    seat = await sit(shown, "gil")
    await expect(seat.find("where")).to_have_text("shop-pentest")  # #neo-spend is not for guests
    await expect(seat.page.locator("[data-testid=conversation]")).to_have_count(2)
    for line in ("", "team 7d", "help"):
        await expect(await seat.ask(line)).to_contain_text(NO_GUESTS)


@pytest.mark.slow
async def test_every_example_of_the_readme_is_answered_narrowed_or_refused(shown: Demo, sit: Sit) -> None:
    operator, member = await sit(shown), await sit(shown, "priya", "general")
    guest = await sit(shown, "gil", "shop-pentest")
    some = QUESTIONS[:: amount(1, 3)]
    await asyncio.gather(all_answered(operator), narrowed_or_refused(member, some), all_refused(guest, some))
    assert addresses(await member.find("log").inner_html()) <= {PRIYA}
    assert addresses(await guest.find("log").inner_html()) == set()


async def all_answered(operator: Seat) -> None:
    for line in QUESTIONS:
        answer = await operator.ask(line)
        await expect(answer).to_contain_text("Data as of")
        await expect(answer).not_to_contain_text("No spend in this period")


async def narrowed_or_refused(member: Seat, lines: Sequence[str]) -> None:
    for line in lines:
        is_of_others = "team" in line or "by:member" in line
        own = "You · " if line else "so far · "
        await expect(await member.ask(line)).to_contain_text(OWN_SPEND if is_of_others else own)


async def all_refused(guest: Seat, lines: Sequence[str]) -> None:
    for line in lines:
        await expect(await guest.ask(line)).to_contain_text(NO_GUESTS)


def addresses(html: str) -> set[str]:
    return set(re.findall(r"[\w.+-]+@[\w-]+\.example", html))


@pytest.mark.slow
async def test_one_reads_as_whom_one_acts_and_how_many_messages_wait_for_them(own: Demo, sit: Sit) -> None:
    seat = await sit(own, where="neo-usage")  # where she reads what waits for her
    await seat.go("neo-spend")
    await expect(seat.messages.filter(has_text="tasks failed").first).to_be_visible()
    await seat.press(await seat.ask("team 7d by:member"), "CSV")
    waiting = seat.find("act-as").get_by_title("Unread direct messages")
    await expect(waiting).to_have_text("1")
    await seat.become("gil")  # for whom nothing waits, whatever waits for others
    await expect(waiting).to_have_count(0)
    for who in ("marcus", "priya", "hannah"):
        await seat.become(who)
        assert await seat.find("act-as").locator("b").evaluate(FITS)


# --- the world -----------------------------------------------------------------------------------


@pytest.mark.slow
async def test_while_neo_is_down_an_answer_says_how_old_it_is_and_why(own: Demo, sit: Sit) -> None:
    seat = await sit(own)
    await seat.cause("neo")
    await expect(seat.find("down")).to_have_text("Neo is down: the bot cannot see new tasks.")
    await seat.cause("hour")
    answer = await seat.ask("team 7d by:member")
    await expect(answer.get_by_test_id("table")).to_be_visible()
    old = re.compile(r"I last read Neo (60|61) min ago\. Neo is failing \(503")
    await expect(answer).to_contain_text(old)
    await seat.cause("neo")
    await seat.cause("hour")
    await expect(await seat.ask("team 7d")).not_to_contain_text("Out of date")


@pytest.mark.slow
async def test_after_slack_was_down_the_bot_answers_again_by_itself(own: Demo, sit: Sit) -> None:
    seat = await sit(own)
    await seat.cause("slack")
    await seat.type("7d")
    await expect(seat.find("toast")).to_contain_text("Slack is down: nothing gets through.")
    await expect(seat.find("composer")).to_have_value("/neo-usage 7d")
    await seat.find("toast").get_by_role("button", name="Dismiss").click()
    await seat.cause("slack")
    slack = own.page.slack
    await slack.workspace.until(lambda: len(slack.sockets) == 1, WAIT_MS / 1000)
    await expect(await seat.ask("7d")).to_contain_text("You · 7d")


# --- what has happened, and what happens by itself ---------------------------------------------------


async def test_it_opens_on_a_workspace_that_has_lived(own: Demo, sit: Sit) -> None:
    seat = await sit(own)
    digest = seat.messages.filter(has=seat.page.get_by_test_id("chart")).first
    await expect(digest).to_contain_text("Data as of 08:59")
    await expect(digest.get_by_role("time").first).to_have_text("09:00")
    over = seat.messages.filter(has=seat.page.get_by_test_id("thread-open"), has_text="Priya Raman is over")
    await expect(over).to_have_count(1)
    await over.get_by_test_id("thread-open").click()
    await expect(seat.find("replies")).to_contain_text("150%")
    await seat.find("thread-close").click()
    await expect(seat.messages.filter(has_text="6 tasks failed")).to_have_count(1)
    await expect(seat.messages.filter(has_text="Shared by")).to_have_count(1)
    await expect(await seat.unread("neo-usage")).to_have_text(NUMBER)
    await seat.go("neo-usage")
    request = seat.messages.filter(has_text="Globex pentest").last
    await expect(request.get_by_role("button", name="Decline")).to_be_visible()
    await seat.find("tab-home").click()
    await expect(seat.find("home-view").get_by_test_id("chart").first).to_be_visible()

    await seat.find("tab-messages").click()
    await seat.press(request, "Approve")
    await expect(request.get_by_role("button", name="Decline")).to_have_count(0)
    await own.bot.catch_up()
    await seat.become("priya")
    await expect(seat.messages.last).to_contain_text("$600")


@pytest.mark.slow
async def test_a_spike_is_seen_in_slack_at_once_and_is_in_the_next_answer(own: Demo, sit: Sit) -> None:
    seat = await sit(own)
    today = f"team from:{own.app.clock():%Y-%m-%d}"  # also when the hour that passes is the day's last
    before = await total_of(await seat.ask(today))
    await expect(seat.find("spent-today")).to_have_text(f"${before:,.2f}")
    await seat.go("security")
    began = asyncio.get_running_loop().time()
    await seat.find("world-spike").click()
    await expect(await seat.unread("neo-spend")).to_have_text(NUMBER, timeout=5_000)
    assert asyncio.get_running_loop().time() - began < AT_ONCE_S
    await expect(seat.find("toast")).to_contain_text("$247.35")
    await seat.find("toast").get_by_role("button", name="Open #neo-spend").click()
    await expect(seat.find("where")).to_have_text("neo-spend")
    await expect(seat.messages.filter(has_text="of $150")).to_be_in_viewport()
    await seat.find("toast").get_by_role("button", name="Open Marcus's DM").click()
    await expect(seat.find("act-as")).to_contain_text("Marcus")
    await expect(seat.messages.last).to_contain_text("claude-opus-4")
    await seat.go("neo-spend")
    await seat.become("hannah")  # who has not read her direct messages
    await expect(seat.messages.filter(has_text="Only visible to you")).to_have_count(1)
    after_spike = await total_of(await seat.ask(today))
    assert after_spike - before == pytest.approx(247.35, abs=0.02)
    await expect(seat.find("spent-today")).to_have_text(f"${after_spike:,.2f}")
    await seat.cause("hour")
    assert await total_of(await seat.ask(today)) >= after_spike


@pytest.mark.slow
async def test_less_than_a_cent_is_no_zero_in_the_panel(own: Demo, sit: Sit) -> None:
    seat = await sit(own)
    ended = own.page.clock() - timedelta(minutes=1)
    stream = Stream(ended - timedelta(minutes=1), ended, credits=Decimal("0.0004"))
    own.page.neo.world.add(SimTask.of("tiny", stream, title="Look at one header", email=PRIYA))
    task = seat.find("tasks").get_by_test_id("task").filter(has_text="Look at one header")
    await expect(task.locator(".task-top b")).to_have_text("<$0.01")
    await own.bot.catch_up()
    await expect(await seat.ask("task:tiny")).to_contain_text("<$0.01")


@pytest.mark.slow
async def test_an_error_storm_is_seen_in_slack_at_once(own: Demo, sit: Sit) -> None:
    seat = await sit(own, where="security")
    await seat.go("neo-spend")
    await seat.go("security")
    for _ in range(2):  # the second one is of another kind, and has a message of its own
        began = asyncio.get_running_loop().time()
        await seat.find("world-storm").click()
        await expect(await seat.unread("neo-spend")).to_have_text(NUMBER, timeout=5_000)
        assert asyncio.get_running_loop().time() - began < AT_ONCE_S
        await seat.find("toast").get_by_role("button", name="Open #neo-spend").click()
        await expect(seat.messages.last).to_contain_text("9 tasks failed")
        await seat.dismiss()
        await seat.go("security")


@pytest.mark.slow
async def test_a_kill_repeats_and_loses_nothing(own: Demo, sit: Sit) -> None:
    seat = await sit(own)
    over = seat.messages.filter(has_text="of $150")
    await seat.cause("spike")
    await own.bot.catch_up()
    everything = said(own)
    await seat.cause("bot")
    assert not own.bot.up
    await expect(seat.find("down")).to_contain_text("The bot was killed")
    await seat.cause("bot")
    await own.bot.catch_up()
    assert said(own) == everything
    await seat.cause("bot")
    before = await over.count()
    await expect(await seat.ask("7d")).to_contain_text('/neo-usage failed with the error "dispatch_failed"')
    await seat.find("world-spike").click()
    await expect(seat.find("toast")).to_contain_text("The bot is not running")
    spender = (await seat.find("toast").inner_text()).split()[0]
    await seat.dismiss()
    await expect(seat.find("figures-note")).to_contain_text("has not read $")
    await seat.cause("bot")
    await expect(over).to_have_count(before + 1)
    await expect(await seat.ask(f"explain @{spender.lower()}")).to_contain_text("100%")


@pytest.mark.slow
async def test_a_next_day_has_one_digest(own: Demo, sit: Sit) -> None:
    seat = await sit(own)
    charts = seat.messages.filter(has=seat.page.get_by_test_id("chart"))
    before = await charts.count()
    await seat.cause("day")
    await expect(charts).to_have_count(before + 1)
    digest = charts.last
    report = report_of(own.app, "yesterday")
    await expect(digest).to_contain_text(
        f"{report.window.start:%a}, {report.window.start:%b} {report.window.start.day}"
    )
    await expect(digest).to_contain_text(show_usd(report.spend_nanos))
    await expect(digest).to_contain_text("Data as of 08:59")  # as if it had read Neo every minute
    await expect(digest.get_by_role("time").first).to_have_text("09:00")


@pytest.mark.slow
async def test_a_difference_from_neos_total_is_found_named_and_over_again(own: Demo, sit: Sit) -> None:
    seat = await sit(own)
    found = seat.messages.filter(has_text="Spend doesn't agree with Neo's total")
    over = seat.messages.filter(has_text="Resolved: spend agrees with Neo's total again")
    await seat.cause("difference")
    await seat.cause("day")
    await expect(found).to_have_count(1)
    summary = own.page.neo.summary
    assert summary is not None
    for left_out in summary.left_out:
        await expect(found).to_contain_text(f"task {left_out} isn't in Neo's total")
    await expect(await seat.ask("status")).to_contain_text("Differs from Neo's total on")
    await seat.cause("difference")
    await seat.cause("day")
    await expect(over).to_have_count(1)
    await expect(await seat.ask("status")).to_contain_text("Agrees with Neo through")


@pytest.mark.slow
async def test_what_neo_changed_long_ago_is_read_again_when_it_is_compared(own: Demo, sit: Sit) -> None:
    seat = await sit(own)
    before = await (await seat.ask("team 90d")).inner_text()
    await seat.cause("restate")
    await expect(await seat.ask("reconcile")).to_contain_text("Agrees with Neo through")
    after = await (await seat.ask("team 90d")).inner_text()
    assert _spent(after) > _spent(before)
    await expect(seat.messages.filter(has_text="Spend doesn't agree with Neo's total")).to_have_count(0)


def _spent(answer: str) -> float:
    """The first amount of an answer."""
    amount = re.search(r"\$([\d,]+\.\d\d)", answer)
    assert amount is not None, answer
    return float(amount[1].replace(",", ""))


@pytest.mark.slow
async def test_of_credits_that_run_down_there_is_one_warning_until_some_are_added(own: Demo, sit: Sit) -> None:
    seat = await sit(own)
    warned = seat.messages.filter(has_text="Neo credits are used up in about")
    await seat.cause("drain")
    await seat.cause("day")
    await expect(warned).to_have_count(1)
    await expect(warned).to_contain_text("At the pace of the last 28 days")
    await seat.cause("day")
    await expect(warned).to_have_count(1)
    await seat.cause("fill")
    await expect(await seat.ask("balance")).to_contain_text("At the pace of the last 28 days, they last 1")
    await seat.cause("drain")
    await seat.cause("day")
    await expect(warned).to_have_count(2)


@pytest.mark.slow
async def test_app_home_shows_each_what_is_theirs(shown: Demo, sit: Sit) -> None:
    seat = await sit(shown, "priya")
    await seat.go("neo-usage")
    await seat.find("tab-home").click()
    home = seat.find("home-view")
    await expect(home).to_contain_text("Your month")
    await expect(home.get_by_test_id("chart")).to_be_visible()
    await home.get_by_role("button", name="Turn on failure notifications").click()
    await expect(home).to_contain_text("I send you a DM")
    assert addresses(await home.inner_html()) <= {PRIYA}
    await seat.become("hannah")
    await expect(home.get_by_role("heading", name="Team")).to_be_visible()
    await seat.become("gil")
    await expect(home).to_contain_text("guest")


# --- the window ----------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_phone_in_the_dark_shows_all_without_scrolling_sideways(shown: Demo, sit: Sit) -> None:
    seat = await sit(shown, viewport=PHONE, color_scheme="dark", has_touch=True, is_mobile=True)
    by_member = await seat.ask("team 90d by:member")
    assert await by_member.get_by_test_id("table").evaluate(FITS)
    wide = await seat.ask("team 14d by:day,model")  # its table scrolls in itself, and its chart is as wide as it may be
    await expect(wide.locator(".chart-svg")).to_be_visible()
    for place in (seat.page.locator("html"), seat.find("log")):
        assert await place.evaluate(FITS)
    paper = await seat.page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", paper)) < 64


@pytest.mark.slow
async def test_the_phones_drawers_close_after_a_choice(shown: Demo, sit: Sit) -> None:
    seat = await sit(shown, viewport=PHONE, has_touch=True, is_mobile=True)
    drawer = seat.page.locator("#app")
    await seat.find("menu-toggle").click()
    await expect(drawer).to_have_attribute("data-drawer", "sidebar")
    await seat.become("priya")
    await expect(drawer).to_have_attribute("data-drawer", "")
    await seat.find("menu-toggle").click()
    await seat.go("general")
    await expect(drawer).to_have_attribute("data-drawer", "")
    await seat.find("neo-toggle").click()
    await expect(drawer).to_have_attribute("data-drawer", "neo")
    await seat.find("world-hour").click()
    await expect(drawer).to_have_attribute("data-drawer", "")
    await expect(seat.find("toast")).to_contain_text("It is ")


@pytest.mark.slow
@pytest.mark.parametrize("window", [PHONE, {"width": 1280, "height": 800}])
async def test_nothing_covers_text(shown: Demo, sit: Sit, window: dict[str, int]) -> None:
    seat = await sit(shown, viewport=window)
    if window == PHONE:
        await seat.find("neo-toggle").click()
    await seat.find("world-hour").click()
    parts = [seat.find(each) for each in ("top", "hint", "toast", "log", "to-end", "composer")]
    parts[0] = seat.page.locator("#top")
    await expect(parts[2]).to_be_visible()
    await seat.page.wait_for_function(AT_THE_TOP)
    for part in parts:
        await expect(part).to_be_visible()
    boxes = [box for part in parts if (box := await part.bounding_box())]
    assert len(boxes) == len(parts)
    for above, below in itertools.pairwise(boxes):
        assert above["y"] + above["height"] <= below["y"] + 0.5
    for part in parts[:3]:
        assert await part.evaluate(FITS)
    for step in await parts[1].get_by_role("button").all():
        assert await step.evaluate(IS_ONE_LINE)


@pytest.mark.slow
@pytest.mark.parametrize("window", [PHONE, TABLET, DESK])
async def test_nothing_is_wider_than_its_container(shown: Demo, sit: Sit, window: dict[str, int]) -> None:
    seat = await sit(shown, viewport=window)
    lines = ("", "budgets", "team this month by:day", "team 14d by:day,model", "team 7d rows", "errors team 7d", "help")
    for line in lines:
        await seat.ask(line)
    await expect(seat.find("log").locator(".chart-svg").last).to_be_visible()
    await expect(seat.find("log").locator(UNDRAWN)).to_have_count(0)
    assert await seat.find("log").evaluate(BEYOND) == []
    for who in ("hannah", "priya"):
        await seat.page.goto(f"{shown.url}/#{who}/neo-usage")
        await expect(seat.messages.first).to_be_visible()
        assert await seat.find("log").evaluate(BEYOND) == []
        await seat.find("tab-home").click()
        await expect(seat.find("home-view")).to_contain_text("Updates automatically")
        await expect(seat.find("home-view").locator(".chart-svg").first).to_be_visible()
        await expect(seat.find("home-view").locator(UNDRAWN)).to_have_count(0)
        assert await seat.find("home-view").evaluate(BEYOND) == []
        if window == DESK:  # beside the panel
            assert await seat.find("home-view").get_by_test_id("table").evaluate_all(ALL_FIT)
    for part in ("html", ".main", "#top"):
        assert await seat.page.locator(part).evaluate(FITS), part


@pytest.mark.slow
async def test_messages_of_one_author_have_the_name_once_in_five_minutes_and_gaps(shown: Demo, sit: Sit) -> None:
    workspace = shown.page.slack.workspace
    channel, marcus = workspace.channel("sec-leads").id, workspace.user("marcus").id
    began = shown.page.clock().timestamp() - 600
    for minutes in (0, 2, 4, 6, 8):
        workspace.post(channel, Message(f"{began + 60 * minutes:.6f}", marcus, blocks=[{"type": "divider"}]))
    seat = await sit(shown, where="sec-leads")
    await expect(seat.messages).to_have_count(5)
    heads = [await message.locator(".message-head").count() for message in await seat.messages.all()]
    assert heads == [1, 0, 0, 1, 0]
    boxes = [await content.bounding_box() for content in await seat.messages.locator(".content").all()]
    [first, second] = [box for box in boxes[:2] if box]
    assert second["y"] - first["y"] - first["height"] >= 16


@pytest.mark.slow
async def test_the_first_steps_are_shown_until_they_were_taken(shown: Demo, sit: Sit) -> None:
    seat = await sit(shown)
    hint = seat.find("hint")
    await expect(hint.get_by_role("button")).to_have_count(4)
    before = await seat.messages.count()
    await seat.find("hint-ask").click()
    await expect(seat.messages).to_have_count(before + 1)
    await expect(seat.messages.last.get_by_test_id("table")).to_be_visible()
    await seat.find("hint-spike").click()
    await expect(seat.messages.filter(has_text="of $150").last).to_be_in_viewport()
    await seat.page.reload()
    await expect(seat.find("hint-ask")).to_have_attribute("data-taken", "true")
    await seat.find("hint-kill").click()
    await expect(seat.find("hint-kill")).to_contain_text("Start the bot")
    await seat.find("hint-kill").click()
    await expect(hint).to_be_hidden()
    await seat.page.reload()
    await expect(seat.messages.first).to_be_visible()
    await expect(hint).to_be_hidden()


@pytest.mark.slow
async def test_the_first_steps_can_be_dismissed(shown: Demo, sit: Sit) -> None:
    seat = await sit(shown)
    await seat.find("hint-close").click()
    await expect(seat.find("hint")).to_be_hidden()
    await seat.page.reload()
    await expect(seat.messages.first).to_be_visible()
    await expect(seat.find("hint")).to_be_hidden()
