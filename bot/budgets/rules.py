"""The rules of budgets: which steps a spend has reached, and what is decided about each, with a named reason."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

TEAM, DEFAULT = 0, -1  # scopes that are no member's key; the team is a subject too
NEAR = 80  # percent, from which a limit counts as near
FULL = 100  # percent, from which the alert channel is notified
MANY = 5  # subjects above a limit that was just set, beyond which one summary is sent for all
STEPS = (50, 80, 100, 150, 200)


class CrossingDecision(StrEnum):
    """What was decided about a step that was reached; the value is what is stored."""

    NOTIFIED = "TOLD"
    LOWER = "LOWER"
    RAISED = "RAISED"
    HISTORY = "HISTORY"
    REPRICED = "REPRICED"
    SUMMARY = "SUMMARY"
    REPLACED = "REPLACED"
    DROPPED = "DROPPED"

    @property
    def reason(self) -> str:
        """Why nobody was notified at once, as `explain` shows it; empty if somebody was."""
        return _REASONS[self]


_REASONS = {
    CrossingDecision.NOTIFIED: "",
    CrossingDecision.LOWER: "a higher step was passed at the same time or before",
    CrossingDecision.RAISED: "the limit was raised or set again after that",
    CrossingDecision.HISTORY: "it comes from history, which sends no alerts",
    CrossingDecision.REPRICED: "prices were corrected, which sends no alerts",
    CrossingDecision.SUMMARY: "it was part of a summary in the alert channel when the limit was set",
    CrossingDecision.REPLACED: "the limit changed during the snooze",
    CrossingDecision.DROPPED: "its period had ended before the snooze did",
}


class BudgetLimit(NamedTuple):
    """A limit in force: its revision, and the scope it comes from."""

    revision: int
    nanos: int
    scope: int = TEAM
    ends_at: datetime | None = None


def reached_steps(limit_nanos: int, spend_nanos: int, steps: Sequence[int]) -> Sequence[int]:
    """Return those of the ascending `steps` that a spend has reached; a step is reached at equality."""
    # whole percent of integers: with floats, 877 of 2,000 members were wrong at equality
    return steps[: bisect_right(steps, percent(spend_nanos, limit_nanos))]


def crossing_decisions(
    reached: Collection[int], recorded: Collection[int], silence_reason: CrossingDecision | None
) -> dict[int, CrossingDecision]:
    """Decide about reached steps that are not recorded yet: the highest is notified, unless a higher one was.

    Args:
        reached: the steps that the spend has reached.
        recorded: those recorded for this limit and period, which are never notified again.
        silence_reason: why nobody is notified, if so.
    """
    new = [step for step in reached if step not in recorded]
    if silence_reason is not None:
        return dict.fromkeys(new, silence_reason)
    decisions = dict.fromkeys(new, CrossingDecision.LOWER)
    if new and new[-1] > max(recorded, default=0):
        decisions[new[-1]] = CrossingDecision.NOTIFIED
    return decisions


def percent(spend_nanos: int, limit_nanos: int) -> int:
    """Return how much of a limit is used, in whole percent, rounded down so that 100 means all of it."""
    return spend_nanos * 100 // limit_nanos if limit_nanos > 0 else 0
