"""The rules of forecast alerts: what is to be expected of a limit, and what of it is news."""

import pytest

from bot.budgets.forecasts.rules import Outlook, is_news, outlook


@pytest.mark.parametrize(
    ("limit", "spend", "low", "expected"),
    [
        (100, 40, 99, Outlook.MAY_LAST),
        (100, 40, 100, Outlook.RUNS_OUT),
        (100, 40, None, Outlook.UNKNOWN),
        (100, 99, 300, Outlook.RUNS_OUT),
        (100, 100, 300, Outlook.USED_UP),
        (100, 101, None, Outlook.USED_UP),
    ],
)
def test_what_is_to_be_expected(limit: int, spend: int, low: int | None, expected: Outlook) -> None:
    assert outlook(limit, spend, low) is expected


@pytest.mark.parametrize("found", Outlook)
def test_only_a_budget_that_runs_out_begins_an_alert(found: Outlook) -> None:
    assert is_news(None, found) is (found is Outlook.RUNS_OUT)


@pytest.mark.parametrize("shown", Outlook)
def test_an_alert_changes_with_every_outlook_that_is_known(shown: Outlook) -> None:
    assert {found for found in Outlook if is_news(shown, found)} == set(Outlook) - {shown, Outlook.UNKNOWN}
