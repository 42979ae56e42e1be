"""The command `explain`."""

import click

from bot.cli.errors import print_errors
from bot.cli.output import json_option, print_json, single_line
from bot.cli.startup import load_app
from bot.terminal import streams


@click.command()
@click.argument("whose", nargs=-1, metavar="[E-MAIL|NAME|team]")
@json_option
@print_errors
def explain(whose: tuple[str, ...], *, as_json: bool) -> None:
    """Explain why budget alerts were or weren't sent, for a person or the team.

    Example: neo-usage explain ana@acme.example
    """
    from bot.budgets.explain.commands import explain_name
    from bot.budgets.explain.document import to_document
    from bot.budgets.explain.text import sentences
    from bot.budgets.policy import BudgetPolicy
    from bot.terminal.layout import print_line

    app = load_app()
    policy, now = BudgetPolicy.from_settings(app.settings), app.clock()
    with app.ledger.reader() as connection:
        explanations = explain_name(connection, " ".join(whose) or "team", policy, now)
    if as_json:
        print_json([to_document(each) for each in explanations])
        return
    console = streams.console()
    print_line(console, single_line(explanations[0].whose))
    for each in explanations:
        for sentence in sentences(each, policy.zone, now):
            indent = 5 if sentence.within else 2
            print_line(console, single_line(f"{sentence.text} {sentence.address}"), indent=indent)
    print_line(console, f"Times are in {policy.zone.key}.")


COMMANDS = (explain,)
