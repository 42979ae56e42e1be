"""What tests ask of an app that was built: answers as the terminal gives them, syncs, and upkeep of its ledger."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.app import App
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.policy import BudgetPolicy
from bot.digest.cli import DigestRequests, channels, digest_text
from bot.failures.report import ErrorReport, terminal_error_report
from bot.ledger.repricing import RepricingResult
from bot.maintenance.members import merge_members
from bot.maintenance.reprice import reprice
from bot.sync.outcome import SyncOutcome
from bot.sync.planner import SyncPlanner
from bot.sync.rules import PlannedPass, SyncPlan
from bot.usage.report import Report
from bot.usage.report_builder import terminal_report

if TYPE_CHECKING:
    from bot.database.engine import Database


def report_of(app: App, line: str) -> Report:
    """The answer to a line."""
    with app.ledger.reader() as reader:
        return terminal_report(reader, app.settings, line, app.clock())


def errors_of(app: App, line: str) -> ErrorReport:
    """What failed."""
    with app.ledger.reader() as reader:
        return terminal_error_report(reader, app.settings, line, app.clock())


def show_digest(app: App, day: str | None = None) -> str:
    """A digest as text."""
    with app.ledger.reader() as reader:
        return digest_text(reader, app.settings, day, app.clock())


async def post_digest(app: App, day: str | None) -> list[str]:
    """A line about each channel that a digest was enqueued for."""
    found = await channels(app.settings)
    with app.ledger.database() as database, app.ledger.reader() as reader:
        return list(DigestRequests(app.settings, database, reader).enqueue(found, day, app.clock()))


def sync_plan(app: App, reader: Connection) -> SyncPlan:
    """What a sync would read now."""
    return SyncPlanner(app.settings.history_days, app.settings.timezone).plan(reader, app.clock())


async def read_passes(app: App, passes: Sequence[PlannedPass], *, is_backfill: bool = False) -> SyncOutcome:
    """Read planned passes into the app's ledger, observed as ever."""
    database = app.ledger.open_for_booking()
    try:
        observers = [observer for each in app.capabilities(database) for observer in each.observers]
        runner = app.sync_runner(database, observers)
        return await runner.run(passes, lambda _: None, lambda _: None, is_backfill=is_backfill)
    finally:
        database.close()


def budget_evaluator(app: App) -> BudgetEvaluator:
    """What evaluates the app's budgets."""
    return BudgetEvaluator(BudgetPolicy.from_settings(app.settings))


def merge(app: App, database: "Database", connection: Connection, old: str, new: str) -> int:
    """Merge two members."""
    return merge_members(connection, app.capabilities(database), old, new, app.clock())


def reprice_ledger(app: App) -> RepricingResult:
    """Price the app's ledger again in the unit that is set."""
    with app.ledger.database() as database, database.transaction() as connection:
        return reprice(connection, app.capabilities(database), app.settings.pricing_unit, app.clock())
