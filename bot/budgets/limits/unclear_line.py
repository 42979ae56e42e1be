"""A line about limits that may mean several things: what it may mean, as lines to choose from."""

from collections.abc import Sequence

from bot.domain.access import RefusedError

_COMMAND = "budget"


class UnclearLineError(RefusedError):
    """A line may mean several things, so that nothing was done; `lines` are whole lines to type, one for each meaning.

    `why` says in whole sentences what is not clear. The lines given follow the word `budget`; `others` are lines of
    other commands, which stand first.
    """

    def __init__(self, why: str, lines: Sequence[str], others: Sequence[str] = ()) -> None:
        self.why, self.lines = why, (*others, *(f"{_COMMAND} {line}" for line in dict.fromkeys(lines)))
        super().__init__(f"{why} Type {' or '.join(f'`{line}`' for line in self.lines)}.")
