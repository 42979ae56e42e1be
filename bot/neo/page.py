"""A page of the upstream's list of tasks, decoded."""

from dataclasses import dataclass

from bot.domain.tasks import Refused, Task


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its good rows, its bad ones, and the number of all rows of the question.

    `has_more` is whether others follow, None where the upstream does not say.
    """

    tasks: tuple[Task, ...]
    refused: tuple[Refused, ...]
    total: int
    has_more: bool | None = False

    @property
    def rows(self) -> int:
        """How many rows the page held, good and bad."""
        return len(self.tasks) + len(self.refused)


class NotAPageError(ValueError):
    """The text is not a page of the upstream; the message says what it is, without quoting it."""
