"""Narrowing: which tasks a budget counts, by their model, status, and whose model key they ran on."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from bot.domain.query.question import quote
from bot.domain.query.tokens import split
from bot.domain.text import ascii_lower

_YES, _NO = "yes", "no"
_BYOK: dict[tuple[str, ...], bool] = {(_YES,): True, (_NO,): False}


class TaskTraits(NamedTuple):
    """What decides which budgets count a task: its model, status, and whether it ran on the team's own key."""

    model: str
    status: str
    own_key: bool


@dataclass(frozen=True, slots=True)
class TaskNarrowing:
    """Tasks of one of these models, with one of these statuses, on the team's own key (BYOK) or not.

    A part that is empty, or None, leaves out nothing. Models are spelled as in the ledger, statuses mean any case of
    ASCII letters; both are sorted.
    """

    models: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    byok: bool | None = None

    def __bool__(self) -> bool:
        """Whether it leaves out any tasks."""
        return bool(self.models or self.statuses) or self.byok is not None

    def __str__(self) -> str:
        """Return it as it can be typed: `model:opus,sonnet status:failed byok:no`; empty if it leaves out nothing."""
        return " ".join(self._words())

    def _words(self) -> Iterator[str]:
        for key, values in (("model", self.models), ("status", self.statuses)):
            if values:
                yield f"{key}:{','.join(map(quote, values))}"
        if self.byok is not None:
            yield f"byok:{_YES if self.byok else _NO}"

    def counts(self, task: TaskTraits) -> bool:
        """Return whether a task of those traits counts."""
        return (
            (not self.models or task.model in self.models)
            and (not self.statuses or ascii_lower(task.status) in map(ascii_lower, self.statuses))
            and (self.byok is None or task.own_key is self.byok)
        )


ALL_TASKS = TaskNarrowing()


@lru_cache(maxsize=1_024)
def narrowing_of(text: str) -> TaskNarrowing:
    """Return the narrowing that a string form stands for. Raises ValueError if it is none."""
    values = {token.key: token.values for token in split(text)}
    byok = _BYOK.get(values.get("byok", ()))
    narrowing = TaskNarrowing(values.get("model", ()), values.get("status", ()), byok)
    if str(narrowing) != text:
        raise ValueError(f"{text!r} is no narrowing")
    return narrowing
