"""Forms: what one keeps while it is open, and gives back when it is submitted."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class FormMetadata:
    """A view's `private_metadata`: the channel that the form answers to, and the text that its handler is given."""

    channel: str
    text: str = ""

    def encode(self) -> str:
        """Return `<channel>` or `<channel> <text>`."""
        return f"{self.channel} {self.text}" if self.text else self.channel

    @classmethod
    def decode(cls, encoded: str) -> Self:
        """Return the metadata of a string form."""
        channel, _, text = encoded.partition(" ")
        return cls(channel, text)
