"""Which steps a spend has reached, what is decided about each, and who is notified."""

import pytest

from bot.budgets.audiences import Audience, crossing_audiences
from bot.budgets.rules import (
    STEPS,
    TEAM,
    CrossingDecision,
    crossing_decisions,
    percent,
    reached_steps,
)

TOLD, LOWER, RAISED = CrossingDecision.NOTIFIED, CrossingDecision.LOWER, CrossingDecision.RAISED


@pytest.mark.parametrize(
    ("spend", "reached"),
    [(0, []), (499, []), (500, [50]), (799, [50]), (800, [50, 80]), (1_000, [50, 80, 100]), (9_000, [*STEPS])],
)
def test_a_step_is_reached_at_equality(spend: int, reached: list[int]) -> None:
    assert list(reached_steps(1_000, spend, STEPS)) == reached


@pytest.mark.parametrize(("spend", "used"), [(0, 0), (999, 99), (1_000, 100), (1_019, 101)])
def test_percent_is_rounded_down_so_that_100_means_all(spend: int, used: int) -> None:
    assert percent(spend, 1_000) == used


def test_nothing_is_used_of_no_limit() -> None:
    assert percent(5, 0) == 0


@pytest.mark.parametrize(
    ("reached", "recorded", "silent", "decisions"),
    [
        ([], [], None, {}),
        ([50], [], None, {50: TOLD}),
        ([50, 80, 100], [], None, {50: LOWER, 80: LOWER, 100: TOLD}),
        ([50, 80], [50], None, {80: TOLD}),
        ([50, 80], [80], None, {50: LOWER}),  # a higher one was notified before
        ([50, 80], [50, 80], None, {}),
        ([50, 80], [50], RAISED, {80: RAISED}),
    ],
)
def test_the_highest_new_step_is_notified_unless_a_higher_one_was(
    reached: list[int], recorded: list[int], silent: CrossingDecision | None, decisions: dict[int, CrossingDecision]
) -> None:
    assert crossing_decisions(reached, recorded, silent) == decisions


@pytest.mark.parametrize(
    ("subject", "step", "audiences"),
    [
        (1, 80, (Audience.DM,)),
        (1, 100, (Audience.DM, Audience.CHANNEL)),
        (TEAM, 80, (Audience.DM,)),
        (TEAM, 100, (Audience.CHANNEL,)),
    ],
)
def test_the_channel_is_notified_from_100_percent_on(subject: int, step: int, audiences: tuple[Audience, ...]) -> None:
    assert crossing_audiences(subject, step) == audiences
