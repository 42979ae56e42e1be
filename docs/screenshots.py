"""Takes the manual's pictures anew: `.venv/bin/python docs/screenshots.py` (needs a Chromium)."""

import asyncio
import shutil
import struct
import zlib
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Browser, Page, async_playwright, expect

from bot.app import system_clock
from bot.demo.runner import Demo, demo

HERE = Path(__file__).parent
SEED = 7
COLOURS = 256  # of a picture: all flat ones, and for the edges of letters the nearest of them
ALIKE = 60  # the squared distance of colours that are not both needed
PIXELS = """async (png) => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  return new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer).join(" ");
}"""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is typed, by whom and where, in a window of that size."""

    name: str
    seat: str
    lines: tuple[str, ...]
    width: int
    height: int
    dark: bool = False
    chart: bool = False
    shows: str = ""
    home: bool = False
    thread: bool = False


PICTURES = (
    Picture("failures", "hannah/neo-spend", (), 1280, 560, shows="tasks failed:"),
    Picture("card", "hannah/neo-spend", ("",), 1280, 1140),
    Picture("team-by-member", "hannah/neo-spend", ("team 7d by:member",), 1280, 872),  # the table as a whole
    Picture("by-day-dark", "hannah/neo-spend", ("team 14d by:day,model",), 1280, 800, dark=True, chart=True),
    Picture("member-phone", "priya/neo-spend", ("14d by:day",), 390, 760, chart=True),
    Picture("refused", "priya/general", ("@marcus 7d", "modle:opus"), 1280, 420),
    Picture("budget-over", "priya/neo-usage", (), 1280, 690, shows="over your daily budget"),
    Picture("thread", "priya/neo-usage", (), 1280, 690, shows="over your daily budget", thread=True),
    Picture("request", "hannah/neo-usage", (), 1280, 640, shows="Globex pentest"),
    Picture("errors-dark", "hannah/general", ("errors team 24h",), 1440, 760, dark=True),
    Picture("help", "marcus/general", ("help",), 1280, 640),
    Picture("digest", "marcus/neo-spend", (), 1440, 1262, shows="the day before"),
    Picture("home", "hannah/neo-usage", (), 1440, 1500, home=True),
    Picture("home-dark", "priya/neo-usage", (), 1440, 1160, dark=True, home=True),
)


async def main() -> None:
    """Serve the demo once, and take every picture."""
    now = system_clock()  # in the pictures it is two in the afternoon of a 19th, whenever they are taken
    ahead = datetime.combine((now.date().replace(day=1) + timedelta(days=31)).replace(day=19), time(14), UTC) - now
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with TemporaryDirectory() as directory:
        async with async_playwright() as playwright, demo(0, SEED, Path(directory), ahead) as shown:
            await shown.bot.catch_up()
            browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for picture in PICTURES:
                await _take(browser, shown, picture)
            await browser.close()


async def _take(browser: Browser, shown: Demo, picture: Picture) -> None:
    page = await browser.new_page(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme="dark" if picture.dark else "light",
        reduced_motion="reduce",
    )
    await page.goto(f"{shown.url}/#{picture.seat}")
    await page.get_by_test_id("log").locator("[data-testid=message], [data-testid=empty]").first.wait_for()
    for line in picture.lines:
        await _ask(page, line)
    if picture.home:
        await page.get_by_test_id("tab-home").click()
        await expect(page.get_by_test_id("home-view")).to_contain_text("Updates automatically")
    if picture.shows:
        told = page.get_by_text(picture.shows).last
        await told.scroll_into_view_if_needed()
        await expect(told).to_be_in_viewport(ratio=1)
    if picture.thread:
        await page.get_by_test_id("thread-open").last.click()
        await expect(page.get_by_test_id("replies")).to_be_visible()
    if picture.chart:
        await expect(page.get_by_test_id("chart").last.locator("svg")).to_be_in_viewport(ratio=1)
    png = await page.screenshot()
    await page.goto("about:blank")  # where scripts may decode it
    pixels = await page.evaluate(PIXELS, b64encode(png).decode())
    await page.close()
    (HERE / f"{picture.name}.png").write_bytes(_png([int(each) for each in pixels.split()], picture.width))


async def _ask(page: Page, line: str) -> None:
    messages = page.get_by_test_id("log").get_by_test_id("message")
    answer = messages.nth(await messages.count())
    await page.get_by_test_id("composer").fill(f"/neo-usage {line}")
    await page.get_by_test_id("send").click()
    await expect(answer.get_by_text("Only visible to you")).to_be_in_viewport(ratio=1)


# --- small files ---------------------------------------------------------------------------------


def _png(pixels: list[int], width: int) -> bytes:
    """A PNG with a palette: a third of the bytes. A pixel is its red, green, blue and alpha, the lowest byte first."""
    counted = Counter(pixels)
    palette = _palette([colour.to_bytes(4, "little")[:3] for colour, _ in counted.most_common()])
    place = {colour: _nearest(colour.to_bytes(4, "little")[:3], palette)[1] for colour in counted}
    rows = (bytes(map(place.__getitem__, pixels[at : at + width])) for at in range(0, len(pixels), width))
    header = struct.pack(">IIBBBBB", width, len(pixels) // width, 8, 3, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    chunks = ((b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _palette(colours: list[bytes]) -> list[bytes]:
    """The first of the colours that are not alike, so that a small sign in another colour keeps it."""
    palette = colours[:1]
    for colour in colours:
        if _nearest(colour, palette)[0] > ALIKE:
            palette.append(colour)
    return palette[:COLOURS]


def _nearest(colour: bytes, palette: list[bytes]) -> tuple[int, int]:
    """How far the nearest of a palette is, squared, and its place."""
    red, green, blue = colour
    return min(((red - r) ** 2 + (green - g) ** 2 + (blue - b) ** 2, at) for at, (r, g, b) in enumerate(palette))


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


if __name__ == "__main__":
    asyncio.run(main())
