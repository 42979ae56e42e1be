"""The grammar of `backtest`: `500/month`, `500/month @ana over:90d`, `50/day team over 12w`."""

import re
from dataclasses import dataclass

from bot.budgets.backtest.facts import DAYS
from bot.budgets.limits.grammar import limit_and_name, parse_limit
from bot.domain.access import RefusedError
from bot.domain.periods import Unit
from bot.domain.query.errors import UnclosedQuoteError
from bot.domain.query.tokens import clean, split

MOST_DAYS = 400
_OVER = re.compile(r"(?<!\S)(?:--|[–—])?over(?:[:=]|\s+)(?P<length>\S+)", re.IGNORECASE)
_LENGTH = re.compile(r"(?P<number>\d{1,4})(?P<unit>d|w|days?|weeks?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TypedBacktest:
    """A limit to try, whose (`default` unless it is said), and how many days back."""

    nanos: int
    unit: Unit
    name: str
    days: int


def parse_backtest(line: str) -> TypedBacktest:
    """Return what follows the word `backtest`.

    Raises RefusedError if it cannot be understood; the message says what is wrong, and what to type.
    """
    line = clean(line)
    over = _OVER.search(line)
    days = DAYS if over is None else parse_days(over["length"])
    limit, name = limit_and_name(line if over is None else f"{line[: over.start()]} {line[over.end() :]}")
    nanos, unit = parse_limit(limit)
    return TypedBacktest(nanos, unit, _name(name) or "default", days)


def _name(text: str) -> str:
    """Return the name that a text is, without `for` before it."""
    try:
        words = [word.values[0] for word in split(text)]
    except UnclosedQuoteError as error:
        raise RefusedError(f"{error} Type `backtest 500/month @ana`.") from None
    return " ".join(words[words[:1] == ["for"] :])


def parse_days(length: str) -> int:
    """Return the days of a length such as `90d` or `12w`. Raises RefusedError for what is none, or too long."""
    found = _LENGTH.fullmatch(length)
    days = int(found["number"]) * (7 if found["unit"].lower().startswith("w") else 1) if found else 0
    if not 1 <= days <= MOST_DAYS:
        raise RefusedError(f"Type how far to look back in days or weeks, such as `over:{DAYS}d` or `over:12w`.")
    return days
