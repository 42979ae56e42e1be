"""Budgets as text for a terminal."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console

from bot.budgets.limits.confirmation import confirmation
from bot.budgets.limits.executor import BudgetChange
from bot.budgets.listing.check import BudgetCheck, is_used_up
from bot.budgets.listing.formats import COLUMNS, rows
from bot.budgets.listing.lines import BudgetLine
from bot.budgets.policy import BudgetPolicy
from bot.domain import formatting
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


def print_check(checked: BudgetCheck, policy: BudgetPolicy, now: datetime, console: Console) -> None:
    """Print whether each budget is used up, how many are, and how old the data is."""
    cells = rows(checked.lines, policy, {}, now)
    states = ["unknown" if line.unknown_costs else "used up" if is_used_up(line) else "ok" for line in checked.lines]
    if cells:
        print_table(console, ["State", *COLUMNS], [[state, *row] for state, row in zip(states, cells, strict=True)])
    data = f"Data as of {formatting.local_time(checked.as_of, policy.zone, now)}" if checked.as_of else "No data yet"
    print_line(console, f"{_summary(checked)} {data} ({policy.zone.key}).")


def _summary(checked: BudgetCheck) -> str:
    if not checked.is_any_set:
        return "No budget is set."
    if not checked.lines:
        return "Nobody has spent of these budgets yet."
    of_all = formatting.count(len(checked.lines), "budget")
    unknown = f" The spend of {checked.unknown:,} is unknown." if checked.unknown else ""
    if not checked.used_up:
        known = " known to be" if unknown else ""
        return f"No budget is{known} used up ({of_all} checked).{unknown}"
    return f"{checked.used_up:,} of {of_all} {'is' if checked.used_up == 1 else 'are'} used up.{unknown}"


def change_text(changes: Sequence[BudgetChange], settings: Settings, now: datetime) -> str:
    """Return what changes came to, in the words that Slack uses."""
    templates = Templates(shipped("templates"), settings.templates_dir)
    return terminal_text(blocks.paragraph(confirmation(changes, {}, templates, settings.timezone, now)))
