"""When a task failed, and which of Neo's own limits stopped it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.failures.rules import Cap, cap_of, failed_at

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "cap"),
    [
        ("user_spending_cap_reached: for ana", Cap.MEMBER),
        ("403 project_spending_cap_reached", Cap.PROJECT),
        ("insufficient_neo_credits", Cap.CREDITS),
        ("out of credits", None),
        (None, None),
    ],
)
def test_neos_own_limits_are_known_by_name(error: str | None, cap: Cap | None) -> None:
    assert cap_of(error) is cap


def test_when_a_task_failed_follows_from_how_long_it_ran_but_is_never_after_it_was_seen() -> None:
    assert failed_at(NOW, 60_000, NOW + timedelta(hours=1)) == NOW + timedelta(minutes=1)
    assert failed_at(NOW, 10**9, NOW + timedelta(hours=1)) == NOW + timedelta(hours=1)
    assert failed_at(NOW, 2**53, NOW + timedelta(hours=1)) == NOW + timedelta(hours=1)
    assert failed_at(NOW, None, NOW + timedelta(hours=1)) == NOW
    assert failed_at(NOW, 60_000, NOW - timedelta(hours=1)) == NOW - timedelta(hours=1)
