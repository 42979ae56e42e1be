"""The command `backtest`."""

import click

from bot.cli.errors import print_errors
from bot.cli.output import json_option, print_json
from bot.cli.startup import load_app
from bot.cli.usage_errors import WordsCommand
from bot.terminal import streams


@click.command(cls=WordsCommand)
@click.argument("words", metavar="AMOUNT/PERIOD [SCOPE]", nargs=-1, required=True)
@click.option("--over", metavar="LENGTH", help="How far to look back: 90d, 12w.  [default: 90d]")
@json_option
@print_errors
def backtest(words: tuple[str, ...], over: str | None, *, as_json: bool) -> None:
    """Show who would have been notified of a budget, when and how often. Nothing is changed.

    SCOPE is a person's e-mail or name, `team`, or `default` (everyone), which is meant without it. `model:`, `status:`
    and `byok:` count only such tasks, as they are now.

    Example: neo-usage backtest 500/month team model:opus --over 90d
    """
    from bot.budgets.backtest.cli import print_backtest
    from bot.budgets.backtest.document import to_document
    from bot.budgets.backtest.facts import BacktestRequest
    from bot.budgets.backtest.facts import backtest as run_backtest
    from bot.budgets.backtest.grammar import parse_backtest, parse_days
    from bot.budgets.limits.grammar import without_narrowing
    from bot.budgets.limits.narrowing_names import resolved
    from bot.budgets.policy import BudgetPolicy
    from bot.budgets.rules import DEFAULT
    from bot.budgets.scopes import scope_of
    from bot.domain.access import RefusedError

    plain, narrowing = without_narrowing(words)
    typed = parse_backtest(" ".join(plain))
    days = typed.days if over is None else parse_days(over)
    if typed.is_own:
        raise RefusedError("In the terminal, type your e-mail in place of `me`.")
    app = load_app()
    policy, now = BudgetPolicy.from_settings(app.settings), app.clock()
    with app.ledger.reader() as connection:
        scope = DEFAULT if typed.is_for_everybody else scope_of(connection, typed.name)
        wanted = BacktestRequest(typed.nanos, typed.unit, scope, days, resolved(connection, narrowing))
        found = run_backtest(connection, wanted, policy, now)
    if as_json:
        print_json(to_document(found))
    else:
        print_backtest(found, app.settings, now, streams.console())


COMMANDS = (backtest,)
