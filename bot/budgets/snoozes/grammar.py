"""The grammar of `snooze`: `snooze [@user] 1h|today|period [reason]`."""

from dataclasses import dataclass

from bot.budgets.snoozes.length import MOST_HOURS, SnoozeEnd, SnoozeLength
from bot.domain.access import RefusedError
from bot.domain.query.errors import UnclosedQuoteError
from bot.domain.query.spelling import nearest
from bot.domain.query.tokens import Token, clean, split

_REASON = 200  # characters, at most


@dataclass(frozen=True, slots=True)
class SnoozeInstruction:
    """A snooze as it was typed: whose budgets (None: one's own), for how long, and why."""

    whose: str | None
    length: SnoozeLength
    reason: str | None


def parse_snooze(text: str) -> SnoozeInstruction:
    """Return the instruction of a line that begins with the word `snooze`.

    Raises:
        RefusedError: there is none; the message says what to type.
    """
    words = _words(text)
    for place, word in enumerate(words[:2]):
        length = _length(word)
        if length is not None:
            reason = " ".join(each.raw.strip('"') for each in words[place + 1 :])
            return SnoozeInstruction(words[0].values[0] if place else None, length, reason[:_REASON] or None)
    near = next((meant for word in words[:2] if (meant := nearest(word.values[0], ("today", "period")))), None)
    hint = f"Did you mean `snooze {near}`? " if near else ""
    raise RefusedError(f"{hint}For how long? `snooze 1h`, `snooze today`, or `snooze period` until it starts again.")


def _words(text: str) -> list[Token]:
    line = clean(text)
    try:
        return list(split(line)[1:])
    except UnclosedQuoteError:
        return list(split(line.replace('"', ""))[1:])


def _length(word: Token) -> SnoozeLength | None:
    """Return the length that a word gives, None if it gives none. Raises RefusedError if it is out of range."""
    if word.bare in {SnoozeEnd.DAY, SnoozeEnd.PERIOD}:
        return SnoozeLength(SnoozeEnd(word.bare))
    hours = word.bare.removesuffix("h")
    if not word.bare.endswith("h") or not hours.isascii() or not hours.isdigit():
        return None
    if not 1 <= int(hours[:6]) <= MOST_HOURS:
        raise RefusedError(f"`{word.values[0]}`: from `1h` to `{MOST_HOURS}h`.")
    return SnoozeLength(SnoozeEnd.HOURS, int(hours))
