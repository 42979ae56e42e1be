"""The command `explain`."""

import click

from bot.cli.errors import print_errors
from bot.cli.output import json_option, print_json, single_line
from bot.cli.startup import load_app


@click.command()
@click.argument("whose", nargs=-1, metavar="[E-MAIL|NAME|team]")
@json_option
@print_errors
def explain(whose: tuple[str, ...], *, as_json: bool) -> None:
    """Why alerts were or were not sent."""
    from bot.budgets.explain.commands import explain_name
    from bot.budgets.explain.document import to_document
    from bot.budgets.explain.text import sentences
    from bot.budgets.policy import BudgetPolicy

    app = load_app()
    policy, now = BudgetPolicy.from_settings(app.settings), app.clock()
    with app.ledger.reader() as connection:
        explanations = explain_name(connection, " ".join(whose) or "team", policy, now)
    if as_json:
        print_json([to_document(each) for each in explanations])
        return
    click.echo(single_line(explanations[0].whose))
    for each in explanations:
        for sentence in sentences(each, policy.zone, now):
            indent = 5 if sentence.within else 2
            click.echo(" " * indent + single_line(f"{sentence.text} {sentence.address}"))
    click.echo(f"Times are in {policy.zone.key}.")


COMMANDS = (explain,)
