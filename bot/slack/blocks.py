"""Messages and their blocks, as Slack's JSON and within its limits, with simpler ones in case Slack refuses them."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Literal

from bot.domain.keys import ActionKey
from bot.domain.text import one_line
from bot.slack.mrkdwn import escape_preformatted

TABLE_ROWS = 99  # besides the header
TABLE_CHARACTERS = 9_000  # of 10,000; the header and a margin take the rest
CELL = 120  # characters
MOST_POINTS, MOST_SERIES = 20, 6  # of a chart; Slack's pages name 6 and 12 series: the smaller holds in any case
LONGEST_VALUE = 2_000  # characters of a button's value
PLAIN_CELL, PLAIN_ROWS = 36, 30  # of a table as text
_LONGEST_TEXT = 3_000  # characters of a message's text, and of a section
_LONGEST_CONTEXT, _LONGEST_FIELD, _LONGEST_HEADER = 2_000, 2_000, 150
_LONGEST_TITLE, _LONGEST_LABEL = 50, 20  # of a chart
_LONGEST_BUTTON = 75
_EMPTY = "\u2013"  # an empty cell makes Slack refuse the message

Block = dict[str, Any]
"""A block as Slack's JSON."""
Button = dict[str, Any]
"""A button as Slack's JSON, an element of a block of actions."""
Blocks = tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message: `text` makes sense without `blocks`; `plain` makes the blocks without tables and charts."""

    text: str
    blocks: Blocks = ()
    plain: Callable[[], Blocks] | None = None

    @property
    def simpler(self) -> "Message | None":
        """The message to try next when Slack refuses the blocks of this one; None if it has none."""
        if self.plain is not None:
            return Message(self.text, self.plain())
        return Message(self.text) if self.blocks else None


@dataclass(slots=True)
class Draft:
    """A message that is being built, block by block, in both its forms: with tables and charts, and without."""

    text: str
    _blocks: list[Block] = field(default_factory=list)
    _plain: list[Callable[[], Block]] = field(default_factory=list)
    _differs: bool = False

    def add(self, block: Block, plain: Callable[[], Block] | None = None) -> None:
        """Add a block; `plain` makes the one that replaces it in a message without tables and charts."""
        self._blocks.append(block)
        self._plain.append(plain or (lambda: block))
        self._differs |= plain is not None

    def message(self) -> Message:
        """Return the finished message."""
        plain = (lambda: tuple(make() for make in self._plain)) if self._differs else None
        return Message(truncate(self.text, _LONGEST_TEXT), tuple(self._blocks), plain)


def paragraph(mrkdwn: str) -> Message:
    """Return a message of one section of rendered mrkdwn."""
    draft = Draft(mrkdwn)
    draft.add(section(mrkdwn))
    return draft.message()


# --- texts ---------------------------------------------------------------------------------------


def truncate(text: str, longest: int) -> str:
    """Return the text, cut with an ellipsis, but never inside an entity such as `&lt;`."""
    if len(text) <= longest:
        return text
    kept = text[: longest - 1]
    start = kept.rfind("&", max(0, len(kept) - 5))
    if start >= 0 and ";" not in kept[start:]:
        kept = kept[:start]
    return f"{kept}…"


def plain_text(text: str, longest: int = _LONGEST_TEXT) -> dict[str, Any]:
    """Return a text object of plain text on one line, in which `:100:` is no emoji."""
    return {"type": "plain_text", "text": one_line(text, longest), "emoji": False}


def _mrkdwn(text: str, longest: int) -> dict[str, Any]:
    """Return a text object of rendered mrkdwn, in which nothing becomes a link or a mention by itself."""
    return {"type": "mrkdwn", "text": truncate(text, longest), "verbatim": True}


# --- blocks --------------------------------------------------------------------------------------


def section(mrkdwn: str) -> Block:
    """Return a paragraph of rendered mrkdwn."""
    return {"type": "section", "text": _mrkdwn(mrkdwn or _EMPTY, _LONGEST_TEXT)}


def columns(*mrkdwn: str) -> Block:
    """Return short paragraphs of rendered mrkdwn, shown in two columns where there is room."""
    return {"type": "section", "fields": [_mrkdwn(each, _LONGEST_FIELD) for each in mrkdwn]}


def preformatted(lines: Sequence[str]) -> Block:
    """Return lines of escaped text in a fixed-width font, as many as fit, and how many do not."""
    room = _LONGEST_TEXT - 40
    fits = [size <= room for size in accumulate(len(line) + 1 for line in lines)]
    kept = [line for line, inside in zip(lines, fits, strict=True) if inside]
    left = len(lines) - len(kept)
    more = f"\nand {left:,} more lines" if left else ""
    return section("```" + "\n".join(kept or [_EMPTY]) + "```" + more)


def context(*mrkdwn: str) -> Block:
    """Return lines of rendered mrkdwn in small print."""
    return {"type": "context", "elements": [_mrkdwn("\n".join(mrkdwn), _LONGEST_CONTEXT)]}


def header(text: str) -> Block:
    """Return a heading of plain text."""
    return {"type": "header", "text": plain_text(one_line(text, _LONGEST_HEADER) or _EMPTY)}


def button(label: str, key: ActionKey, *, primary: bool = False, confirm: tuple[str, str] | None = None) -> Button:
    """Return a button that does what `key` says; `confirm` is the question before it, and the label that agrees."""
    return {
        "type": "button",
        "text": plain_text(label, _LONGEST_BUTTON),
        "action_id": key.action_id,
        **({"style": "primary"} if primary else {}),
        "value": key.value,
        **({"confirm": _confirmation(*confirm)} if confirm else {}),
    }


def _confirmation(question: str, agree: str) -> dict[str, Any]:
    return {
        "title": plain_text("Are you sure?"),
        "text": plain_text(question),
        "confirm": plain_text(agree),
        "deny": plain_text("Cancel"),
    }


def actions(buttons: Iterable[Button]) -> Block:
    """Return a row of buttons."""
    return {"type": "actions", "elements": list(buttons)}


# --- tables --------------------------------------------------------------------------------------


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int] = (), longest: int = CELL
) -> Block:
    """Return a table of plain text.

    Args:
        columns: their names.
        rows: the cells of each, as many as `fitting_rows` keeps.
        numbers: the indices of the columns to align on the right.
        longest: characters of a cell, cut beyond.
    """
    lines = [[{"type": "raw_text", "text": cell(each, longest)} for each in line] for line in (columns, *rows)]
    settings = [{"align": "right" if index in numbers else "left"} for index in range(len(columns))]
    return {"type": "table", "rows": lines, "column_settings": settings}


def plain_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int] = (), *, from_end: bool = False
) -> Block:
    """Return the same table as preformatted text, with its first rows, or its last ones if `from_end`."""
    kept = rows[-PLAIN_ROWS:] if from_end else rows[:PLAIN_ROWS]
    cells = [[cell(each, PLAIN_CELL) for each in line] for line in (columns, *kept)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    lines = [_padded(line, widths, numbers) for line in cells]
    if len(rows) > len(kept):
        lines.append(f"and {len(rows) - len(kept):,} more lines")
    return preformatted(lines)


def _padded(cells: Sequence[str], widths: Sequence[int], numbers: Collection[int]) -> str:
    padded = (
        text.rjust(width) if index in numbers else text.ljust(width)
        for index, (text, width) in enumerate(zip(cells, widths, strict=True))
    )
    return escape_preformatted("  ".join(padded).rstrip())


def fitting_rows(rows: Sequence[Sequence[str]], *, from_end: bool = False) -> Sequence[Sequence[str]]:
    """Return the rows that one table can hold: the first ones, or the last ones if `from_end`."""
    candidates = rows[-TABLE_ROWS:][::-1] if from_end else rows[:TABLE_ROWS]
    sizes = accumulate(sum(len(cell(each)) for each in row) for row in candidates)
    count = sum(size <= TABLE_CHARACTERS for size in sizes)
    return rows[len(rows) - count :] if from_end else rows[:count]


def cell(text: str, longest: int = CELL) -> str:
    """Return the text on one line, cut, and never empty."""
    return one_line(text, longest) or _EMPTY


# --- charts --------------------------------------------------------------------------------------

ChartKind = Literal["bar", "line"]


def chart(
    title: str,
    categories: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    unit: str,
    kind: ChartKind = "bar",
) -> Block:
    """Return a chart: each series has a name, and a value in each category; at most MOST_POINTS by MOST_SERIES."""
    labels = _distinct_labels(categories)
    lines = [
        {"name": name, "data": [{"label": label, "value": value} for label, value in zip(labels, values, strict=True)]}
        for name, (_, values) in zip(_distinct_labels([name for name, _ in series]), series, strict=True)
    ]
    content = {"type": kind, "series": lines, "axis_config": {"categories": labels, "y_label": unit}}
    return {"type": "data_visualization", "title": one_line(title, _LONGEST_TITLE), "chart": content}


def _distinct_labels(names: Sequence[str]) -> list[str]:
    """Return the names cut to the length of a label, numbered where two would be the same."""
    labels: list[str] = []
    for name in names:
        label, number = one_line(name, _LONGEST_LABEL) or _EMPTY, 2
        while label in labels:
            label = f"{one_line(name, _LONGEST_LABEL - 1 - len(str(number)))} {number}"
            number += 1
        labels.append(label)
    return labels
