"""The key of the welcome."""

from dataclasses import dataclass
from typing import Self

from bot.domain.keys import MalformedKeyError, NotificationKey


@dataclass(frozen=True, slots=True)
class WelcomeKey(NotificationKey):
    """What an operator reads once, when the history is in the ledger."""

    kind = "welcome"
    is_ledger_independent = True

    def encode(self) -> str:
        """Return `welcome`."""
        return self.kind

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the key of `welcome`."""
        if text != cls.kind:
            raise MalformedKeyError(f"{text!r} is not the welcome's key")
        return cls()
