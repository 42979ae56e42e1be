"""The manual: its pages, and what the tests read of them."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = (README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^( *)(`{3,})(\w*)\n(.*?)^\1\2$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^/neo-usage ?(.*?)(?:\s+#.*)?$", re.MULTILINE)
_INLINE_COMMAND = re.compile(r"`/neo-usage ([^`]+)`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def text_of(page: Path) -> str:
    """Return a page."""
    return page.read_text(encoding="utf-8")


def section(page: Path, heading: str) -> str:
    """Return what stands under a heading of the second level."""
    return text_of(page).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return _FENCE.sub("", text_of(page))


def example_lines(text: str) -> list[str]:
    """Return what follows `/neo-usage` in the examples of a text, in their order, without comments."""
    inside_code = [line for block in _FENCE.finditer(text) for line in _COMMAND.findall(block[4])]
    return [*inside_code, *_INLINE_COMMAND.findall(_FENCE.sub("", text))]


def links(page: Path) -> list[str]:
    """Return the targets of a page's links and pictures."""
    return _LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings have on GitHub."""
    return set(_anchors(_HEADING.findall(prose(page))))


def _anchors(headings: list[str]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for heading in headings:
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        yield f"{anchor}-{seen[anchor]}" if anchor in seen else anchor
        seen[anchor] = seen.get(anchor, 0) + 1


def first_cells(text: str) -> list[str]:
    """Return the code in the first cell of each row of the tables of a text."""
    return re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)
