"""The report: a question answered from the ledger, in exact amounts. Every rendering of an answer starts from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.domain.access import Caller, Grant
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.query.question import Field, Question
from bot.domain.tasks import FAILED_STATUSES
from bot.ledger.spend import Sums
from bot.ledger.spend_groups import SpendGroup
from bot.ledger.task_detail import TaskDetail
from bot.ledger.task_list import TaskRow
from bot.people.mentions import EmailsByMention

if TYPE_CHECKING:
    from bot.settings.model import Settings


@dataclass(frozen=True, slots=True)
class ReportPolicy:
    """The settings that reports depend on: the zone of dates, what spend adds up, and whether the BYOK unit was set.

    Tasks of the `failing` statuses failed.
    """

    zone: ZoneInfo
    basis: SpendBasis
    unit_is_set: bool
    failing: tuple[str, ...] = FAILED_STATUSES

    @classmethod
    def from_settings(cls, settings: "Settings") -> "ReportPolicy":
        """Return the policy that the settings ask for."""
        unit_is_set = settings.byok_unit is not None
        return cls(settings.timezone, settings.spend_basis, unit_is_set, settings.failure_statuses)


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """A question, who asks it, and when.

    `mentioned` are the e-mails of Slack users by mention (`<@U1>`), None where there is no Slack; `most_rows` limits
    the tasks that are returned.
    """

    question: Question
    caller: Caller
    now: datetime
    mentioned: EmailsByMention | None = None
    most_rows: int | None = None


@dataclass(frozen=True, slots=True)
class Previous:
    """The window before, its spend in nanos, and what people call it, such as `the 7 days before`.

    While the period asked for is still open, the window is a part of the one before, of which `whole_nanos` is the
    spend and `whole_name` the name; else they are the window's own.
    `is_before_first` says that nothing had ever been spent by then, so that it is nothing to compare with.
    """

    window: Window
    spend_nanos: int
    name: str
    whole_nanos: int
    whole_name: str
    is_before_first: bool


@dataclass(frozen=True, slots=True)
class Report:
    """An answer. `groups` are sorted and cut to `top`; what was cut is counted, with its spend in nanos.

    `scope` is whose spend it may hold; `rows` are as many tasks as were asked for or as the caller can show. It was
    made at `now`. Details of tasks created before `details_deleted_before` may be deleted. `has_history` is whether
    the caller may see any task at all, at any time; `unknown_emails` are those that an operator asked for, and of whom
    there is none, if the answer is empty. `by_member` are the members with their spend where an average for each of
    them is asked for, and nobody is mentioned. `names` are what members are called in Slack, by e-mail; empty where
    there is no Slack.
    """

    query: str
    question: Question
    scope: Grant
    now: datetime
    window: Window
    zone: ZoneInfo
    basis: SpendBasis
    total: Sums
    previous: Previous | None
    groups: tuple[SpendGroup, ...]
    groups_omitted: int
    omitted_nanos: int
    rows: tuple[TaskRow, ...]
    details: tuple[TaskDetail, ...]
    as_of: datetime | None
    complete: bool
    begins: datetime | None
    unit_assumed: bool
    warning: str | None
    quarantined: int
    details_deleted_before: datetime | None = None
    has_history: bool = True
    unknown_emails: tuple[str, ...] = ()
    by_member: tuple[SpendGroup, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def spend_nanos(self) -> int:
        """The spend of the whole window."""
        return self.total.spend(self.basis)

    def share(self, group: SpendGroup) -> float | None:
        """Return a group's part of the untruncated total, None if that is not positive."""
        return group.spend(self.basis) / self.spend_nanos if self.spend_nanos > 0 else None

    @property
    def lacks_details(self) -> bool:
        """Whether it shows details of tasks of a time from which they may be deleted."""
        before, question = self.details_deleted_before, self.question
        if before is None:
            return False
        if self.details:
            return any(each.created_at < before for each in self.details)
        return (question.rows or question.counts_only) and self.window.start < before

    @property
    def emails(self) -> set[str]:
        """The e-mails that the answer shows."""
        named = {*(self.scope.members or ()), *self.question.values_of(Field.EMAIL)}
        place = self.question.by.index("member") if "member" in self.question.by else None
        grouped = set() if place is None else {group.key[place] for group in self.groups}
        return named | grouped | {row.member for row in self.rows} | {detail.member for detail in self.details}

    def name_of(self, email: str) -> str:
        """Return what a member is called in the answer: by name if there is one, else by e-mail."""
        return self.names.get(email, email)

    def shown_key(self, group: SpendGroup) -> tuple[str, ...]:
        """Return the key of a group with its member by name."""
        pairs = zip(self.question.by, group.key, strict=True)
        return tuple(self.name_of(part) if name == "member" else part for name, part in pairs)
