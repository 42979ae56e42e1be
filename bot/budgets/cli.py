"""Budgets as text for a terminal."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table

from bot.budgets.limits.confirmation import confirmation
from bot.budgets.limits.executor import BudgetChange
from bot.budgets.listing.formats import COLUMNS, rows
from bot.budgets.listing.lines import BudgetLine
from bot.budgets.policy import BudgetPolicy
from bot.domain.cells import cell_text, number_columns
from bot.domain.text import one_line
from bot.settings.model import Settings
from bot.shipped import shipped
from bot.slack import blocks
from bot.slack.templates import Templates
from bot.slack.terminal_text import terminal_text


def print_listing(lines: Sequence[BudgetLine], policy: BudgetPolicy, console: Console) -> None:
    """Print the listing."""
    if not lines:
        console.print("No budget is set. `neo-usage budget set default 300/month` sets one for everyone.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    cells = rows(lines, policy, {})
    numbers = number_columns(cells)
    for place, name in enumerate(COLUMNS):
        table.add_column(name, justify="right" if place in numbers else "left", overflow="fold")
    for line in cells:
        table.add_row(*(one_line(cell_text(each)) for each in line))
    console.print(table)


def change_text(changes: Sequence[BudgetChange], settings: Settings, now: datetime) -> str:
    """Return what changes came to, in the words that Slack uses."""
    templates = Templates(shipped("templates"), settings.templates_dir)
    return terminal_text(blocks.paragraph(confirmation(changes, {}, templates, settings.timezone, now)))
