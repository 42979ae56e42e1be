"""The keys of budgets: notifications and the topics of their live messages, buttons, and forms."""

import json
from dataclasses import dataclass, replace
from typing import Self

from bot.budgets.periods import BudgetPeriod, PeriodLabel, PeriodName
from bot.budgets.snoozes.length import SnoozeLength
from bot.domain.keys import (
    ActionKey,
    FormKey,
    MalformedKeyError,
    NotificationKey,
    NumberedKey,
    TopicKey,
    check_kind,
    number,
    rest_of,
)
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing, narrowing_of
from bot.domain.periods import Unit

# --- notifications -------------------------------------------------------------------------------


class CrossingKey(NumberedKey, NotificationKey):
    """A step that a subject has passed."""

    __slots__ = ()
    kind = "crossing"


class CrossingEventKey(NumberedKey, NotificationKey):
    """The event of a step that a subject has passed."""

    __slots__ = ()
    kind = "crossing_event"


@dataclass(frozen=True, slots=True)
class LimitKey(NotificationKey):
    """A new limit: for a subject that was notified before, or, by a period's name, for all who are above it."""

    kind = "limit"
    revision: int
    about: int | PeriodName

    def encode(self) -> str:
        """Return `limit:<revision>-<subject>` or `limit:<revision>-<unit>:<label>`."""
        about = self.about.encode() if isinstance(self.about, PeriodName) else self.about
        return f"{self.kind}:{self.revision}-{about}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of either form."""
        revision, _, about = rest_of(text, cls.kind).partition("-")
        is_subject = about.isascii() and about.isdigit()
        return cls(number(revision), number(about) if is_subject else PeriodName.decode(about))


class SummaryKey(NumberedKey, NotificationKey):
    """Many subjects who are above a limit that was just set, by its revision."""

    __slots__ = ()
    kind = "summary"


class ForecastKey(NumberedKey, NotificationKey):
    """A month's budget of a subject that is not expected to last, by the alert's id."""

    __slots__ = ()
    kind = "forecast"


class ForecastEventKey(NumberedKey, NotificationKey):
    """The event of a month's budget that is not expected to last, by the alert's id."""

    __slots__ = ()
    kind = "forecast_event"


class RequestKey(NumberedKey, NotificationKey):
    """A budget request, for operators to decide upon."""

    __slots__ = ()
    kind = "request"


class DecidedKey(NumberedKey, NotificationKey):
    """What was decided upon a budget request, for whoever made it."""

    __slots__ = ()
    kind = "decided"


# --- topics --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BudgetTopic(TopicKey):
    """A subject's budget in a period, by the period's label."""

    kind = "budget"
    subject: int
    unit: Unit
    label: str

    @classmethod
    def of(cls, subject: int, period: BudgetPeriod) -> Self:
        """Return the topic of a subject's budget in a period."""
        return cls(subject, period.unit, period.label)

    @property
    def period(self) -> PeriodName:
        """The name of its period."""
        return PeriodName(self.unit, self.label)

    @property
    def zone(self) -> str:
        """The time zone in its label; empty for the present one."""
        return PeriodLabel.decode(self.label).zone

    def of_zone(self, zone: str) -> Self:
        """Return the topic with a time zone in its label; without one if that is empty."""
        return replace(self, label=replace(PeriodLabel.decode(self.label), zone=zone).encode())

    def encode(self) -> str:
        """Return `budget:<subject>:<unit>:<label>`."""
        return f"{self.kind}:{self.subject}:{self.unit}:{self.label}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the topic of `budget:<subject>:<unit>:<label>`."""
        subject, _, period = rest_of(text, cls.kind).partition(":")
        name = PeriodName.decode(period)
        return cls(number(subject), name.unit, name.label)


class ForecastTopic(NumberedKey, TopicKey):
    """How long a month's budget of a subject is expected to last, by the alert's id."""

    __slots__ = ()
    kind = "forecast"


class RequestTopic(NumberedKey, TopicKey):
    """A budget request as it stands."""

    __slots__ = ()
    kind = "request"


