"""A message: its blocks within Slack's limits, and what stands for them where Slack refuses some."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Literal

from slackblocks import (
    ActionsBlock,
    AxisConfig,
    BarChart,
    Button,
    ColumnSettings,
    ConfirmationDialogue,
    ContextBlock,
    DataPoint,
    DataSeries,
    DataVisualizationBlock,
    HeaderBlock,
    LineChart,
    RawText,
    SectionBlock,
    TableBlock,
    Text,
    TextType,
)
from slackblocks.blocks import Block

from bot.domain.text import one_line
from bot.slack.templates import verbatim

TABLE_ROWS = 99  # besides the header
TABLE_CHARACTERS = 9_000  # of 10,000; the header and a margin take the rest
CELL = 120
MOST_POINTS, MOST_SERIES = 20, 6  # Slack's pages name 6 and 12 series: the smaller holds in any case
LONGEST_VALUE = 2_000  # of a button
_LONGEST_SECTION, _LONGEST_CONTEXT, _LONGEST_FIELD, _LONGEST_TITLE, _LONGEST_LABEL = 3_000, 2_000, 2_000, 50, 20
_LONGEST_BUTTON = 75
PLAIN_CELL, PLAIN_ROWS = 36, 30  # of a table as text
_EMPTY = "\u2013"  # an empty cell makes Slack refuse the message


Blocks = tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """What is said: `text` makes sense alone; `plain` makes what stands for `blocks` where some are refused."""

    text: str
    blocks: Blocks = ()
    plain: Callable[[], Blocks] | None = None

    @property
    def simpler(self) -> "Message | None":
        """The next best message to try when Slack refuses this one's blocks."""
        if self.plain is not None:
            return Message(self.text, self.plain())
        return Message(self.text) if self.blocks else None


@dataclass(slots=True)
class Draft:
    """A message in the making: each part is added once, with what makes its plain stand-in where it needs one."""

    text: str
    _blocks: list[Block] = field(default_factory=list)
    _plain: list[Callable[[], Block]] = field(default_factory=list)
    _differs: bool = False

    def add(self, block: Block, plain: Callable[[], Block] | None = None) -> None:
        """Add a block; `plain` makes what stands for it in a message without tables and charts."""
        self._blocks.append(block)
        self._plain.append(plain or (lambda: block))
        self._differs |= plain is not None

    def message(self) -> Message:
        """The message as it goes to Slack."""
        plain = (lambda: _resolved(make() for make in self._plain)) if self._differs else None
        return Message(cut(self.text, _LONGEST_SECTION), _resolved(self._blocks), plain)


def plain(message: Message) -> str:
    """A message as a terminal shows it: its texts in order, without marks; charts and tables as their stand-ins."""
    blocks = message.plain() if message.plain is not None else message.blocks
    parts = (part for block in blocks for part in _texts(block))
    return "\n".join(_unmarked(part["text"]) for part in parts)


def _texts(block: dict[str, Any]) -> list[dict[str, Any]]:
    return [*filter(None, [block.get("text")]), *block.get("fields", []), *_small_print(block)]


def _small_print(block: dict[str, Any]) -> list[dict[str, Any]]:
    return list(block["elements"]) if block["type"] == "context" else []


def _unmarked(mrkdwn: str) -> str:
    """Rendered mrkdwn as plain text; whatever was given holds no marks any more."""
    text = mrkdwn.replace("*", "").replace("`", "")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def paragraph(mrkdwn: str) -> Message:
    """A message of one paragraph of rendered mrkdwn."""
    draft = Draft(mrkdwn)
    draft.add(section(mrkdwn))
    return draft.message()


def _resolved(blocks: Iterable[Block]) -> Blocks:
    # Slack names blocks itself; a random id would make two equal messages differ
    resolved = [block._resolve() for block in blocks]  # noqa: SLF001 - the library's only way to a dictionary
    return tuple({name: _without_emoji(part) for name, part in each.items() if name != "block_id"} for each in resolved)


def _without_emoji(part: Any) -> Any:  # noqa: ANN401 - a block's part
    """The part with Slack told of each plain text that `:100:` is text in it; left out, it draws a picture."""
    if isinstance(part, list):
        return [_without_emoji(each) for each in part]
    if not isinstance(part, dict):
        return part
    plainly = {"emoji": False} if part.get("type") == "plain_text" else {}
    return {name: _without_emoji(each) for name, each in part.items()} | plainly


def cut(text: str, longest: int) -> str:
    """The text, cut with an ellipsis; never inside an escape such as `&lt;`."""
    if len(text) <= longest:
        return text
    kept = text[: longest - 1]
    start = kept.rfind("&", max(0, len(kept) - 5))
    if start >= 0 and ";" not in kept[start:]:
        kept = kept[:start]
    return f"{kept}…"


def section(mrkdwn: str) -> SectionBlock:
    """A paragraph of rendered mrkdwn; nothing in it becomes a link or mention by itself."""
    return SectionBlock(Text(cut(mrkdwn or _EMPTY, _LONGEST_SECTION), TextType.MARKDOWN, verbatim=True))


