"""The grammar of `snooze`: `snooze [@user] 1h|today|period [reason]`, and `snooze [@user] off`."""

import re
from dataclasses import dataclass

from bot.budgets.snoozes.length import MOST_HOURS, SnoozeEnd, SnoozeLength
from bot.domain.access import RefusedError
from bot.domain.query.errors import UnclosedQuoteError
from bot.domain.query.spelling import nearest
from bot.domain.query.tokens import Token, clean, split

_REASON = 200  # characters, at most
_OFF = "off"
_HOURS = {"h": 1, "d": 24, "w": 24 * 7}
_BEFORE = r"(?ai)^(?P<before>snooze(?: \S+)?? )(?:for )?"  # the length is the first word, or the second
_AMOUNT = re.compile(rf"{_BEFORE}(?P<number>\d{{1,6}}|an?) ?(?P<unit>hours?|hrs?|days?|d|weeks?|w)(?!\S)")
_TODAY = re.compile(rf"{_BEFORE}(?:until tomorrow|the rest of the day|the day)(?!\S)")


@dataclass(frozen=True, slots=True)
class SnoozeInstruction:
    """A snooze as it was typed: whose budgets (None: one's own), for how long (None: it ends now), and why."""

    whose: str | None
    length: SnoozeLength | None
    reason: str | None


def parse_snooze(text: str) -> SnoozeInstruction:
    """Return the instruction of a line that begins with the word `snooze`.

    Raises:
        RefusedError: there is none; the message says what to type.
    """
    line = clean(text)
    for said in (line, _in_hours(line)):
        if (instruction := _instruction(_words(said))) is not None:
            return instruction
    words = _words(line)
    near = next((meant for word in words[:2] if (meant := nearest(word.values[0], ("today", "period")))), None)
    hint = f"Did you mean `snooze {near}`? " if near else ""
    snooze = f"snooze {words[0].values[0]}" if len(words) == 1 and _is_name(words[0]) and not near else "snooze"
    raise RefusedError(
        f"{hint}Type how long: `{snooze} 1h`, `{snooze} today`, or `{snooze} period` (until the budget resets)."
    )


def _is_name(word: Token) -> bool:
    return word.key is None and word.values[0].removeprefix("@").isalpha()


def _instruction(words: list[Token]) -> SnoozeInstruction | None:
    for place, word in enumerate(words[:2]):
        whose = words[0].values[0] if place else None
        if word.bare == _OFF and len(words) == place + 1:
            return SnoozeInstruction(whose, None, None)
        length = _length(word)
        if length is not None:
            reason = " ".join(each.raw.strip('"') for each in words[place + 1 :])
            return SnoozeInstruction(whose, length, reason[:_REASON] or None)
    return None


def _words(line: str) -> list[Token]:
    try:
        return list(split(line)[1:])
    except UnclosedQuoteError:
        return list(split(line.replace('"', ""))[1:])


def _in_hours(line: str) -> str:
    """Return a line in which `for 2 hours` reads `2h`, and `until tomorrow` reads `today`."""
    line = _TODAY.sub(r"\g<before>today", line, count=1)
    return _AMOUNT.sub(lambda found: f"{found['before']}{_hours(found['number'], found['unit'])}h", line, count=1)


def _hours(number: str, unit: str) -> int:
    count = int(number) if number.isdecimal() else 1
    return count * next(hours for name, hours in _HOURS.items() if unit.lower().startswith(name))


def _length(word: Token) -> SnoozeLength | None:
    """Return the length that a word gives, None if it gives none. Raises RefusedError if it is out of range."""
    if word.bare in {SnoozeEnd.DAY, SnoozeEnd.PERIOD}:
        return SnoozeLength(SnoozeEnd(word.bare))
    hours = word.bare.removesuffix("h")
    if not word.bare.endswith("h") or not hours.isascii() or not hours.isdigit():
        return None
    if not 1 <= int(hours[:6]) <= MOST_HOURS:
        raise RefusedError(f"`{word.values[0]}` is out of range. Type `1h` to `{MOST_HOURS}h`.")
    return SnoozeLength(SnoozeEnd.HOURS, int(hours))
