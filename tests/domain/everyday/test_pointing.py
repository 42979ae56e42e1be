"""Lines that point back to the command before them mean what that was about, or nothing."""

import pytest

from bot.domain.access import RefusedError
from bot.domain.everyday.pointing import pointed_line


@pytest.mark.parametrize(
    ("before", "line", "meant"),
    [
        ("budgets me", "how much of it is used", "budgets me"),
        ("budgets @ana", "how much is left of it?", "budgets @ana"),
        ("budgets @ana", "what's left", "budgets @ana"),
        ("budgets team", "is it over?", "budgets team"),
        ("budgets team", "will it last", "budgets team"),
        ("budgets team", "when does it reset", "budgets team"),
        ("budgets team", "and how long will it last", "budgets team"),
        ("budgets", "who is near it", "budgets"),
        ("budgets", "who's over it", "budgets over"),
        ("budget @ana 500/month", "how much of that is used already", "budgets @ana"),
        ("budget marcus delgado 500 per month", "is it used up yet", "budgets marcus delgado"),
        ("budget team 1000/month model:opus", "how much of it is gone", "budgets team"),
        ("budget default 300/month", "who is over it", "budgets over"),
        ("budget default 300/month", "how much of it is used", "budgets"),
        ("budget @ana remove month", "how much is left", "budgets @ana"),
        ("budget request 800/month", "when does it reset", "budgets me"),
        ("budget request 800/month", "can I get more", "budget request"),
        ("budgets @marcus", "what about @ana", "budgets @ana"),
        ("budgets @marcus", "and the team?", "budgets team"),
        ("budgets me", "is it enough for this month", "budgets me"),
        ("balance", "when will it run out", "balance"),
        ("balance", "how much of it is used", "balance"),
        ("balance", "how long will that last", "balance"),
        ("balance", "when will we run out of credits at this rate", "balance"),
        ("balance", "will it run out before the end of the month", "balance"),
        ("budgets me", "will it last until friday", "budgets me"),
        ("budget request 800/month", "can I get more budget this month", "budget request"),
        ("balance", "and when will we run out?", "balance"),
        ("backtest 100/day", "and 200 a day?", "backtest 200 a day"),
        ("backtest 500 a month @ana", "what about 800/month", "backtest 800/month @ana"),
        ("reconcile", "what about last month", "reconcile last month"),
        ("reconcile last week", "and yesterday", "reconcile yesterday"),
        ("", "how much of it is left", "budgets me"),
        ("", "is that over budget", "budgets me"),
        ("overview team", "how much of it is left", "budgets team"),
        ("overview team", "who is near it", "budgets"),
        ("overview", "is it enough", "budgets me"),
        ("budgets @ana", "why so high", "why @ana"),
        ("budgets ana silva", "why is it so high?", "why ana silva"),
        ("budgets team", "and why", "why team"),
        ("budgets me", "why so much", "why me"),
        ("budgets", "why so high", "why me"),
        ("budgets over", "how come", "why me"),
        ("budget @ana 500/month", "why is she over", "why @ana"),
        ("budgets marcus", "what was it spent on", "why marcus"),
        ("budgets marcus earlier yesterday", "why", "why marcus yesterday"),
        ("budgets earlier yesterday", "why", "why me yesterday"),
        ("digest", "who is near it", "budgets"),
        ("digest 2026-11-20", "and who is over", "budgets over"),
    ],
)
def test_it_is_about_the_command_before(before: str, line: str, meant: str) -> None:
    assert pointed_line(line, before) == meant


@pytest.mark.parametrize("before", ["budgets", "budgets over", "budgets none", "budget default 300/month"])
def test_budgets_of_everybody_are_the_teams_for_whoever_sees_them(before: str) -> None:
    assert pointed_line("why so high", before, sees_all=True) == "why team"


def test_budgets_have_no_average() -> None:
    with pytest.raises(RefusedError, match=r"^I average spend, not budgets\. Ask such as `average per day this month`"):
        pointed_line("how much is that a day", "budgets @ana")


@pytest.mark.parametrize(
    ("before", "line"),
    [
        (None, "how much of it is used"),
        ("budgets", "how many credits are left"),
        ("overview", "how many credits do we have left"),
        ("team last week", "how much of it is used"),
        ("errors", "who is near it"),
        ("balance", "who is near it"),
        ("budgets", "how much did ana spend"),
        ("budgets", "how much of the team's spend is mine"),
        ("budgets", "yesterday"),
        ("backtest 100/day", "how much did we spend"),
        ("reconcile", "and ana"),
        ("budgets @ana", "am I over"),
        ("budgets @ana", "how much of my budget is used"),
        ("budgets @ana", "how much do I have left"),
        ("budgets @ana", "raise my limit"),
        ("budgets me", "will it last until frobnicate"),
        ("budgets me", "is it enough of frobnicate"),
        ("budgets me", "can I get more frobnicate"),
        ("balance", "when will it run out of frobnicate"),
        ("balance", "when will we run out on opus"),
        ("budgets", f"how much of it {'still ' * 40}is used"),
        ("", "team last week"),
    ],
)
def test_it_is_about_nothing_before(before: str | None, line: str) -> None:
    assert pointed_line(line, before) is None


@pytest.mark.parametrize(
    "line", ["raise it to 800", "make it 500", "please lower that by 20", "remove it", "delete this"]
)
def test_no_budget_is_changed_that_is_not_named(line: str) -> None:
    with pytest.raises(RefusedError, match=r"^I only change a budget that is named\. Type `budget @ana 800/month`"):
        pointed_line(line, "budgets @ana")
