"""The keys of the balance: a warning, once until the balance is filled up."""

from dataclasses import dataclass
from typing import Self

from bot.balance.rules import Cause
from bot.domain.keys import MalformedKeyError, NotificationKey, number, rest_of


@dataclass(frozen=True, slots=True)
class BalanceKey(NotificationKey):
    """A warning that so many days are left, after the balance was filled up so many times."""

    kind = "balance"
    is_ledger_independent = True
    fillings: int
    cause: Cause
    level: int

    def encode(self) -> str:
        """Return `balance:<fillings>-<cause>-<level>`."""
        return f"{self.kind}:{self.fillings}-{self.cause}-{self.level}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of `balance:<fillings>-<cause>-<level>`."""
        fillings, cause, level = (*rest_of(text, cls.kind).split("-"), "", "")[:3]
        if cause not in set(Cause):
            raise MalformedKeyError(f"{text!r} is no key of a warning about the balance")
        return cls(number(fillings), Cause(cause), number(level))
