"""The bars of budgets."""

import pytest

from bot.home.month_render import bar


@pytest.mark.parametrize(
    ("percent", "drawn"),
    [
        (-5, "░░░░░░░░░░"),
        (0, "░░░░░░░░░░"),
        (62, "██████░░░░"),
        (99, "█████████░"),
        (100, "██████████"),
        (101, "█████████▓"),
        (120, "████████▓▓"),
        (300, "███▓▓▓▓▓▓▓"),
        (100_000, "█▓▓▓▓▓▓▓▓▓"),
    ],
)
def test_a_bar_shows_how_much_of_a_limit_is_used_and_how_far_it_is_passed(percent: int, drawn: str) -> None:
    assert bar(percent) == drawn
