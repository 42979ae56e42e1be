"""The view: for whom an answer is shown in Slack, and what is known beside it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.access import Caller, Role
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class AnswerView:
    """For whom an answer is shown, and what is known beside it.

    `shared_by` is the Slack id of who shares it with a channel; then nobody but they asked for it. `titles`:
    whether titles and errors may be shown there. `reading` and `failure` are what a sync is at, or why it failed;
    `whom_to_ask` are operators, as mentions.
    """

    templates: Templates
    caller: Caller
    now: datetime
    stale_after: timedelta
    titles: bool = True
    in_dm: bool = False
    shared_by: str | None = None
    reading: str = ""
    failure: str = ""
    whom_to_ask: str = "an operator"

    @property
    def operator(self) -> bool:
        """Whether an operator reads it."""
        return self.caller.role is Role.OPERATOR
