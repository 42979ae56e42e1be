"""Layout for a terminal of any width: texts give way there, numbers are never cut."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import repeat
from textwrap import wrap

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from bot.domain.cells import Cell, cell_text, number_columns
from bot.domain.text import one_line
from bot.terminal.streams import printable

_GAP, _LIST_GAP = 2, 3
_LEAST = 10  # cells that a text keeps; if they are too many, each row becomes a list
_LONGEST = 1_000  # characters of a cell
_SHORTEST_BAR, _LONGEST_BAR = 6, 24


def print_line(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    """Print a sentence, wrapped between words if it is longer than the line."""
    for line in _wrapped(text, console, indent):
        console.print(Text(" " * indent + line), style=style, soft_wrap=True)


def print_facts(console: Console, facts: Iterable[tuple[str, str]]) -> None:
    """Print names with their values beside them, wrapped there."""
    pairs = [(printable(name, console.encoding), value) for name, value in facts]
    indent = max((cell_len(name) for name, _ in pairs), default=0) + _GAP
    for name, value in pairs:
        for number, line in enumerate(_wrapped(value, console, indent)):
            start = name if number == 0 else ""
            padding = " " * (indent - cell_len(start)) if line else ""
            console.print(Text.assemble((start, "dim"), padding + line), soft_wrap=True)


def print_table(
    console: Console, columns: Sequence[str], rows: Sequence[Sequence[Cell]], bars: Sequence[int] = ()
) -> None:
    """Print rows below the names of their columns, and at their ends bars of these values where there is room.

    Texts are cut with an ellipsis if the terminal is too narrow, as far as they stay recognizable, and names of columns
    of numbers are wrapped. If that does not do, each row is printed as names and values.
    """
    lines = [[printable(one_line(cell_text(each), _LONGEST), console.encoding) for each in row] for row in rows]
    numbers = number_columns(rows)
    names = [list(columns)]
    widths = _widths([*names, *lines], numbers, console.width)
    if widths is None:
        names = _wrapped_names(columns, lines, numbers)
        widths = _widths([*names, *lines], numbers, console.width)
    if widths is None:
        _print_lists(console, columns, lines)
        return
    room = console.width - sum(widths) - _GAP * len(widths)
    for line in names:
        console.print(Text(_line(line, widths, numbers, console).rstrip(), style="dim"), soft_wrap=True)
    for line, bar in zip(lines, _bars(bars, room) if bars else repeat(""), strict=False):
        text = _line(line, widths, numbers, console)
        shown = Text.assemble(text, " " * _GAP, (bar, "cyan")) if bar else Text(text.rstrip())
        console.print(shown, soft_wrap=True)


def _wrapped_names(columns: Sequence[str], lines: Sequence[Sequence[str]], numbers: Collection[int]) -> list[list[str]]:
    """Return the names as lines, those of columns of numbers wrapped between words to be as narrow as their numbers."""
    parts = [
        wrap(name, max(cell_len(line[index]) for line in lines), break_long_words=False) if index in numbers else [name]
        for index, name in enumerate(columns)
    ]
    height = max(map(len, parts))
    return [list(line) for line in zip(*([""] * (height - len(part)) + part for part in parts), strict=True)]


def _print_lists(console: Console, columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print each row as its names and values, as many of them on a line as fit."""
    for number, line in enumerate(lines):
        if number:
            console.print()
        shown = ""
        for pair in (f"{name}: {text}" for name, text in zip(columns, line, strict=True) if text):
            if shown and cell_len(shown) + _LIST_GAP + cell_len(pair) > console.width:
                print_line(console, shown)
                shown = ""
            shown += f"{' ' * _LIST_GAP}{pair}" if shown else pair
        print_line(console, shown)


def _widths(lines: Sequence[Sequence[str]], numbers: Iterable[int], room: int) -> list[int] | None:
    """Return the columns' widths within the room; None if even the shortest texts leave too little of it."""
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    fixed = set(numbers)
    while (excess := sum(widths) + _GAP * (len(widths) - 1) - room) > 0:
        cuttable = [index for index, width in enumerate(widths) if index not in fixed and width > _LEAST]
        if not cuttable:
            return None
        widest = max(cuttable, key=lambda index: widths[index])
        next_widest = max((widths[index] for index in cuttable if index != widest), default=_LEAST)
        widths[widest] = max(widths[widest] - excess, min(next_widest, widths[widest] - 1), _LEAST)
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], numbers: Iterable[int], console: Console) -> str:
    ellipsis, right = printable("\u2026", console.encoding), set(numbers)
    fitted = (
        _fitted(text, width, ellipsis, to_right=index in right)
        for index, (text, width) in enumerate(zip(cells, widths, strict=True))
    )
    return (" " * _GAP).join(fitted)


def _fitted(text: str, width: int, ellipsis: str, *, to_right: bool) -> str:
    if cell_len(text) > width:
        text = set_cell_size(text, width - cell_len(ellipsis)).rstrip() + ellipsis
    padding = " " * (width - cell_len(text))
    return padding + text if to_right else text + padding


def _bars(values: Sequence[int], room: int) -> Iterator[str]:
    """Yield the values as bars; none if there is no room for them."""
    longest, largest = min(room, _LONGEST_BAR), max(values, default=0)
    for value in values:
        drawable = longest >= _SHORTEST_BAR and largest > 0
        whole, part = divmod(round(max(value, 0) * longest * 8 / largest), 8) if drawable else (0, 0)
        yield "█" * whole + (" ▏▎▍▌▋▊▉"[part] if part else "")


def _wrapped(text: str, console: Console, indent: int) -> list[str]:
    lines = Text(printable(text, console.encoding)).wrap(console, max(console.width - indent, 1))
    return [line.plain.rstrip() for line in lines]
