"""Messages and their blocks, as Slack's JSON and within its limits, with simpler ones in case Slack refuses them."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import Any, Literal

from bot.domain.cells import Cell, Number, cell_text, number_columns
from bot.domain.keys import ActionKey
from bot.domain.text import one_line
from bot.slack.mrkdwn import escape_preformatted

TABLE_ROWS = 99  # besides the header; a `data_table` takes one more, a `table` does not
TABLE_CHARACTERS = 9_000  # of 10,000; the header and a margin take the rest
CELL = 120  # characters
_PAGE, _PAGE_OF_TIME = 20, 31  # rows on a page; the days of a month stand on one
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
    """A message: `text` makes sense without `blocks`; `simpler_blocks` make what to try, in turn, where Slack refuses.

    The last of them are without tables and charts.
    """

    text: str
    blocks: Blocks = ()
    simpler_blocks: tuple[Callable[[], Blocks], ...] = ()

    @property
    def simpler(self) -> "Message | None":
        """The message to try next when Slack refuses the blocks of this one; None if it has none."""
        if self.simpler_blocks:
            return Message(self.text, self.simpler_blocks[0](), self.simpler_blocks[1:])
        return Message(self.text) if self.blocks else None


@dataclass(slots=True)
class Draft:
    """A message that is being built, block by block, each with what replaces it where Slack refuses the message."""

    text: str
    _blocks: list[Block] = field(default_factory=list)
    _simpler: list[tuple[Callable[[], Block], ...]] = field(default_factory=list)

    def add(self, block: Block, *simpler: Callable[[], Block]) -> None:
        """Add a block; `simpler` make those to try instead, the last of which is neither a table nor a chart."""
        self._blocks.append(block)
        self._simpler.append(simpler)

    def add_table(
        self,
        caption: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        *,
        longest: int = CELL,
        from_end: bool = False,
    ) -> int:
        """Add a table that people can sort and page through, and return how many of its rows fit.

        They are the first ones, or the last ones if `from_end`, which is for rows in order of time. Cells are cut at
        `longest` characters. Without rows nothing is added.
        """
        kept = _fitting_rows(rows, longest, from_end=from_end)
        if kept:
            self.add(
                _data_table(caption, columns, kept, longest, page=_PAGE_OF_TIME if from_end else _PAGE),
                lambda: table(columns, kept, longest),
                lambda: plain_table(columns, kept, from_end=from_end),
            )
        return len(kept)

    def message(self) -> Message:
        """Return the finished message."""
        steps = max(map(len, self._simpler), default=0)
        simpler = tuple(partial(self._blocks_at, step, steps) for step in range(1, steps + 1))
        return Message(truncate(self.text, _LONGEST_TEXT), tuple(self._blocks), simpler)

    def _blocks_at(self, step: int, steps: int) -> Blocks:
        """Return the blocks after so many refusals of `steps`; who has fewer forms than others changes last."""
        return tuple(
            simpler[place - 1]() if (place := step - steps + len(simpler)) > 0 else block
            for block, simpler in zip(self._blocks, self._simpler, strict=True)
        )


def paragraph(mrkdwn: str, buttons: Sequence[Button] = ()) -> Message:
    """Return a message of one section of rendered mrkdwn, and a row of buttons if there are any."""
    draft = Draft(mrkdwn)
    draft.add(section(mrkdwn))
    if buttons:
        draft.add(actions(buttons))
    return draft.message()


def with_line_above(message: Message, mrkdwn: str) -> Message:
    """Return a message with a line of rendered mrkdwn in small print above it."""
    line = context(mrkdwn)
    simpler = tuple(partial(_with_block_above, line, make) for make in message.simpler_blocks)
    blocks = (line, *message.blocks) if message.blocks else ()
    return Message(truncate(f"{mrkdwn}\n{message.text}", _LONGEST_TEXT), blocks, simpler)


def _with_block_above(line: Block, make: Callable[[], Blocks]) -> Blocks:
    return (line, *make())


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


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell]], longest: int = CELL) -> Block:
    """Return a table of plain text, with numbers on the right; cells are cut at `longest` characters."""
    numbers = number_columns(rows)
    lines = [[_raw_text(each, longest) for each in line] for line in (columns, *rows)]
    settings = [{"align": "right" if index in numbers else "left"} for index in range(len(columns))]
    return {"type": "table", "rows": lines, "column_settings": settings}


def _data_table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], longest: int, page: int) -> Block:
    """Return a table that people can sort, by numbers too, and page through."""
    cells = [[_sortable(each, longest) for each in row] for row in rows]
    header_cells = [_raw_text(each, longest) for each in columns]
    return {"type": "data_table", "caption": cell(caption), "page_size": page, "rows": [header_cells, *cells]}


def _sortable(content: Cell, longest: int) -> dict[str, Any]:
    if isinstance(content, Number):
        return {"type": "raw_number", "value": content.value, "text": cell(content, longest)}
    return _raw_text(content, longest)


def _raw_text(content: Cell, longest: int) -> dict[str, Any]:
    return {"type": "raw_text", "text": cell(content, longest)}


def plain_table(columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, from_end: bool = False) -> Block:
    """Return the same table as preformatted text, with its first rows, or its last ones if `from_end`."""
    kept = rows[-PLAIN_ROWS:] if from_end else rows[:PLAIN_ROWS]
    cells = [[cell(each, PLAIN_CELL) for each in line] for line in (columns, *kept)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    numbers = number_columns(rows)
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


def _fitting_rows(rows: Sequence[Sequence[Cell]], longest: int, *, from_end: bool) -> Sequence[Sequence[Cell]]:
    """Return the rows that one table can hold: the first ones, or the last ones if `from_end`."""
    candidates = rows[-TABLE_ROWS:][::-1] if from_end else rows[:TABLE_ROWS]
    sizes = accumulate(sum(len(cell(each, longest)) for each in row) for row in candidates)
    count = sum(size <= TABLE_CHARACTERS for size in sizes)
    return rows[len(rows) - count :] if from_end else rows[:count]


def cell(content: Cell, longest: int = CELL) -> str:
    """Return the text of a cell on one line, cut, and never empty."""
    return one_line(cell_text(content), longest) or _EMPTY


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
