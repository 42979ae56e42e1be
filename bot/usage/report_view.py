"""The view of a report in Slack: its reader, and what is shown beside the report's own facts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.access import Caller, Role
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class ReportView:
    """The reader of a report, and what is shown beside its own facts.

    `shared_by` is the Slack id of who shares it with a channel, None if it is not shared. `is_posted` says that it is
    posted in a channel otherwise, so that others than its reader see it too. `can_share` says that its reader may share
    it, which they can once. `titles` says whether titles and errors may be shown. `reading` says how far a running sync
    is, `failure` why the last one failed; `whom_to_ask` are operators, as mentions.
    """

    templates: Templates
    caller: Caller
    now: datetime
    stale_after: timedelta
    titles: bool = True
    in_dm: bool = False
    shared_by: str | None = None
    is_posted: bool = False
    can_share: bool = True
    reading: str = ""
    failure: str = ""
    whom_to_ask: str = "an operator"

    @property
    def is_for_others(self) -> bool:
        """Whether others than the reader see it too."""
        return self.is_posted or self.shared_by is not None

    @property
    def operator(self) -> bool:
        """Whether the reader is an operator."""
        return self.caller.role is Role.OPERATOR
