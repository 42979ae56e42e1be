"""Budgets as text for a terminal."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console

from bot.budgets.limits.confirmation import confirmation
from bot.budgets.limits.executor import BudgetChange
from bot.budgets.listing.formats import COLUMNS, rows
from bot.budgets.listing.lines import BudgetLine
from bot.budgets.policy import BudgetPolicy
from bot.settings.model import Settings
from bot.shipped import shipped
from bot.slack import blocks
from bot.slack.templates import Templates
from bot.slack.terminal_text import terminal_text
from bot.terminal.layout import print_line, print_table


def print_listing(lines: Sequence[BudgetLine], policy: BudgetPolicy, now: datetime, console: Console) -> None:
    """Print the listing."""
    if not lines:
        print_line(console, "No budget is set. `neo-usage budget set default 300/month` sets one for everyone.")
        return
    print_table(console, COLUMNS, rows(lines, policy, {}, now))


def change_text(changes: Sequence[BudgetChange], settings: Settings, now: datetime) -> str:
    """Return what changes came to, in the words that Slack uses."""
    templates = Templates(shipped("templates"), settings.templates_dir)
    return terminal_text(blocks.paragraph(confirmation(changes, {}, templates, settings.timezone, now)))
