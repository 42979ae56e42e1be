"""The command group `budget`."""

import click

from bot.cli.errors import print_errors
from bot.cli.output import json_option, print_json
from bot.cli.startup import load_app, load_app_for_writing
from bot.terminal import streams


@click.group("budget", no_args_is_help=True)
def budgets() -> None:
    """List, set and remove budgets. Budgets only notify. They don't stop tasks."""


@budgets.command("list")
@json_option
@print_errors
def list_budgets(*, as_json: bool) -> None:
    """List all budgets with what is used, the forecast, and where each limit comes from.

    Example: neo-usage budget list
    """
    from bot.budgets.cli import print_listing
    from bot.budgets.listing.formats import to_document
    from bot.budgets.listing.lines import budget_listing
    from bot.budgets.policy import BudgetPolicy

    app = load_app()
    policy, now = BudgetPolicy.from_settings(app.settings), app.clock()
    with app.ledger.reader() as connection:
        lines = budget_listing(connection, policy, now)
    if as_json:
        print_json(to_document(lines))
    else:
        print_listing(lines, policy, now, streams.console())


@budgets.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("words", metavar="SCOPE AMOUNT/PERIOD", nargs=-1, required=True)
@click.option("--until", metavar="DATE", help="Through that day. Then the limit before it applies again.")
@click.option("--reason", help="Why, for the record.")
@print_errors
def set_budget(words: tuple[str, ...], until: str | None, reason: str | None) -> None:
    """Set a budget for a person, `default` (everyone without their own) or `team`.

    The person is an e-mail or a name. The amount is in dollars ($500 per week, 500/month) or Neo credits (50cr/day).

    Example: neo-usage budget set ana@acme.example 500/month
    """
    from bot.budgets.cli import change_text
    from bot.budgets.evaluator import BudgetEvaluator
    from bot.budgets.limits import grammar
    from bot.budgets.limits.executor import InstructionExecutor
    from bot.budgets.limits.instructions import LimitInstruction
    from bot.budgets.policy import BudgetPolicy

    app = load_app_for_writing()
    now, zone = app.clock(), app.settings.timezone
    scope, limit = grammar.name_and_limit(words)
    nanos, unit = grammar.parse_limit(limit)
    ends_at = grammar.parse_until(until, now, zone) if until else None
    instruction = LimitInstruction(scope, nanos, unit, ends_at, reason[: grammar.REASON] if reason else None)
    evaluator = BudgetEvaluator(BudgetPolicy.from_settings(app.settings))
    with app.ledger.database() as database, database.transaction() as connection:
        change = InstructionExecutor(connection, evaluator, "terminal", now).execute_limit(instruction)
    click.echo(change_text([change], app.settings, now))


@budgets.command("remove")
@click.argument("words", metavar="SCOPE [PERIOD]", nargs=-1, required=True)
@print_errors
def remove_budget(words: tuple[str, ...]) -> None:
    """Remove the budget of a person, `default` or `team`, for one period (day, week, month) or for all.

    The person is an e-mail or a name.

    Example: neo-usage budget remove ana@acme.example month
    """
    from bot.budgets.cli import change_text
    from bot.budgets.evaluator import BudgetEvaluator
    from bot.budgets.limits import grammar
    from bot.budgets.limits.executor import InstructionExecutor
    from bot.budgets.limits.instructions import RemovalInstruction
    from bot.budgets.policy import BudgetPolicy

    app = load_app_for_writing()
    scope, unit = grammar.name_and_period(words)
    instruction = RemovalInstruction(scope, unit)
    evaluator = BudgetEvaluator(BudgetPolicy.from_settings(app.settings))
    with app.ledger.database() as database, database.transaction() as connection:
        changes = InstructionExecutor(connection, evaluator, "terminal", app.clock()).execute_removal(instruction)
    click.echo(change_text(changes, app.settings, app.clock()))


COMMANDS = (budgets,)
