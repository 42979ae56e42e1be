"""Budgets as text for a terminal."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from bot.budgets import budget_formatting
from bot.budgets.limits.executor import BudgetChange
from bot.budgets.listing.formats import COLUMNS, rows
from bot.budgets.listing.lines import BudgetLine
from bot.budgets.policy import BudgetPolicy
from bot.domain import formatting
from bot.domain.cells import cell_text, number_columns
from bot.domain.money import show_usd
from bot.domain.text import one_line


def print_listing(lines: Sequence[BudgetLine], policy: BudgetPolicy, console: Console) -> None:
    """Print the listing."""
    if not lines:
        console.print("no budget yet: `neo-usage budget set default 300/month` gives everybody one")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    cells = rows(lines, policy)
    numbers = number_columns(cells)
    for place, name in enumerate(COLUMNS):
        table.add_column(name, justify="right" if place in numbers else "left", overflow="fold")
    for line in cells:
        table.add_row(*(one_line(cell_text(each)) for each in line))
    console.print(table)


def change_line(change: BudgetChange, zone: ZoneInfo) -> str:
    """Return what a change came to, on one line."""
    scope = one_line(change.scope)
    before = show_usd(change.before.limit_nanos or 0) if change.before else ""
    if change.after is None:
        return f"{scope}: the budget of {before} a {change.unit} is removed"
    limit = budget_formatting.limit_of(change.after.limit_nanos or 0, change.unit)
    if change.same:
        return f"{scope}: it was {limit} already; nothing was changed"
    ends = f" through {formatting.last_day(change.after.ends_at, zone)}" if change.after.ends_at else ""
    return f"{scope}: {limit}{ends}" + (f" (before: {before})" if before else "")
