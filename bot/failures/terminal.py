"""Failures for a terminal."""

from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from bot.domain import wording
from bot.domain.money import show_usd
from bot.domain.text import one_line
from bot.failures.answers import COLUMNS, NUMBERS, cells, percent
from bot.failures.report import Errors, Part

_MOST = 40  # lines of a table


def show(found: Errors, zone: ZoneInfo, console: Console) -> None:
    """Print the report."""
    whose = "team" if found.members is None else ", ".join(found.members)
    start, end = (wording.moment(each, zone) for each in (found.window.start, found.window.end))
    when = str(found.question.asked_when) or "all time"
    console.print(f"{one_line(whose)}, {when}: {start} to {end} {zone.key}", style="dim", markup=False)
    console.print(_headline(found))
    if found.lines:
        console.print(_lines(found, zone))
        for name, parts in (("model", found.by_model), ("member", found.by_member)):
            console.print(_shares(name, parts))
    as_of = "no complete reading yet" if found.as_of is None else f"data as of {wording.moment(found.as_of, zone)}"
    lacking = "" if found.complete else "; the ledger does not hold all of that time"
    console.print(f"{as_of}{lacking}", style="dim")


def _headline(found: Errors) -> str:
    if not found.failed:
        return f"none of {wording.count(found.tasks, 'task')} failed"
    share = percent(found.failed, found.tasks)
    of = f"{found.failed:,} of {wording.count(found.tasks, 'task')}"
    return f"{of} failed ({share}), {show_usd(found.nanos)} spent on {'it' if found.failed == 1 else 'them'}"


def _lines(found: Errors, zone: ZoneInfo) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, name in enumerate(COLUMNS):
        table.add_column(name, justify="right" if place in NUMBERS else "left", overflow="ellipsis", no_wrap=True)
    for line in found.lines[:_MOST]:
        table.add_row(*(one_line(cell) for cell in cells(line, zone)))
    if more := len(found.lines) - _MOST:
        table.caption = f"and {more:,} other kinds" if more > 0 else None
    return table


def _shares(name: str, parts: tuple[Part, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column, justify in ((f"by {name}", "left"), ("failed", "right"), ("of", "right"), ("share", "right")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for part in [part for part in parts if part.failed][:_MOST]:
        table.add_row(one_line(part.name), f"{part.failed:,}", f"{part.tasks:,}", percent(part.failed, part.tasks))
    return table