def columns(*mrkdwn: str) -> SectionBlock:
    """Short paragraphs of rendered mrkdwn, two beside each other where there is room."""
    return SectionBlock(fields=[Text(cut(each, _LONGEST_FIELD), TextType.MARKDOWN, verbatim=True) for each in mrkdwn])


def preformatted(lines: Sequence[str]) -> SectionBlock:
    """Lines of rendered text with their columns kept, as many as fit."""
    room = _LONGEST_SECTION - 40
    fits = [size <= room for size in accumulate(len(line) + 1 for line in lines)]
    kept = [line for line, inside in zip(lines, fits, strict=True) if inside]
    left = len(lines) - len(kept)
    more = f"\nand {left:,} more lines" if left else ""
    return section("```" + "\n".join(kept or [_EMPTY]) + "```" + more)


def context(*mrkdwn: str) -> ContextBlock:
    """Small print, a line each."""
    line = cut("\n".join(mrkdwn), _LONGEST_CONTEXT)
    return ContextBlock([Text(line, TextType.MARKDOWN, verbatim=True)])


def header(plain: str) -> HeaderBlock:
    """A heading of plain text."""
    return HeaderBlock(Text(one_line(plain, 150) or _EMPTY, TextType.PLAINTEXT))


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int] = (), longest: int = CELL
) -> TableBlock:
    """A table of plain text, whose columns at `numbers` are right-aligned; cells are cut to `longest`.

    The caller has cut the rows by `fitting`.
    """
    settings = [ColumnSettings("right" if place in numbers else "left") for place in range(len(columns))]
    return TableBlock([[RawText(cell(each, longest)) for each in line] for line in (columns, *rows)], settings)


def plain_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int] = (), *, from_end: bool = False
) -> SectionBlock:
    """The same table as text, its columns kept by spaces; of many rows the first are kept, or those at the end."""
    kept = rows[-PLAIN_ROWS:] if from_end else rows[:PLAIN_ROWS]
    cells = [[one_line(cell(part), PLAIN_CELL) for part in line] for line in (columns, *kept)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    lines = []
    for line in cells:
        padded = (
            part.rjust(width) if i in numbers else part.ljust(width)
            for i, (part, width) in enumerate(zip(line, widths, strict=True))
        )
        lines.append(verbatim("  ".join(padded).rstrip()))
    if len(rows) > len(kept):
        lines.append(f"and {len(rows) - len(kept):,} more lines")
    return preformatted(lines)


def fitting(rows: Sequence[Sequence[str]], *, from_end: bool = False) -> Sequence[Sequence[str]]:
    """The rows that one table takes: the first ones, or those at the end."""
    candidates = rows[-TABLE_ROWS:][::-1] if from_end else rows[:TABLE_ROWS]
    sizes = accumulate(sum(len(cell(each)) for each in row) for row in candidates)
    count = sum(size <= TABLE_CHARACTERS for size in sizes)
    return rows[len(rows) - count :] if from_end else rows[:count]


def cell(text: str, longest: int = CELL) -> str:
    """The text as a cell: on one line, cut, never empty."""
    return one_line(text, longest) or _EMPTY


ChartKind = Literal["bar", "line"]


def chart(
    title: str,
    categories: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    unit: str,
    kind: ChartKind = "bar",
) -> DataVisualizationBlock:
    """A chart: one value of each series for each category; at most MOST_POINTS by MOST_SERIES."""
    names = _told_apart([name for name, _ in series])
    labels = _told_apart(categories)
    data = [
        DataSeries(name, [DataPoint(label, value) for label, value in zip(labels, values, strict=True)])
        for name, (_, values) in zip(names, series, strict=True)
    ]
    axis = AxisConfig(labels, y_label=unit)
    drawn = BarChart(data, axis) if kind == "bar" else LineChart(data, axis)
    return DataVisualizationBlock(one_line(title, _LONGEST_TITLE), drawn)


def _told_apart(names: Sequence[str]) -> list[str]:
    """The names cut to what a chart takes, and still different from each other."""
    cut_names: list[str] = []
    for name in names:
        short, number = one_line(name, _LONGEST_LABEL) or _EMPTY, 2
        while short in cut_names:
            short = f"{one_line(name, _LONGEST_LABEL - 1 - len(str(number)))} {number}"
            number += 1
        cut_names.append(short)
    return cut_names


def plain_text(text: str) -> dict[str, Any]:
    """Plain text on one line as a form's parts take it, without pictures for `:names:`."""
    return {"type": "plain_text", "text": one_line(text, _LONGEST_SECTION), "emoji": False}


def button(
    label: str, action: str, value: str, *, primary: bool = False, confirm: tuple[str, str] | None = None
) -> Button:
    """A button; `confirm` is the question asked before, and the word that agrees."""
    asked = None
    if confirm:
        asked = ConfirmationDialogue("Are you sure?", Text(confirm[0], TextType.PLAINTEXT), confirm[1], "Cancel")
    return Button(
        one_line(label, _LONGEST_BUTTON),
        action_id=action,
        value=value,
        style="primary" if primary else None,
        confirm=asked,
    )


def actions(buttons: Sequence[Button]) -> ActionsBlock:
    """A row of buttons."""
    return ActionsBlock(list(buttons))