# --- buttons -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TopicAction(ActionKey):
    """A button of an alert, whose value is the topic of the budget that the alert is about."""

    topic: BudgetTopic

    @property
    def value(self) -> str:
        """The topic."""
        return self.topic.encode()

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of a button that was pressed."""
        check_kind(action_id, cls.kind)
        return cls(BudgetTopic.decode(value))


class AcknowledgeAction(TopicAction):
    """Acknowledges an alert."""

    __slots__ = ()
    kind = "budget_ack"


class RaiseAction(TopicAction):
    """Opens the form in which the limit of an alert's budget is changed or asked for."""

    __slots__ = ()
    kind = "budget_raise"


@dataclass(frozen=True, slots=True)
class FormAction(ActionKey):
    """Opens the form in which a budget is set or, by whoever is no operator, asked for."""

    kind = "budget_open"

    @property
    def value(self) -> str:
        """The kind again, as a value cannot be empty."""
        return self.kind

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of a button that was pressed."""
        check_kind(action_id, cls.kind)
        check_kind(value, cls.kind)
        return cls()


@dataclass(frozen=True, slots=True)
class SnoozeAction(ActionKey):
    """Snoozes the budget that an alert is about."""

    kind = "budget_snooze"
    topic: BudgetTopic
    length: SnoozeLength

    @property
    def action_id(self) -> str:
        """`budget_snooze:<length>`."""
        return f"{self.kind}:{self.length.encode()}"

    @property
    def value(self) -> str:
        """The topic."""
        return self.topic.encode()

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of a button that was pressed."""
        return cls(BudgetTopic.decode(value), SnoozeLength.decode(rest_of(action_id, cls.kind)))


@dataclass(frozen=True, slots=True)
class RequestAction(ActionKey):
    """A decision upon a budget request; `version` is the one that the message showed, empty if it is unknown."""

    request: int
    version: str = ""

    @property
    def value(self) -> str:
        """`<request>:<version>`, or `<request>` as earlier versions of the bot posted it."""
        return f"{self.request}:{self.version}" if self.version else str(self.request)

    @classmethod
    def decode(cls, action_id: str, value: str) -> Self:
        """Return the key of a button that was pressed."""
        check_kind(action_id, cls.kind)
        request, _, version = value.partition(":")
        return cls(number(request), version)


class ApproveAction(RequestAction):
    """Approves a budget request."""

    __slots__ = ()
    kind = "budget_approve"


class DeclineAction(RequestAction):
    """Declines a budget request."""

    __slots__ = ()
    kind = "budget_decline"


# --- forms ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LimitForm(FormKey):
    """The form in which a limit is set: whose (None: to be filled in), of which period, its revision if known, tasks.

    The revision tells on submission whether somebody else has changed the budget while the form was open.
    """

    kind = "budget_form"
    scope: str | None = None
    unit: Unit = Unit.MONTH
    revision: int | None = None
    narrowing: TaskNarrowing = ALL_TASKS

    def encode(self) -> str:
        """Return a JSON object of the fields."""
        fields = {"scope": self.scope, "unit": self.unit, "revision": self.revision}
        return json.dumps({**fields, "counts": str(self.narrowing)} if self.narrowing else fields)

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the form of a JSON object. Raises MalformedKeyError if the text is anything else."""
        try:
            fields = json.loads(text)
            scope, unit, revision = fields["scope"], Unit(fields["unit"]), fields["revision"]
            known = None if revision is None else number(str(revision))
            narrowing = narrowing_of(fields.get("counts", ""))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise MalformedKeyError(f"{text!r} is no form's") from error
        if not isinstance(scope, str | None):
            raise MalformedKeyError(f"{text!r} is no form's")
        return cls(scope, unit, known, narrowing)


@dataclass(frozen=True, slots=True)
class DeclineForm(FormKey):
    """The form in which a budget request is declined; `version` is the one that it shows."""

    kind = "budget_decline_form"
    request: int
    version: str

    def encode(self) -> str:
        """Return `<request>:<version>`."""
        return f"{self.request}:{self.version}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the form of a string form. Raises MalformedKeyError if it is none."""
        request, _, version = text.partition(":")
        return cls(number(request), version)


class RequestForm(LimitForm):
    """The form in which a member asks for a limit of their own: it has no scope, and no revision."""

    __slots__ = ()
    kind = "budget_wish"
