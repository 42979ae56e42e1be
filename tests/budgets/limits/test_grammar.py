"""What is typed about budgets: what it says, or why it is none and what to type instead."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.budgets.limits.grammar import parse_instruction
from bot.budgets.limits.instructions import BudgetInstruction, LimitInstruction, RemovalInstruction, RequestInstruction
from bot.domain.access import RefusedError
from bot.domain.periods import Unit

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
USD = 1_000_000_000
FRIDAY_ENDS = datetime(2026, 3, 7, tzinfo=UTC)
PRIYA = "priya.raman@acme.example"


@pytest.mark.parametrize(
    ("line", "instruction"),
    [
        (f"{PRIYA} 800/month", LimitInstruction(PRIYA, 800 * USD, Unit.MONTH)),
        ("<@U0PRIYA> 50cr/week", LimitInstruction("<@U0PRIYA>", 500 * USD, Unit.WEEK)),
        ("team $10,000/monthly", LimitInstruction("team", 10_000 * USD, Unit.MONTH)),
        (
            'default 5/day until:2026-03-03 reason:"pentest, again"',
            LimitInstruction("default", 5 * USD, Unit.DAY, datetime(2026, 3, 4, tzinfo=UTC), "pentest, again"),
        ),
        ("@ana 5/day until:today", LimitInstruction("@ana", 5 * USD, Unit.DAY, datetime(2026, 3, 3, tzinfo=UTC))),
        ("ana 500", LimitInstruction("ana", 500 * USD, Unit.MONTH)),
        ("marcus delgado 500", LimitInstruction("marcus delgado", 500 * USD, Unit.MONTH)),
        ("500 per week Marcus Delgado", LimitInstruction("Marcus Delgado", 500 * USD, Unit.WEEK)),
        ("marcus delgado remove month", RemovalInstruction("marcus delgado", Unit.MONTH)),
        ("@ana $500 per week", LimitInstruction("@ana", 500 * USD, Unit.WEEK)),
        ("@ana 500 a day", LimitInstruction("@ana", 500 * USD, Unit.DAY)),
        ("@ana 10,000 monthly", LimitInstruction("@ana", 10_000 * USD, Unit.MONTH)),
        ("team 10,000 usd / month", LimitInstruction("team", 10_000 * USD, Unit.MONTH)),
        ("team 10000 dollars every month", LimitInstruction("team", 10_000 * USD, Unit.MONTH)),
        ("team 50 credits weekly", LimitInstruction("team", 500 * USD, Unit.WEEK)),
        ('ana 5 reason:"at most 7 a day"', LimitInstruction("ana", 5 * USD, Unit.MONTH, None, "at most 7 a day")),
        ("request 800", RequestInstruction(800 * USD, Unit.MONTH)),
        ("@ana remove", RemovalInstruction("@ana", None)),
        ("@ana remove month reason:gone", RemovalInstruction("@ana", Unit.MONTH, "gone")),
        ("request 800/month", RequestInstruction(800 * USD, Unit.MONTH)),
        ("request 800/month until friday", RequestInstruction(800 * USD, Unit.MONTH, FRIDAY_ENDS)),
        ("request 800 until this Friday,", RequestInstruction(800 * USD, Unit.MONTH, FRIDAY_ENDS)),
        ("request until mar 6 800 a month", RequestInstruction(800 * USD, Unit.MONTH, FRIDAY_ENDS)),
        ("request 800 through 6th march", RequestInstruction(800 * USD, Unit.MONTH, FRIDAY_ENDS)),
        ("@ana 5/day until:friday", LimitInstruction("@ana", 5 * USD, Unit.DAY, FRIDAY_ENDS)),
        ("@ana 5/day till tomorrow", LimitInstruction("@ana", 5 * USD, Unit.DAY, datetime(2026, 3, 4, tzinfo=UTC))),
        ("ana 5 until this monday", LimitInstruction("ana", 5 * USD, Unit.MONTH, datetime(2026, 3, 3, tzinfo=UTC))),
        (
            'ana 5 until the end of the month reason:"until friday"',
            LimitInstruction("ana", 5 * USD, Unit.MONTH, datetime(2026, 4, 1, tzinfo=UTC), "until friday"),
        ),
        (
            "request 300 a day until friday for the globex pentest",
            RequestInstruction(300 * USD, Unit.DAY, FRIDAY_ENDS, "globex pentest"),
        ),
        (
            "request 300 a day for our globex 2 pentest until friday",
            RequestInstruction(300 * USD, Unit.DAY, FRIDAY_ENDS, "globex 2 pentest"),
        ),
        (
            "request 400 a day until friday globex pentest",
            RequestInstruction(400 * USD, Unit.DAY, FRIDAY_ENDS, "globex pentest"),
        ),
        ("request 400 because of globex", RequestInstruction(400 * USD, Unit.MONTH, None, "of globex")),
        ("request 400 a day please", RequestInstruction(400 * USD, Unit.DAY)),
        (
            "mei 50 dollars a day until friday for the audit",
            LimitInstruction("mei", 50 * USD, Unit.DAY, FRIDAY_ENDS, "audit"),
        ),
        ("default 50 bucks per day", LimitInstruction("default", 50 * USD, Unit.DAY)),
        ("request 9/day reason:pentest", RequestInstruction(9 * USD, Unit.DAY, None, "pentest")),
    ],
)
def test_a_line_is_a_limit_a_removal_or_a_request(line: str, instruction: BudgetInstruction) -> None:
    assert parse_instruction(line, NOW, ZoneInfo("UTC")) == instruction


def refusal(line: str) -> str:
    with pytest.raises(RefusedError) as refused:
        parse_instruction(line, NOW, ZoneInfo("UTC"))
    return str(refused.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("@ana 5 until monday", "The last day could be one of two. Type `until Mar 2` or `until Mar 9`."),
        ("@ana 5 until 3/6", "The last day could be one of two. Type `until Mar 6` or `until Jun 3`."),
        (
            "<@U0PRIYA> 0/week",
            "A budget must be more than $0. To remove it, type `remove week` in place of the amount.",
        ),
        ("ana 0", "A budget must be more than $0. To remove it, type `remove month` in place of the amount."),
        ("<@U0PRIYA> -5/month", "`-5` isn't an amount"),
        ("<@U0PRIYA> 99999999999/month", "more than $10,000,000"),
        ("<@U0PRIYA> €500/month", "`€500` isn't an amount. Type dollars"),
        ("<@U0PRIYA> 10.000", "could mean two amounts. Type `10000/month` or `10.00/month`"),
        ("<@U0PRIYA> 10.000 per week", "could mean two amounts. Type `10000/week` or `10.00/week`"),
        ("<@U0PRIYA> 500 per year", "I don't know the period `year`"),
        ("request 400 a year", "A budget is for a day, week or month: `request 400/month`."),
        ("request 400 a day for marcus", 'type `budget request 400 a day reason:"marcus"`'),
        ("request 400 a day globex pentest", 'type `budget request 400 a day reason:"globex pentest"`'),
        ("request 400 500", "one limit at a time"),
        ("request", "The limit is missing. Type `budget request 800/month`"),
        ("<@U0PRIYA> -500", "`-500` isn't an amount"),
        ("<@U0PRIYA> 500/year", "I don't know the period `year`"),
        ("<@U0PRIYA> 500/month until:2020-01-01", "Jan 1, 2020 is in the past. Pick a later day."),
        ("<@U0PRIYA> 500/month until:soon", 'I don\'t know the day "soon". Type one such as `2026-03-09`.'),
        ("500/month", "I need to know whose budget it is"),
        ("<@U0PRIYA> <@U0MARCUS> 500/month", "I can set one budget at a time"),
        ("team default 500/month", "I can set one budget at a time"),
        ("ana 500 silva", "I can set one budget at a time"),
        ("ana @bo remove", "type whose and which"),
        ("<@U0PRIYA> 500/month note:x", "takes only `until:`, `reason:`, `model:`, `status:` and `byok:`"),
        ("request <@U0PRIYA> 500/month", "You can only ask for your own budget"),
        ("<@U0PRIYA> 500/month 600/month", "I can set one limit at a time"),
        ("<@U0PRIYA> month", "The limit is missing"),
        ("remove month", "type whose and which"),
        ("<@U0PRIYA> 500/month until:9999-12-31", "Dec 31, 9999 is too far in the future. Pick an earlier day."),
        ('<@U0PRIYA> 500/month reason:"x', "isn't closed. Type"),
    ],
)
def test_what_cannot_be_a_budget_is_refused_with_its_reason(line: str, said: str) -> None:
    assert said in refusal(line)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("<@U0PRIYA> remvoe", "Did you mean `remove`?"),
        ("<@U0PRIYA> remvoe month", "Did you mean `remove`?"),
        ("reqest 800/month", "Did you mean `request`?"),
        ("tema 800/month", "Did you mean `team`?"),
        ("defalt 800/month", "Did you mean `default`?"),
        ("team 800/mnth", "`800/month`"),
        ("<@U0PRIYA> remove mnth", "`budget @ana remove month`"),
    ],
)
def test_a_misspelt_word_is_asked_about(line: str, meant: str) -> None:
    assert meant in refusal(line)
