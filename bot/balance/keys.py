"""The keys of the balance: a warning, once until credits are added or their expiry is put off."""

from dataclasses import dataclass
from typing import Self

from bot.balance.rules import Cause
from bot.domain.keys import MalformedKeyError, NotificationKey, number, rest_of


@dataclass(frozen=True, slots=True)
class BalanceKey(NotificationKey):
    """A warning that so many days are left; `beginning`: how often warnings of that cause had begun anew."""

    kind = "balance"
    is_ledger_independent = True
    beginning: int
    cause: Cause
    level: int

    def encode(self) -> str:
        """Return `balance:<beginning>-<cause>-<level>`."""
        return f"{self.kind}:{self.beginning}-{self.cause}-{self.level}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of `balance:<beginning>-<cause>-<level>`."""
        beginning, cause, level = (*rest_of(text, cls.kind).split("-"), "", "")[:3]
        if cause not in set(Cause):
            raise MalformedKeyError(f"{text!r} is no key of a warning about the balance")
        return cls(number(beginning), Cause(cause), number(level))
