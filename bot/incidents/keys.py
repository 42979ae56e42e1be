"""The keys of incidents: notifications that one has begun or is over, and the topic of its live message."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from bot.domain.keys import MalformedKeyError, NotificationKey, TopicKey, iso_date, number, numbers, rest_of
from bot.outbox.keys import KeyRange

_DATE = len("2026-03-02")
_RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class IncidentKey(NotificationKey):
    """An incident on a local day; with a time zone if another one's day of the same name had it before."""

    kind = "ops"
    is_ledger_independent = True
    name: str
    day: date
    zone: str = ""

    def encode(self) -> str:
        """Return `ops:<name>-<date>` or `ops:<name>-<date>-<zone>`."""
        text = f"{self.kind}:{self.name}-{self.day.isoformat()}"
        return f"{text}-{self.zone}" if self.zone else text

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of either form."""
        name, _, rest = rest_of(text, cls.kind).partition("-")
        if not name or name.isdigit() or rest[_DATE : _DATE + 1] not in {"", "-"}:
            raise MalformedKeyError(f"{text!r} is no incident's key")
        return cls(name, iso_date(rest[:_DATE]), rest[_DATE + 1 :])

    @classmethod
    def of_name(cls, name: str) -> KeyRange:
        """Return the range of the keys of an incident's name on all days."""
        return KeyRange(f"{cls.kind}:{name}-", f"{cls.kind}:{name}.")

    @classmethod
    def near(cls, name: str, day: date) -> KeyRange:
        """Return the range of the keys of an incident's name from the day before a day to the one after it."""
        return KeyRange.around(f"{cls.kind}:{name}-", day, 1)


@dataclass(frozen=True, slots=True)
class RecoveredKey(NotificationKey):
    """An incident that is over, and the local day that it was reported on, which earlier versions left out."""

    kind = "ops"
    incident: int
    day: date | None

    def encode(self) -> str:
        """Return `ops:<incident>-recovered-<date>`, or what earlier versions wrote: `ops:<incident>-recovered`."""
        text = f"{self.kind}:{self.incident}-{_RECOVERED}"
        return text if self.day is None else f"{text}-{self.day.isoformat()}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of either form."""
        incident, _, rest = rest_of(text, cls.kind).partition("-")
        word, dash, day = rest.partition("-")
        if word != _RECOVERED:
            raise MalformedKeyError(f"{text!r} is no key of an incident that is over")
        return cls(number(incident), iso_date(day) if dash else None)


@dataclass(frozen=True, slots=True)
class IncidentEventKey(NotificationKey):
    """The event that an incident has begun or come back (odd numbers), or is over (even ones)."""

    kind = "incident_event"
    incident: int
    number: int

    @property
    def is_over(self) -> bool:
        """Whether it says that the incident is over."""
        return self.number % 2 == 0

    def encode(self) -> str:
        """Return `incident_event:<incident>-<number>`."""
        return f"{self.kind}:{self.incident}-{self.number}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of `incident_event:<incident>-<number>`."""
        return cls(*numbers(rest_of(text, cls.kind), 2))


def decode_event(text: str) -> IncidentKey | RecoveredKey:
    """Return the key of a notification about an incident, whether it has begun or is over."""
    incident = rest_of(text, IncidentKey.kind).partition("-")[0]
    return RecoveredKey.decode(text) if incident.isdigit() else IncidentKey.decode(text)


@dataclass(frozen=True, slots=True)
class IncidentTopic(TopicKey):
    """Whether an incident that was reported on a local day is over."""

    kind = "incident"
    incident: int
    day: date

    def encode(self) -> str:
        """Return `incident:<incident>-<date>`."""
        return f"{self.kind}:{self.incident}-{self.day.isoformat()}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the topic of `incident:<incident>-<date>`."""
        incident, _, day = rest_of(text, cls.kind).partition("-")
        return cls(number(incident), iso_date(day))
