"""What is typed about budgets: what it says, or why it is none and what to type instead."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.budgets.limits.grammar import parse_instruction
from bot.budgets.limits.instruction_line import line_of
from bot.budgets.limits.instructions import BudgetInstruction, LimitInstruction, RemovalInstruction, RequestInstruction
from bot.budgets.limits.unclear_line import UnclearLineError
from bot.domain.access import RefusedError
from bot.domain.periods import Unit

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
USD = 1_000_000_000
FRIDAY_ENDS = datetime(2026, 3, 7, tzinfo=UTC)
PRIYA = "priya.raman@acme.example"


def end(last_day: str) -> datetime:
    """Return the end of a day."""
    return datetime.fromisoformat(f"{last_day}T00:00+00:00") + timedelta(days=1)


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
        ("@ana remove all", RemovalInstruction("@ana", None, is_every=True)),
        ("marcus delgado remove all", RemovalInstruction("marcus delgado", None, is_every=True)),
        ("all remove", RemovalInstruction("all", None)),
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
        ("500/month for ana", LimitInstruction("ana", 500 * USD, Unit.MONTH)),
        # how long it holds is no reason
        ("ana 800/month for a week", LimitInstruction("ana", 800 * USD, Unit.MONTH, end("2026-03-08"))),
        ("ana 800 a month for the next two weeks", LimitInstruction("ana", 800 * USD, Unit.MONTH, end("2026-03-15"))),
        ("ana 800 for the rest of the month", LimitInstruction("ana", 800 * USD, Unit.MONTH, end("2026-03-31"))),
        ("ana 800 for this month", LimitInstruction("ana", 800 * USD, Unit.MONTH, end("2026-03-31"))),
        ("ana 800 this month only", LimitInstruction("ana", 800 * USD, Unit.MONTH, end("2026-03-31"))),
        ("ana 800 for 3 months", LimitInstruction("ana", 800 * USD, Unit.MONTH, end("2026-06-01"))),
        ("ana 100 a week for the next month", LimitInstruction("ana", 100 * USD, Unit.WEEK, end("2026-04-01"))),
        ("ana 50 a day today", LimitInstruction("ana", 50 * USD, Unit.DAY, end("2026-03-02"))),
        ("ana 50 a day for the rest of this week", LimitInstruction("ana", 50 * USD, Unit.DAY, end("2026-03-08"))),
        (
            "ana 50 a day for a couple of days for the audit",
            LimitInstruction("ana", 50 * USD, Unit.DAY, end("2026-03-03"), "audit"),
        ),
        (
            "ana 50 a day for the globex audit for two weeks",
            LimitInstruction("ana", 50 * USD, Unit.DAY, end("2026-03-15"), "globex audit"),
        ),
        ("request 300 a day for two weeks", RequestInstruction(300 * USD, Unit.DAY, end("2026-03-15"))),
        ("ana 800 a month for good", LimitInstruction("ana", 800 * USD, Unit.MONTH)),
        ("ana 800 a month from now on", LimitInstruction("ana", 800 * USD, Unit.MONTH)),
        (
            "ana 800 a month because of the globex audit",
            LimitInstruction("ana", 800 * USD, Unit.MONTH, None, "of the globex audit"),
        ),
        ("ana 5 until end of march", LimitInstruction("ana", 5 * USD, Unit.MONTH, end("2026-03-31"))),
        ("ana 5 until the end of february", LimitInstruction("ana", 5 * USD, Unit.MONTH, end("2027-02-28"))),
        ("ana 5 until the end of next week", LimitInstruction("ana", 5 * USD, Unit.MONTH, end("2026-03-15"))),
        ("ana unlimited", RemovalInstruction("ana", None, is_unlimited=True)),
    ],
)
def test_a_line_is_a_limit_a_removal_or_a_request(line: str, instruction: BudgetInstruction) -> None:
    zone = ZoneInfo("UTC")
    assert parse_instruction(line, NOW, zone) == instruction
    assert parse_instruction(line_of(instruction, zone), NOW, zone) == instruction


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("@ana 5 until monday", ("@ana 5 until:2026-03-02", "@ana 5 until:2026-03-09")),
        (
            "@ana 5 until 3/6 for the audit",
            ("@ana 5 until:2026-03-06 for the audit", "@ana 5 until:2026-06-03 for the audit"),
        ),
        ("<@U0PRIYA> 10.000", ("<@U0PRIYA> $10,000/month", "<@U0PRIYA> $10/month")),
        ("<@U0PRIYA> 10.000 per week", ("<@U0PRIYA> $10,000/week", "<@U0PRIYA> $10/week")),
        (
            "request 1.500 until friday",
            ("request $1,500/month until:2026-03-06", "request $1.50/month until:2026-03-06"),
        ),
        ("@ana 800 for a week", ("@ana 800/week", "@ana 800/month until:2026-03-08")),
        ("@ana 800 this week", ("@ana 800/week until:2026-03-08", "@ana 800/month until:2026-03-08")),
        (
            "ana 800 for the next two weeks for the audit",
            ("ana 800/week until:2026-03-15 for the audit", "ana 800/month until:2026-03-15 for the audit"),
        ),
        ("ana 800 today", ("ana 800/day until:2026-03-02", "ana 800/month until:2026-03-02")),
        ("ana 800 for the month", ("ana 800/month", "ana 800/month until:2026-03-31")),
        ("ana 800 for a month", ("ana 800/month", "ana 800/month until:2026-04-01")),
        ("request 800 for 3 days", ("request 800/day until:2026-03-04", "request 800/month until:2026-03-04")),
        # what may say when is no reason unless it is said to be one
        ("ana 800 for the pentest next week", ('ana 800 reason:"pentest next week"',)),
        ("ana 800 starting next month for good", ('ana 800 reason:"starting next month for good"',)),
        ("ana 800 a month because she is on call this week", ('ana 800 a month reason:"she is on call this week"',)),
        ("ana 800 a month for as long as the audit runs", ('ana 800 a month reason:"as long as the audit runs"',)),
        ("ana 50 a day on weekends", ('ana 50 a day reason:"on weekends"',)),
        ("ana 5 until next friday", ("ana 5 until:2026-03-06", "ana 5 until:2026-03-13")),
        ("ana 800 on friday", ('ana 800 reason:"on friday"',)),
        ("ana 800 she runs the big audit", ('ana 800 reason:"she runs the big audit"',)),
    ],
)
def test_what_may_be_several_is_asked_back_in_whole_lines(line: str, lines: tuple[str, ...]) -> None:
    with pytest.raises(UnclearLineError) as unclear:
        parse_instruction(line, NOW, ZoneInfo("UTC"))
    assert unclear.value.lines == tuple(f"budget {each}" for each in lines)
    assert all(f"`{each}`" in str(unclear.value) for each in unclear.value.lines)
    for each in lines:
        parse_instruction(each, NOW, ZoneInfo("UTC"))


@pytest.mark.parametrize(
    "line",
    [
        "ana 2 times her current limit", "ana 500 more than it is now", "ana 100 more than she has now",
        "ana 80 percent of her budget", "ana 80 percent of what she had", "ana 500 more", "ana 20 on top",
        "ana 5 extra a day", "ana 20 higher than now",
    ],
)  # fmt: skip
def test_no_limit_is_calculated_from_another(line: str) -> None:
    assert refusal(line).startswith("I can't calculate a limit from another one. Type the new one: ")


@pytest.mark.parametrize(
    "line",
    [
        "ana 20 tasks a day on average",
        "ana 5 tasks of opus a day",
        "team 100 tasks per working day",
        "ana 3 days",
        "ana 4 hours",
    ],
)
def test_a_limit_is_money(line: str) -> None:
    assert refusal(line).startswith("A limit is in dollars or credits.")


def refusal(line: str) -> str:
    with pytest.raises(RefusedError) as refused:
        parse_instruction(line, NOW, ZoneInfo("UTC"))
    return str(refused.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "<@U0PRIYA> 0/week",
            "A budget must be more than $0. To remove it, type `remove week` in place of the amount.",
        ),
        ("ana 0", "A budget must be more than $0. To remove it, type `remove month` in place of the amount."),
        ("<@U0PRIYA> -5/month", "`-5` isn't an amount"),
        ("<@U0PRIYA> 99999999999/month", "more than $10,000,000"),
        ("<@U0PRIYA> €500/month", "`€500` isn't an amount. Type dollars"),
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
        ("ana 500 until they are back", "I don't know the last day `they are back`."),
        ("ana 500 euros", "A limit is in dollars or credits."),
        ("ana 500 silva", "I can set one budget at a time"),
        ("ana and marcus 500", "I can set one budget at a time"),
        ("ana @bo remove", "type whose and which"),
        ("<@U0PRIYA> 500/month note:x", "takes only `until:`, `reason:`, `model:`, `status:` and `byok:`"),
        ("request <@U0PRIYA> 500/month", "You can only ask for your own budget"),
        ("<@U0PRIYA> 500/month 600/month", "I can set one limit at a time"),
        ("<@U0PRIYA> month", "The limit is missing. Type `budget @ana 500/month`,"),
        ("priya", "The limit is missing. Type, for example, `budget priya 500/month`."),
        ("sean o'brien", 'The limit is missing. Type, for example, `budget "sean o\'brien" 500/month`.'),
        ("remove month", "type whose and which"),
        ("@ana remove all month", "type whose and which"),
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
