"""The command group `budget`."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.errors import USED_UP, WRONG_USE, fail, fail_with, print_errors
from bot.cli.output import json_option, new_file, print_json, single_line
from bot.cli.startup import load_app, load_app_for_writing
from bot.cli.usage_errors import WordsCommand
from bot.terminal import streams

if TYPE_CHECKING:
    from typing import BinaryIO


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


@budgets.command("suggest")
@print_errors
def suggest_budgets() -> None:
    """Suggest default budgets that would have notified about 1 member in 10. Nothing is changed.

    Example: neo-usage budget suggest
    """
    from bot.budgets.backtest.cli import print_suggestions
    from bot.budgets.backtest.suggestions import budget_suggestions
    from bot.budgets.policy import BudgetPolicy

    app = load_app()
    policy, now = BudgetPolicy.from_settings(app.settings), app.clock()
    with app.ledger.reader() as connection:
        found = budget_suggestions(connection, policy, now)
    print_suggestions(found, app.settings, streams.console())


@budgets.command("set", cls=WordsCommand)
@click.argument("words", metavar="SCOPE AMOUNT/PERIOD [model:M] [status:S] [byok:yes|no]", nargs=-1, required=True)
@click.option("--until", metavar="DATE", help="Through that day. Then the limit before it applies again.")
@click.option("--reason", help="Why, for the record.")
@print_errors
def set_budget(words: tuple[str, ...], until: str | None, reason: str | None) -> None:
    """Set a budget for a person, `default` (everyone without their own) or `team`.

    The person is an e-mail or a name. The amount is in dollars ($500 per week, 500/month) or Neo credits (50cr/day).
    With `model:`, `status:` or `byok:` it counts only such tasks, as they are now.

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
    plain, narrowing = grammar.without_narrowing(words)
    scope, limit = grammar.name_and_limit(plain)
    nanos, unit = grammar.parse_limit(limit)
    ends_at = grammar.parse_until(until, now, zone) if until else None
    why = reason[: grammar.REASON] if reason else None
    instruction = LimitInstruction(scope, nanos, unit, ends_at, why, narrowing=narrowing)
    evaluator = BudgetEvaluator(BudgetPolicy.from_settings(app.settings))
    with app.ledger.database() as database, database.transaction() as connection:
        change = InstructionExecutor(connection, evaluator, "terminal", now).execute_limit(instruction)
    click.echo(change_text([change], app.settings, now))


@budgets.command("remove")
@click.argument("words", metavar="SCOPE [PERIOD] [model:M] [status:S] [byok:yes|no]", nargs=-1, required=True)
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
    plain, narrowing = grammar.without_narrowing(words)
    scope, unit = grammar.name_and_period(plain)
    instruction = RemovalInstruction(scope, unit, narrowing=narrowing, is_every=unit is None)
    evaluator = BudgetEvaluator(BudgetPolicy.from_settings(app.settings))
    with app.ledger.database() as database, database.transaction() as connection:
        changes = InstructionExecutor(connection, evaluator, "terminal", app.clock()).execute_removal(instruction)
    click.echo(change_text(changes, app.settings, app.clock()))


@budgets.command("export")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@print_errors
def export_budgets(file: Path | None) -> None:
    """Write all budgets as TOML, to be changed and applied: to a new file, or to standard output.

    Example: neo-usage budget export budgets.toml
    """
    from bot.budgets.file.stored import export

    app = load_app()
    with app.ledger.reader() as connection:
        text = export(connection, app.settings.timezone, app.clock())
    if file is None:
        click.echo(text, nl=False)
        return
    with new_file(file) as new:
        new.write(text)
    click.echo(single_line(f"Wrote all budgets to {file}."))


@budgets.command("apply")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@print_errors
def apply_budgets(file: "BinaryIO", *, dry_run: bool) -> None:
    """Set and remove budgets so that they are as in FILE, and show what that changes.

    A budget that FILE doesn't have is removed. Either all of it is applied or, after an error, nothing.

    Example: neo-usage budget apply budgets.toml --dry-run
    """
    from bot.budgets.evaluator import BudgetEvaluator
    from bot.budgets.file.errors import BudgetFileError
    from bot.budgets.file.plan import apply, plan
    from bot.budgets.file.text import plan_lines
    from bot.budgets.policy import BudgetPolicy
    from bot.domain.periods import local_day
    from bot.terminal.layout import print_line

    app = load_app_for_writing()
    content, now, zone = file.read(), app.clock(), app.settings.timezone
    try:
        if dry_run:
            with app.ledger.reader() as connection:
                planned = plan(connection, content, zone, now)
        else:
            evaluator = BudgetEvaluator(BudgetPolicy.from_settings(app.settings))
            with app.ledger.database() as database, database.transaction() as connection:
                planned = apply(connection, evaluator, content, now)
    except BudgetFileError as error:
        fail_with("the file can't be applied, so nothing was changed:", error.problems, WRONG_USE)
    for line in plan_lines(planned, local_day(now, zone), is_applied=not dry_run):
        print_line(streams.console(), single_line(line))


@budgets.command("check")
@click.argument("whose", nargs=-1, metavar="[SCOPE]")
@click.option("--max-age", "hours", metavar="HOURS", type=click.IntRange(1, 8760), help="How old the data may be.")
@json_option
@print_errors
def check_budgets(whose: tuple[str, ...], hours: int | None, *, as_json: bool) -> None:
    """Check all budgets, or those of one person, `team` or `default`. Exits with 3 if one is used up, for CI.

    `default` checks everyone without their own budget. If none is known to be used up, but there is no data, or it is
    older than an hour (or twice POLL_SECONDS, or --max-age), nobody can tell: that exits with 1.

    Example: neo-usage budget check team
    """
    from bot.budgets.cli import print_check
    from bot.budgets.listing.check import budget_check, to_document
    from bot.budgets.policy import BudgetPolicy
    from bot.ledger.freshness import UnreadError
    from bot.usage.durations import ago

    app = load_app()
    policy, now = BudgetPolicy.from_settings(app.settings), app.clock()
    with app.ledger.reader() as connection:
        checked = budget_check(connection, policy, now, " ".join(whose))
    if as_json:
        print_json(to_document(checked))
    else:
        print_check(checked, policy, now, streams.console())
    if checked.used_up:
        raise click.exceptions.Exit(USED_UP)
    longest = max(timedelta(hours=1), timedelta(seconds=2 * app.settings.poll_seconds))
    if checked.is_unsure(now, longest if hours is None else timedelta(hours=hours)):
        age = checked.age(now)
        if age is None:
            raise UnreadError
        fail(
            f"the last data is from {ago(age)}, too old to tell whether a budget is used up. "
            "`neo-usage status` says why; `--max-age HOURS` accepts older data."
        )


COMMANDS = (budgets,)
