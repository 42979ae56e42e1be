"""The grammar of `snooze`: `snooze [@user] 1h|today|period|until friday [reason]`, and `snooze [@user] off`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.budgets.snoozes.ends import UnclearDayError, read_end
from bot.budgets.snoozes.length import MOST_HOURS, SnoozeEnd, SnoozeLength, SnoozeUntil
from bot.budgets.whose import EVERYONE, ME, named
from bot.domain.access import RefusedError
from bot.domain.everyday.times import NUMBERS
from bot.domain.query.errors import AmbiguousError, UnclosedQuoteError
from bot.domain.query.spelling import nearest
from bot.domain.query.tokens import Token, clean, split
from bot.domain.slack_ids import is_mention

_REASON = 200  # characters, at most
_OFF = "off"
_MOST_BEFORE = 6  # words before the length, which say whose alerts
_HOURS = {"hour": 1, "hours": 1, "hr": 1, "hrs": 1, "h": 1, "day": 24, "days": 24, "d": 24}
_HOURS |= {"week": 24 * 7, "weeks": 24 * 7, "w": 24 * 7}
_SHORT = {"minute", "minutes", "min", "mins", "m"}
_AMOUNT = re.compile(r"(\d{1,12})([a-z]+)?", re.ASCII)
_NAMED = {
    ("today",): SnoozeEnd.DAY,
    ("until", "tomorrow"): SnoozeEnd.DAY,
    ("till", "tomorrow"): SnoozeEnd.DAY,
    ("the", "day"): SnoozeEnd.DAY,
    ("the", "rest", "of", "the", "day"): SnoozeEnd.DAY,
    ("period",): SnoozeEnd.PERIOD,
    ("the", "period"): SnoozeEnd.PERIOD,
}
_UNTIL = re.compile(r"(?<!\S)until: ?", re.IGNORECASE)
_ENDS = {"until", "till", "through", "thru"}
_EVERYTHING = "everything"
_PERIOD = "(until the budget resets)"
_TOO_SHORT = "The shortest snooze is an hour. Type `snooze 1h`."
_TWO_KINDS = "I send budget alerts and failure notifications. Which should I stop?"
_ONE = "I can snooze one person's alerts or the team's: `snooze @ana today` or `snooze team today`."

Length = SnoozeLength | SnoozeUntil


@dataclass(frozen=True, slots=True)
class SnoozeInstruction:
    """A snooze as it was typed: whose budgets (None: one's own), for how long (None: it ends now), and why."""

    whose: str | None
    length: Length | None
    reason: str | None


def parse_snooze(text: str, now: datetime, zone: ZoneInfo) -> SnoozeInstruction:
    """Return the instruction of a line that begins with the word `snooze`.

    Raises:
        RefusedError: there is none; the message says what to type.
        AmbiguousError: it may end on one of several days, and its lines say the rest as it was typed; or it is to keep
            everything away, of which budget alerts are only a part.
    """
    words = _words(_UNTIL.sub("until ", clean(text)))
    if words and words[0].bare == _EVERYTHING and words[-1].bare != _OFF:
        length = [word.raw for word in words[1:]] or ["today"]
        raise AmbiguousError((" ".join(["snooze", *length]), "notify errors off"), _TWO_KINDS)
    try:
        return _instruction(words, now, zone)
    except UnclearDayError as error:
        raise _unclear(words, error) from None


def _unclear(words: Sequence[Token], error: UnclearDayError) -> AmbiguousError:
    """Return the error with a whole line for each of the days."""
    place = len(words) - error.left
    before, behind = ([word.raw for word in each] for each in (words[:place], words[place + error.count :]))
    lines = (" ".join(["snooze", *before, day, *behind]) for day in error.days)
    return AmbiguousError(tuple(lines), "That could be one of several days.")


def _instruction(words: Sequence[Token], now: datetime, zone: ZoneInfo) -> SnoozeInstruction:
    texts = [word.bare for word in words]
    if texts and texts[-1] == _OFF and len(words) <= _MOST_BEFORE:
        return SnoozeInstruction(_whose(words[:-1]), None, None)
    for place in range(min(len(words), _MOST_BEFORE)):
        if (found := _length(texts[place:], now, zone)) is not None:
            count, length = found
            return _with_reason(_whose(words[:place]), length, words[place + count :])
    raise _missing(words)


def _with_reason(whose: str | None, length: Length, behind: Sequence[Token]) -> SnoozeInstruction:
    """Return an instruction; whom a mention, an e-mail or `team` behind the length names is no reason."""
    names = named([word.values[0] for word in behind if word.key is None])
    if whose is None and len(names) == 1 and ("@" in names[0] or names[0].lower() in {"team", EVERYONE}):
        return SnoozeInstruction(_whose(behind), length, None)
    reason = " ".join(each.raw.strip('"') for each in behind)
    return SnoozeInstruction(whose, length, reason[:_REASON] or None)


def _whose(words: Sequence[Token]) -> str | None:
    """Return whose alerts words name; None if one's own. Raises RefusedError if they name several people."""
    names = named([word.values[0] for word in words])
    if len(names) > 1 or names == [EVERYONE]:
        raise RefusedError(_ONE)
    return names[0] if names and names != [ME] else None


def _missing(words: Sequence[Token]) -> RefusedError:
    """Return the error for a line that has no length, with the lines to type."""
    place, near = next(
        ((place, meant) for place, word in enumerate(words) if (meant := nearest(word.bare, ("today", "period")))),
        (len(words), None),
    )
    before = words[: min(place, _MOST_BEFORE)]
    are_names = all(word.key is None and word.bare not in _ENDS for word in before)
    names = named([word.values[0] for word in before]) if are_names else []
    name = names[0] if len(names) == 1 and names[0] not in {ME, EVERYONE} else ""
    if is_mention(name):
        hint = f"Did you mean `{near}`? " if near else ""
        return RefusedError(f"{hint}Type how long behind the name: `1h`, `today`, or `period` {_PERIOD}.")
    snooze = f"snooze {name}" if _is_name(name) else "snooze"
    hint = f"Did you mean `{snooze} {near}`? " if near else ""
    return RefusedError(f"{hint}Type how long: `{snooze} 1h`, `{snooze} today`, or `{snooze} period` {_PERIOD}.")


def _is_name(name: str) -> bool:
    return name.removeprefix("@").replace(" ", "").isalpha()


def _words(line: str) -> list[Token]:
    try:
        return list(split(line)[1:])
    except UnclosedQuoteError:
        return list(split(line.replace('"', ""))[1:])


# --- how long ------------------------------------------------------------------------------------


def _length(texts: Sequence[str], now: datetime, zone: ZoneInfo) -> tuple[int, Length] | None:
    """Return how many words say how long, and it; None if the first ones don't.

    Raises RefusedError if it is too short or too long, or UnclearDayError.
    """
    begun = int(texts[0] == "for")
    rest = texts[begun:]
    found: tuple[int, Length] | None = _named_end(rest) or _hours(rest)
    if found is None and rest and rest[0] in _ENDS:
        found = read_end(rest, now, zone)
    return None if found is None else (begun + found[0], found[1])


def _named_end(texts: Sequence[str]) -> tuple[int, SnoozeLength] | None:
    said = (phrase for phrase in _NAMED if tuple(texts[: len(phrase)]) == phrase)
    return next(((len(phrase), SnoozeLength(_NAMED[phrase])) for phrase in said), None)


def _hours(texts: Sequence[str]) -> tuple[int, SnoozeLength] | None:
    """Return how many words are a number of hours, days or weeks: `2h`, `2 hours`, `two days`, `an hour`."""
    first, second, *_ = (*texts, "", "")
    amount = _AMOUNT.fullmatch(first)
    number = int(amount[1]) if amount else NUMBERS.get(first)
    count, unit = (1, amount[2]) if amount and amount[2] else (2, second)
    if list(texts[:3]) == ["half", "an", "hour"] or (number is not None and unit in _SHORT):
        raise RefusedError(_TOO_SHORT)
    if number is None:
        return None
    if unit not in _HOURS:
        return None
    hours = number * _HOURS[unit]
    if not 1 <= hours <= MOST_HOURS:
        raise RefusedError(f"`{' '.join(texts[:count])}` is out of range. Type `1h` to `{MOST_HOURS}h`.")
    return count, SnoozeLength(SnoozeEnd.HOURS, hours)
