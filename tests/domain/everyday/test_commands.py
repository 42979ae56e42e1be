"""Commands in everyday words are those that one would have typed, with amounts and names as they are."""

import pytest

from bot.domain.everyday.commands import command_line


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("?", "help"),
        ("hi", "help"),
        ("Hello!", "help"),
        ("what can you do?", "help"),
        ("list budgets", "budgets"),
        ("show me all budgets", "budgets"),
        ("what is my budget", "budgets"),
        ("what's my budget?", "budgets"),
        ("how much budget do I have left", "budgets"),
        ("show ana's budget", "budgets ana"),
        ("what is @ana's budget?", "budgets @ana"),
        ("show me the budgets of <@U0ANA>", "budgets <@U0ANA>"),
        ("what is the limit for marcus", "budgets marcus"),
        ("@ana budget", "budgets @ana"),
        ("set budget for @ana to $500", "budget @ana $500"),
        ("please set the budget of <@U0ANA> to 500 per month", "budget <@U0ANA> 500 per month"),
        ("set @ana's budget to 500 per month", "budget @ana 500 per month"),
        ("give ana a budget of 10.000", "budget ana 10.000"),
        ("set a limit of 1,000 per week for the team", "budget 1,000 per week team"),
        ("set my budget to 800", "budget request 800"),
        ("remove budget for ana", "budget ana remove"),
        ("delete ana's monthly budget", "budget ana monthly remove"),
        ('raise ana\'s limit to 900 reason:"the big one"', 'budget ana 900 reason:"the big one"'),
        ("show errors last week", "errors last week"),
        ("list failures for the team yesterday", "errors for the team yesterday"),
        ("failures", "errors"),
        ("failures last week", "errors last week"),
        ("set marcus delgado's budget to 500", "budget marcus delgado 500"),
        ("remove budget for marcus delgado", "budget marcus delgado remove"),
        (
            'set ana\'s budget to 900 reason:"for the pentest of a client"',
            'budget ana 900 reason:"for the pentest of a client"',
        ),
        # no order, or none of a limit
        ("failures by model", None),
        ("show failures by:user", None),
        ("failures as csv", None),
        ("ana budget 500", None),
        ("team budget 500?", None),
        ("is ana's budget 500", None),
        ("raise ana's limit by 200", None),
        # in the words of a command already, or none at all
        ("", None),
        ("budget ana 500", None),
        ("budgets", None),
        ("errors 7d", None),
        ("team last week", None),
        ("hi marcus", None),
        ("which budgets are blue", None),
        ("show spend by budget", None),
        ("ana budget", None),
        ("show ana's budget and marcus's", None),
        ("marcus errors", None),
        ("search:budget 7d", None),
    ],
)
def test_it_is_the_command_that_one_would_have_typed(line: str, command: str | None) -> None:
    assert command_line(line) == command
