"""Backtests and suggestions as text for a terminal."""

from datetime import datetime

from rich.console import Console

from bot.budgets.backtest import formats
from bot.budgets.backtest.commands import suggestion_values
from bot.budgets.backtest.facts import Backtest
from bot.budgets.backtest.suggestions import BudgetSuggestion
from bot.budgets.policy import BudgetPolicy
from bot.settings.model import Settings
from bot.shipped import shipped
from bot.slack import blocks
from bot.slack.templates import Templates
from bot.slack.terminal_text import terminal_text
from bot.terminal.layout import print_line, print_table


def print_backtest(found: Backtest, settings: Settings, now: datetime, console: Console) -> None:
    """Print a backtest in the words that Slack uses, with e-mails."""
    policy = BudgetPolicy.from_settings(settings)
    values = formats.headline_values(found, policy, now, found.email or "")
    _print(Templates(shipped("templates"), settings.templates_dir).render("budgets/backtest", **values), console)
    if found.notified:
        print_table(console, formats.columns(found), formats.rows(found, policy, {}))


def print_suggestions(found: list[BudgetSuggestion], settings: Settings, console: Console) -> None:
    """Print suggestions in the words that Slack uses."""
    templates = Templates(shipped("templates"), settings.templates_dir)
    _print(templates.render("budgets/suggestions", **suggestion_values(found)), console)


def _print(mrkdwn: str, console: Console) -> None:
    for line in terminal_text(blocks.paragraph(mrkdwn)).splitlines():
        print_line(console, line)
