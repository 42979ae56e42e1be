"""The key of a spike's notification."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from bot.domain.keys import NotificationKey, iso_date, number, rest_of
from bot.outbox.keys import KeyRange


@dataclass(frozen=True, slots=True)
class SpikeKey(NotificationKey):
    """A member's day; with a time zone if another one's day of the same name was reported before."""

    kind = "spike"
    member: int
    day: date
    zone: str = ""

    def encode(self) -> str:
        """Return `spike:<member>-<date>` or `spike:<member>-<date>@<zone>`."""
        text = f"{self.kind}:{self.member}-{self.day.isoformat()}"
        return f"{text}@{self.zone}" if self.zone else text

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of either form."""
        member, _, rest = rest_of(text, cls.kind).partition("-")
        day, _, zone = rest.partition("@")
        return cls(number(member), iso_date(day), zone)

    @classmethod
    def of_member(cls, member: int) -> KeyRange:
        """Return the range of the keys of all days of a member."""
        return KeyRange(f"{cls.kind}:{member}-", f"{cls.kind}:{member}.")

    @classmethod
    def near(cls, member: int, day: date) -> KeyRange:
        """Return the range of the keys of a member's days from two before a day to two after it, in any time zone."""
        return KeyRange.around(f"{cls.kind}:{member}-", day, 2)


class SpikeEventKey(SpikeKey):
    """The event of a member's day."""

    __slots__ = ()
    kind = "spike_event"
