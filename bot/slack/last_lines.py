"""The last line of each person in each conversation, for lines that point back to it: `send me this every monday`.

It is kept in the process alone, and for an hour: whoever points to an answer that is longer ago is asked for it.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

KEPT_FOR = timedelta(hours=1)
_MOST = 1_000  # conversations


@dataclass(frozen=True, slots=True)
class LastLines:
    """Lines by the Slack id of who typed them and of the channel that they typed them in."""

    _lines: OrderedDict[tuple[str, str], tuple[str, datetime]] = field(default_factory=OrderedDict)

    def record(self, user: str, channel: str, line: str, now: datetime) -> None:
        """Keep a line as the last one of a person in a channel."""
        self._lines.pop((user, channel), None)
        self._lines[user, channel] = line, now
        if len(self._lines) > _MOST:
            self._lines.popitem(last=False)

    def forget(self, user: str, channel: str) -> None:
        """Forget the last line of a person in a channel, as it was refused."""
        self._lines.pop((user, channel), None)

    def of(self, user: str, channel: str, now: datetime) -> str | None:
        """Return the last line of a person in a channel; None if that is not known, or was long ago."""
        line, at = self._lines.get((user, channel), (None, now))
        return line if now - at <= KEPT_FOR else None
