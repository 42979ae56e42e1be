"""The rules of failures: when a group closes, when a task failed, and what Neo's own limits are called."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.domain.pricing import SpendBasis
from bot.domain.tasks import FAILED_STATUSES
from bot.domain.visibility import Privacy, Titles

if TYPE_CHECKING:
    from bot.settings.model import Settings

CLOSE_AFTER = timedelta(hours=24)  # a group is closed after so long without a failure
SEND_WITHIN = timedelta(hours=72)  # after a group's end; later, its alert is a line in a summary
MOST_ALERTS = 3  # of more new groups at once, one message reports all
MOST_REPLIES = 20  # the most groups that the thread of such a message shows


@dataclass(frozen=True, slots=True)
class FailurePolicy:
    """The settings that failures depend on: tasks of the `failing` statuses failed.

    `address` is that of a task in Neo, with a `{task_id}`; None if there is none.
    """

    zone: ZoneInfo
    basis: SpendBasis
    titles: Titles = Titles.OPERATORS
    privacy: Privacy = Privacy.NAMED
    address: str | None = None
    failing: tuple[str, ...] = FAILED_STATUSES

    @classmethod
    def from_settings(cls, settings: "Settings") -> "FailurePolicy":
        """Return the policy that the settings ask for."""
        return cls(
            zone=settings.timezone,
            basis=settings.spend_basis,
            titles=settings.show_titles,
            privacy=settings.alert_privacy,
            address=settings.neo_task_url_template,
            failing=settings.failure_statuses,
        )


class Cap(StrEnum):
    """A limit of Neo's that stopped a task, by the word for it in the error."""

    MEMBER = "user_spending_cap_reached"
    PROJECT = "project_spending_cap_reached"
    CREDITS = "insufficient_neo_credits"


def cap_of(error: str | None) -> Cap | None:
    """Return the limit of Neo's that an error names, if any."""
    return next((cap for cap in Cap if error and cap.value in error), None)


def failed_at(created_at: datetime, total_execution_ms: int | None, observed_at: datetime) -> datetime:
    """Return when a task failed that is seen for the first time.

    Neo says when it was created and how long it ran, not when it ended. A task that was continued also rests between
    its runs, so that the result may be earlier than the end of its last run.
    """
    run_time = timedelta(milliseconds=max(total_execution_ms or 0, 0))
    # the shorter span first: adding an absurd one, from an older ledger, would overflow
    return created_at + min(run_time, observed_at - created_at)
