"""Takes the README's pictures anew: `.venv/bin/python docs/screenshots.py` (needs a Chromium)."""

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Browser, async_playwright

from bot.demo import Demo, demo

HERE = Path(__file__).parent
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 760}
PICTURES = (  # name, who and where, what is typed, whether in the dark, the window
    ("team-by-member", "hannah/neo-spend", ("team 7d by:member",), False, DESK),
    ("by-day-dark", "hannah/neo-spend", ("team 14d by:day,model",), True, DESK),
    ("member-phone", "priya/neo-spend", ("14d by:day",), False, PHONE),
    ("refused", "priya/general", ("@marcus 7d", "modle:opus"), False, {"width": 1280, "height": 420}),
)


async def main() -> None:
    """Serve the demo once, and take every picture."""
    with TemporaryDirectory() as directory:
        async with async_playwright() as playwright, demo(0, 7, Path(directory)) as shown:
            await shown.service.look()
            browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for picture in PICTURES:
                await _take(browser, shown, *picture)
            await browser.close()


async def _take(  # noqa: PLR0917 - a picture's parts
    browser: Browser,
    shown: Demo,
    name: str,
    where: str,
    lines: tuple[str, ...],
    dark: bool,  # noqa: FBT001 - a picture is a row of a table
    window: dict[str, int],
) -> None:
    page = await browser.new_page(
        viewport={"width": window["width"], "height": window["height"]}, color_scheme="dark" if dark else "light"
    )
    await page.goto(f"{shown.url}/#{where}")
    for number, line in enumerate(lines):
        await page.get_by_test_id("composer").fill(f"/neo-usage {line}")
        await page.get_by_test_id("send").click()
        await page.get_by_test_id("message").nth(number).wait_for()
    await page.wait_for_timeout(600)  # the page scrolls to what is new
    await page.screenshot(path=HERE / f"{name}.png")
    await page.close()


if __name__ == "__main__":
    asyncio.run(main())
