"""What is typed about budgets: what it says, or why it is none and what to type instead."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.budgets.grammar import parse_instruction
from bot.domain.access import RefusedError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def refusal(line: str) -> str:
    with pytest.raises(RefusedError) as refused:
        parse_instruction(line, NOW, ZoneInfo("UTC"))
    return str(refused.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("<@U0PRIYA> 0/month", "A budget of $0 would be passed by any spend"),
        ("<@U0PRIYA> -5/month", "`-5` is no amount"),
        ("<@U0PRIYA> 99999999999/month", "above $10,000,000"),
        ("<@U0PRIYA> €500/month", "`€500` is no amount. Type dollars"),
        ("<@U0PRIYA> 500", "a limit for how long?"),
        ("<@U0PRIYA> 500/year", "`year` is no period"),
        ("<@U0PRIYA> 500/month until:2020-01-01", "is over already"),
        ("<@U0PRIYA> 500/month until:soon", "type a date"),
        ("500/month", "Whose budget is missing"),
        ("<@U0PRIYA> <@U0MARCUS> 500/month", "Several names"),
        ("<@U0PRIYA> 500/month note:x", "only `until:` and `reason:` are"),
    ],
)
def test_what_cannot_be_a_budget_is_refused_with_its_reason(line: str, said: str) -> None:
    assert said in refusal(line)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("<@U0PRIYA> remvoe", "did you mean `remove`?"),
        ("<@U0PRIYA> remvoe month", "did you mean `remove`?"),
        ("reqest 800/month", "did you mean `request`?"),
        ("tema 800/month", "did you mean `team`?"),
        ("defalt 800/month", "did you mean `default`?"),
        ("team 800/mnth", "`800/month`"),
        ("<@U0PRIYA> remove mnth", "`budget @ana remove month`"),
    ],
)
def test_a_misspelt_word_is_asked_about(line: str, meant: str) -> None:
    assert meant in refusal(line)
