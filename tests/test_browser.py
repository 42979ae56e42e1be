"""The demo's page in a headless Chromium, clicked through as an operator, a member and a guest do."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Download, Locator, Page, async_playwright, expect

from bot.demo import QUESTIONS, Demo, demo

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
REQUIRED = os.environ.get("NEO_USAGE_BROWSER") == "required"
WHY = "NO CHROMIUM ON THIS MACHINE: the page is not clicked through. `apt-get install chromium` brings it."
OTHERS = re.compile(r"[\w.]+@acme\.example")

pytestmark = pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason=WHY)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    assert CHROMIUM, WHY
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[Demo]:
    async with demo(0, 7, tmp_path) as shown:
        await shown.service.look()
        yield shown


class Seat:
    """Somebody's place at the page; what the browser complains of is kept."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    def find(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    @property
    def last(self) -> Locator:
        """The newest message."""
        return self.find("message").last

    async def ask(self, line: str, command: str = "/neo-usage ") -> Locator:
        """Type a line, and give the answer once it is there."""
        before = await self.find("message").count()
        await self.find("composer").fill(f"{command}{line}")
        await self.find("send").click()
        answer = self.find("message").nth(before)
        await expect(answer).to_be_visible()
        return answer

    async def press(self, message: Locator, label: str) -> None:
        await message.get_by_role("button", name=label, exact=True).click()

    async def act_as(self, who: str, where: str) -> None:
        url = self.page.url.partition("#")[0]
        await self.page.goto("about:blank")  # another hash alone loads nothing
        await self.page.goto(f"{url}#{who}/{where}")
        await expect(self.find("conversation").first).to_be_visible()
        await expect(self.find("act-as")).to_contain_text(who.capitalize())


@pytest.fixture
async def seat(shown: Demo, browser: Browser) -> AsyncIterator[Seat]:
    """At the operator's, in #neo-spend."""
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(8_000)
    seat = Seat(page)
    await page.goto(f"{shown.url}/#hannah/neo-spend")
    await expect(seat.find("composer")).to_be_visible()
    yield seat
    assert seat.complaints == []
    await page.close()


async def test_an_operator_asks_groups_shares_and_opens_the_file(seat: Seat, shown: Demo) -> None:
    answer = await seat.ask("team 7d by:member")
    await expect(answer.get_by_test_id("table")).to_contain_text("priya.raman@acme.example")
    await seat.press(answer, "By day")
    await expect(answer.get_by_test_id("chart")).to_be_visible()
    await seat.press(answer, "By model")
    await expect(answer.get_by_test_id("table")).to_contain_text("Model")
    await expect(seat.find("message")).to_have_count(1)

    await seat.press(answer, "Share")
    await seat.find("confirm-yes").click()
    await expect(seat.last).to_contain_text("Shared by")
    await seat.press(answer, "CSV")
    await expect(seat.last).to_contain_text("in your direct messages with me")

    await seat.act_as("marcus", "neo-spend")
    await expect(seat.find("message")).to_have_count(1)
    await expect(seat.last).to_contain_text("Shared by")
    await expect(seat.last.get_by_role("button", name="By day")).to_have_count(0)

    await seat.act_as("hannah", "neo-usage")
    await expect(seat.page.get_by_text("I am ready.")).to_be_visible()
    await seat.find("file").last.click()
    rows = seat.find("file-view").locator("tr")
    groups = shown.service.app.report("7d by:model").groups
    await expect(rows).to_have_count(len(groups) + 1)
    await expect(rows.nth(1)).to_contain_text(groups[0].key[0])
    async with seat.page.expect_download() as downloading:
        await seat.find("viewer").get_by_test_id("file-download").click()
    file: Download = await downloading.value
    assert file.suggested_filename.startswith("neo-usage team 7d by model")
    assert len((await file.path()).read_text(encoding="utf-8").splitlines()) == len(groups) + 1


async def test_a_member_sees_their_own_and_a_guest_nothing(seat: Seat) -> None:
    await seat.act_as("priya", "neo-spend")
    await expect(await seat.ask("")).to_contain_text("You · this month")
    for line in ("team", "by:member", "@marcus 7d"):
        await expect(await seat.ask(line)).to_contain_text("Only operators see other people's spend")
    await expect(await seat.ask("help")).not_to_contain_text("by:member")
    await seat.act_as("gil", "neo-spend")
    await expect(await seat.ask("7d")).to_contain_text("you are here as a guest")


async def test_a_wrong_word_can_be_mended_by_a_press(seat: Seat) -> None:
    answer = await seat.ask("team 7d by:modle")
    await expect(answer).to_contain_text("by:model")
    await seat.press(answer, "Ask that")
    await expect(answer.get_by_test_id("table")).to_contain_text("Model")


async def test_every_example_of_the_readme_is_answered_narrowed_or_refused(seat: Seat) -> None:
    for line in QUESTIONS:
        answer = await seat.ask(line)
        await expect(answer).to_contain_text("Data as of")
        await expect(answer).not_to_contain_text("Nothing was booked")
    await seat.act_as("priya", "neo-spend")
    for line in QUESTIONS:
        text = await (await seat.ask(line)).inner_text()
        assert "You" in text or "Only operators" in text
        assert set(OTHERS.findall(text)) <= {"priya.raman@acme.example"}
    await seat.act_as("gil", "neo-spend")
    for line in QUESTIONS:
        await expect(await seat.ask(line)).to_contain_text("as a guest")


async def test_the_world_goes_on_and_breaks_and_mends(seat: Seat) -> None:
    before = await (await seat.ask("team 24h")).inner_text()
    await seat.find("world-spike").click()
    await seat.find("world-hour").click()
    await expect(seat.find("toast").first).to_be_visible()
    assert _dollars(await (await seat.ask("team 24h")).inner_text()) > _dollars(before)

    await seat.find("world-neo").click()
    await expect(seat.page.locator("[data-testid=world-neo][aria-pressed=true]")).to_be_visible()
    for _ in range(2):
        await seat.find("world-hour").click()
    await expect(await seat.ask("team 24h")).to_contain_text("older than it should be")
    await seat.find("world-neo").click()

    await seat.find("world-slack").click()
    await expect(seat.find("down")).to_be_visible()
    await seat.find("world-slack").click()
    await expect(seat.find("down")).to_be_hidden()
    await expect(seat.page.get_by_test_id("composer")).to_be_enabled()
    await expect(await _again(seat)).to_contain_text("The whole team")


def _dollars(text: str) -> float:
    found = re.search(r"\$([\d,]+\.\d\d)", text)
    assert found
    return float(found[1].replace(",", ""))


async def _again(seat: Seat) -> Locator:
    """Ask until the bot has its connection back, as a person would."""
    for _ in range(20):
        answer = await seat.ask("team 24h")
        if "failed" not in await answer.inner_text() or "The whole team" in await answer.inner_text():
            return answer
        await seat.page.wait_for_timeout(500)
    raise AssertionError("the bot did not come back")


async def test_it_fits_a_phone_in_the_dark(shown: Demo, browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    seat = Seat(page)
    await page.goto(f"{shown.url}/#priya/neo-spend")
    answer = await seat.ask("14d by:day")
    await expect(answer.get_by_test_id("chart")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert seat.complaints == []
    await page.close()
