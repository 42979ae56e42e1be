"""The grammar of `backtest`: `500/month`, `500/month @ana over:90d`, `50/day team model:opus over 12w`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.budgets.backtest.facts import DAYS
from bot.budgets.limits.grammar import NARROWING_KEYS, limit_and_name, narrowing_by, parse_limit
from bot.budgets.whose import EVERYONE, ME, named
from bot.domain.access import RefusedError
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Unit
from bot.domain.query.errors import UnclosedQuoteError
from bot.domain.query.tokens import Token, clean, split

MOST_DAYS = 400
_DEFAULT = "default"
_OVER = re.compile(r"(?<!\S)(?:--|[–—])?over(?:[:=]|\s+)(?P<length>\S+)", re.IGNORECASE)
_LENGTH = re.compile(r"(?P<number>\d{1,4})(?P<unit>d|w|days?|weeks?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TypedBacktest:
    """A limit to try, whose (`default` unless it is said), how many days back, and which tasks it counts."""

    nanos: int
    unit: Unit
    name: str
    days: int
    narrowing: TaskNarrowing = ALL_TASKS

    @property
    def is_for_everybody(self) -> bool:
        """Whether it is tried as the limit of each member, not of one or of the team."""
        return self.name.lower() == _DEFAULT

    @property
    def is_own(self) -> bool:
        """Whether it is tried on whoever asks."""
        return self.name == ME


def parse_backtest(line: str) -> TypedBacktest:
    """Return what follows the word `backtest`.

    Raises RefusedError if it cannot be understood; the message says what is wrong, and what to type.
    """
    line = clean(line)
    over = _OVER.search(line)
    days = DAYS if over is None else parse_days(over["length"])
    limit, rest = limit_and_name(line if over is None else f"{line[: over.start()]} {line[over.end() :]}")
    nanos, unit = parse_limit(limit)
    words = _words(rest)
    named = {word.key: word for word in words if word.key in NARROWING_KEYS}
    name = _name([word for word in words if word.key not in named])
    return TypedBacktest(nanos, unit, name, days, narrowing_by(named))


def _words(text: str) -> list[Token]:
    try:
        return split(text)
    except UnclosedQuoteError as error:
        raise RefusedError(f"{error} Type `backtest 500/month @ana`.") from None


def _name(words: Sequence[Token]) -> str:
    """Return whom words name: ME, `team`, somebody, or `default` for everyone. Raises RefusedError for several."""
    names = named([word.values[0] for word in words])
    if len(names) > 1:
        raise RefusedError("I can try a limit on one person, `team` or everyone. Type `backtest 500/month @ana`.")
    return next((name for name in names if name != EVERYONE), _DEFAULT)


def parse_days(length: str) -> int:
    """Return the days of a length such as `90d` or `12w`. Raises RefusedError for what is none, or too long."""
    found = _LENGTH.fullmatch(length)
    days = int(found["number"]) * (7 if found["unit"].lower().startswith("w") else 1) if found else 0
    if days > MOST_DAYS:
        raise RefusedError(
            f"`{length}` is too long. A limit can be tried on {MOST_DAYS} days at most: `over:{MOST_DAYS}d`."
        )
    if days < 1:
        raise RefusedError(f"Type how far to look back in days or weeks, such as `over:{DAYS}d` or `over:12w`.")
    return days
