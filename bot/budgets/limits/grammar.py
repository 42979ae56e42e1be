"""The grammar of `budget`: `@ana 800/month until:2026-11-30 reason:"pentest"`, `default remove month`."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.budgets.limits.durations import with_duration
from bot.budgets.limits.instruction_line import EVERY, line_of
from bot.budgets.limits.instructions import BudgetInstruction, LimitInstruction, RemovalInstruction, RequestInstruction
from bot.budgets.limits.last_days import with_last_day
from bot.budgets.limits.reasons import with_reason
from bot.budgets.limits.unclear_line import UnclearLineError
from bot.budgets.periods import UNITS
from bot.budgets.scopes import SCOPES
from bot.domain.access import RefusedError
from bot.domain.formatting import short_date
from bot.domain.money import AmbiguousAmountError, AmountError, typed_nanos
from bot.domain.narrowing import TaskNarrowing
from bot.domain.periods import LAST_YEAR, Unit, day_start, local_day
from bot.domain.query.errors import UnclosedQuoteError, WhenError, quoted
from bot.domain.query.question import quote
from bot.domain.query.spelling import nearest
from bot.domain.query.tokens import Token, clean, outside_quotes, split
from bot.domain.query.when import PointInTime
from bot.domain.query.when_parser import parse_edge
from bot.domain.text import without_owner

REASON = 200  # characters, at most
_ADVERBS = {"daily": Unit.DAY, "weekly": Unit.WEEK, "monthly": Unit.MONTH}
_PERIODS = "|".join([*_ADVERBS, *(f"{unit.value}s?" for unit in UNITS)])
_CURRENCY = r"k|cr|credits?|usd|dollars?|bucks?| (?:cr|credits?|usd|dollars?|bucks?)"
_AMOUNT = re.compile(
    rf"(?<!\S)(?P<amount>[$€£¥]?\d[\d.,]*)(?P<currency>{_CURRENCY})?"
    rf"(?:(?: ?/ ?| (?:per|an?|each|every) | (?!\w+s(?!\S)))(?P<period>{_PERIODS}))?(?!\S)",  # not `3 days`
    re.IGNORECASE,
)
_PLAIN_NAME = re.compile(r"[\w.@'\- ]{1,60}")  # no mention
_USAGE = "Type `budget @ana 500/month`, `budget default 300/month` or `budget team 10000/month`."


NARROWING_KEYS = ("model", "status", "byok")
_NARROWED_TO = {"model": "opus", "status": "failed", "byok": "no"}
_BYOK: dict[tuple[str, ...], bool | None] = {(): None, ("yes",): True, ("no",): False}


class ZeroLimitError(RefusedError):
    """A limit is nothing."""

    def __init__(self) -> None:
        super().__init__("A budget must be more than $0.")


class AmbiguousLimitError(RefusedError):
    """A limit can be read in two ways; `readings` are how to type each, without a period, and `text` is the limit."""

    def __init__(self, text: str, readings: Sequence[str], suffix: str) -> None:
        one, other = (f"`{reading}{suffix}`" for reading in readings)
        super().__init__(f"`{text}` could mean two amounts. Type {one} or {other}.")
        self.text, self.readings = text, readings


def parse_instruction(line: str, now: datetime, zone: ZoneInfo) -> BudgetInstruction:
    """Return the instruction that follows the word `budget`.

    Raises:
        UnclearLineError: it may be one of several.
        RefusedError: there is none; the message says what is wrong, and what to type.
    """
    today = local_day(now, zone)
    try:
        with_end = with_duration(with_last_day(clean(line), today), _AMOUNT.pattern, today)
        words = split(_with_periods(with_reason(with_end, _AMOUNT.pattern)))
    except UnclosedQuoteError as error:
        raise RefusedError(f"{error} {_USAGE}") from None
    bare = [word for word in words if word.key is None]
    named = {word.key: word for word in words if word.key is not None}
    if unknown := set(named) - {"until", "reason", *NARROWING_KEYS}:
        raise RefusedError(
            f"I don't know `{named[min(unknown)].raw}`."
            " A budget takes only `until:`, `reason:`, `model:`, `status:` and `byok:`."
        )
    if {"remove", "unlimited"} & _bare(bare):
        return _removal(bare, named)
    return _setting(bare, named, now, zone)


def _with_periods(line: str) -> str:
    """Return a line in which `500 per month`, `500 monthly` and `500` alone read `500/month`; what is quoted stays."""
    return outside_quotes(line, lambda part: _AMOUNT.sub(_with_period, part))


def _with_period(found: re.Match[str]) -> str:
    currency, period = (found["currency"] or "").strip(), (found["period"] or "month").lower()
    unit = "" if currency.lower().startswith(("dollar", "buck")) else currency
    return f"{found['amount']}{unit}/{_ADVERBS.get(period, period)}"


def _removal(bare: Sequence[Token], named: dict[str, Token]) -> RemovalInstruction:
    rest = [word for word in bare if word.bare not in {"remove", "unlimited"}]
    units = [unit for word in rest if (unit := _unit(word.bare))]
    names = [word for word in rest if _unit(word.bare) is None]
    is_every = len(names) > 1 and EVERY in _bare(names)
    scopes = _names(bare, [word for word in names if not (is_every and word.bare == EVERY)])
    if len(scopes) != 1 or len(units) + is_every > 1 or "until" in named:
        near = next((meant for scope in scopes if (meant := nearest(scope, UNITS))), "month")
        raise RefusedError(f"To remove a budget, type whose and which: `budget @ana remove {near}`.")
    is_unlimited, unit = "remove" not in _bare(bare), units[0] if units else None
    return RemovalInstruction(scopes[0], unit, _reason(named), narrowing_by(named), is_unlimited, is_every)


def _bare(words: Sequence[Token]) -> set[str]:
    return {word.bare for word in words}


def _setting(
    bare: Sequence[Token], named: dict[str, Token], now: datetime, zone: ZoneInfo
) -> LimitInstruction | RequestInstruction:
    amounts = [word for word in bare if _is_amount(word)]
    rest = [word for word in bare if not _is_amount(word)]
    is_request = bool(rest) and rest[0].bare == "request"
    scopes = _names(bare, rest[1:] if is_request else rest)
    if misspelt := None if is_request else _misspelt(rest, with_amount=bool(amounts)):
        raise misspelt
    _check_counts(len(amounts), scopes, is_request=is_request)
    ends_at = parse_until(named["until"].values[0], now, zone) if "until" in named else None
    reason, narrowing = _reason(named), narrowing_by(named)
    if is_request and narrowing:
        raise RefusedError(f"You can only ask for a budget for all of your tasks, without `{narrowing}`.")

    def instruction(nanos: int, unit: Unit) -> LimitInstruction | RequestInstruction:
        if is_request:
            return RequestInstruction(nanos, unit, ends_at, reason)
        return LimitInstruction(scopes[0], nanos, unit, ends_at, reason, narrowing=narrowing)

    typed = amounts[0].values[0]
    try:
        return instruction(*parse_limit(typed))
    except ZeroLimitError as error:
        raise error if is_request else _with_removal(error, typed) from None
    except AmbiguousLimitError as error:
        period = typed.partition("/")[2]
        meant = [instruction(*parse_limit(f"{reading}/{period}")) for reading in error.readings]
        lines = [line_of(each, zone) for each in meant]
        raise UnclearLineError(f"`{error.text}` could mean two amounts.", lines) from None


def narrowing_by(named: Mapping[str, Token]) -> TaskNarrowing:
    """Return what the words `model:`, `status:` and `byok:`, by their keys, narrow a budget to, as they are typed.

    Raises:
        RefusedError: one has no value, or one that is none.
    """
    words = {key: named[key].values for key in NARROWING_KEYS if key in named}
    if empty := next((key for key, values in words.items() if not all(values)), None):
        raise RefusedError(f"`{empty}:` needs a value, such as `{empty}:{_NARROWED_TO[empty]}`.")
    byok = tuple(value.lower() for value in words.get("byok", ()))
    if byok not in _BYOK:
        raise RefusedError("`byok:` is `byok:yes` or `byok:no`.")
    return TaskNarrowing(words.get("model", ()), words.get("status", ()), _BYOK[byok])


def parse_narrowing(text: str) -> TaskNarrowing:
    """Return what a text such as `model:opus byok:no` narrows a budget to, as it is typed.

    Raises:
        RefusedError: it has other words, or a value that is none.
    """
    try:
        words = split(clean(text))
    except UnclosedQuoteError as error:
        raise RefusedError(str(error)) from None
    if unknown := next((word.raw for word in words if word.key not in NARROWING_KEYS), None):
        raise RefusedError(f"I don't know `{unknown}`. A budget can be narrowed by `model:`, `status:` and `byok:`.")
    return narrowing_by({word.key: word for word in words if word.key is not None})


def without_narrowing(words: Sequence[str]) -> tuple[list[str], TaskNarrowing]:
    """Return the words of a shell without those that narrow a budget, and what these narrow it to."""
    keys = tuple(f"{key}:" for key in NARROWING_KEYS)
    narrowing = parse_narrowing(" ".join(_quoted(word) for word in words if word.lower().startswith(keys)))
    return [word for word in words if not word.lower().startswith(keys)], narrowing


def _quoted(word: str) -> str:
    """Return a word of a shell, which has taken its quotes, as it would be typed in Slack."""
    key, _, value = word.partition(":")
    return f'{key}:"{value}"' if " " in value and "," not in value else word


def _with_removal(error: ZeroLimitError, limit: str) -> RefusedError:
    """Return the error about a limit of nothing with the words that remove the budget."""
    period = limit.partition("/")[2].strip()
    return RefusedError(
        f"{error} To remove it, type `remove {_unit(period.lower()) or period}` in place of the amount."
    )


def _names(bare: Sequence[Token], words: Sequence[Token]) -> list[str]:
    """Return the names that words are; plain ones side by side are one, such as `marcus delgado`, or `for marcus`."""
    if len(words) > 1 and words[0].bare == "for":
        words = words[1:]
    texts = [word.values[0] for word in words]
    are_plain = not any("@" in text or text.lower() in SCOPES for text in texts)
    places = [bare.index(word) for word in words]
    are_side_by_side = places == list(range(min(places, default=0), max(places, default=-1) + 1))
    is_one = texts and are_plain and are_side_by_side
    return [without_owner(name) for name in (re.split(r"(?i) (?:and|&) ", " ".join(texts)) if is_one else texts)]


def name_and_limit(words: Sequence[str]) -> tuple[str, str]:
    """Return the name that words of a shell begin with, and the limit behind it: `marcus delgado 500 per month`."""
    place = next((place for place, word in enumerate(words) if place and begins_amount(word)), 1)
    return " ".join(words[:place]), _with_periods(" ".join(words[place:]))


def limit_and_name(line: str) -> tuple[str, str]:
    """Return the limit in a line such as `500/month marcus delgado`, and the rest, which is a name or empty.

    Raises RefusedError if there is none.
    """
    found = _AMOUNT.search(line)
    if found is None:
        raise RefusedError("Type a limit to try, such as `backtest 500/month` or `backtest 500/month @ana`.")
    rest = f"{line[: found.start()]} {line[found.end() :]}"
    return _with_period(found), " ".join(rest.split())


def name_and_period(words: Sequence[str]) -> tuple[str, Unit | None]:
    """Return the name that words of a shell are, and the period at their end: `marcus delgado month`; None for `all`.

    Raises RefusedError if the last of several words is nearly a period, or stands behind a whole name.
    """
    *name, last = words
    if name and last.lower() == EVERY:
        return " ".join(name), None
    unit = _unit(last.lower()) if name else None
    is_whole = len(name) == 1 and ("@" in name[0] or name[0].lower() in SCOPES)
    if unit is None and name and (meant := nearest(last, UNITS) or ("month" if is_whole else None)):
        raise RefusedError(
            f"I don't know the period `{last}`. Type `neo-usage budget remove {' '.join(name)} {meant}`."
        )
    return (" ".join(name), unit) if unit is not None else (" ".join(words), None)


def _check_counts(amounts: int, scopes: Sequence[str], *, is_request: bool) -> None:
    """Raise RefusedError unless there is one limit, and one name (for a request none)."""
    if is_request and not amounts:
        raise RefusedError("The limit is missing. Type `budget request 800/month`, or `budget request` for a form.")
    if not amounts and len(scopes) == 1 and _PLAIN_NAME.fullmatch(scopes[0]):
        raise RefusedError(f"The limit is missing. Type, for example, `budget {quote(scopes[0])} 500/month`.")
    if amounts != 1:
        raise RefusedError(f"{'I can set one limit at a time' if amounts else 'The limit is missing'}. {_USAGE}")
    if is_request and scopes:
        raise RefusedError("You can only ask for your own budget. Type `budget request 800/month`.")
    if not is_request and len(scopes) != 1:
        raise RefusedError(
            f"{'I can set one budget at a time' if scopes else 'I need to know whose budget it is'}. {_USAGE}"
        )


def _misspelt(rest: Sequence[Token], *, with_amount: bool) -> RefusedError | None:
    """Return an error that suggests a keyword for a word that nearly is one; None if there is no such word."""
    for word in rest:
        text = word.values[0]
        meant = None if "@" in text else nearest(text, ("request", "team", "default") if with_amount else ("remove",))
        if meant is not None and text.lower() != meant:
            return RefusedError(f"I don't know `{text}`. Did you mean `{meant}`? {_MEANT[meant]}")
    return None


_MEANT = {
    "request": "Type `budget request 800/month`.",
    "remove": "Type `budget @ana remove month`.",
    "team": "Type `budget team 10000/month`.",
    "default": "Type `budget default 300/month`.",
}


def _is_amount(word: Token) -> bool:
    return begins_amount(word.values[0])


def begins_amount(text: str) -> bool:
    """Return whether a text begins as an amount does, or is a limit."""
    return "/" in text or text[:1].isdigit() or text[:1] in "$€£¥-+."


def _reason(named: dict[str, Token]) -> str | None:
    if "reason" not in named:
        return None
    return ", ".join(named["reason"].values)[:REASON] or None


def _unit(text: str) -> Unit | None:
    if text in _ADVERBS:
        return _ADVERBS[text]
    return next((unit for unit in UNITS if text in {unit.value, f"{unit.value}s"}), None)


def parse_limit(text: str) -> tuple[int, Unit]:
    """Return nanos and period of AMOUNT/PERIOD, such as `500/month`.

    Raises:
        RefusedError: one of them is missing or wrong, or the amount can be read in two ways.
    """
    amount, slash, period = text.partition("/")
    nanos = parse_amount(amount, f"/{period}" if _unit(period.strip().lower()) else "/month")
    if not slash:
        raise RefusedError(f"`{text}` needs a period. Type `{text}/day`, `{text}/week` or `{text}/month`.")
    unit = _unit(period.strip().lower())
    if unit is None:
        known, _, rest = period.partition(" ")
        if rest and _unit(known.lower()):
            raise RefusedError(f"I don't know `{rest}`. Type a limit alone, such as `{amount}/{known}`.")
        meant = nearest(period.strip(), UNITS) or "month"
        raise RefusedError(
            f"I don't know the period `{period}`. A budget is for a day, week or month: `{amount}/{meant}`."
        )
    return nanos, unit


def parse_amount(text: str, suffix: str = "") -> int:
    """Return the amount of a limit, in nanos; `suffix` is what follows it in the line to type.

    Raises:
        RefusedError: it is no amount, can be read in two ways (AmbiguousLimitError), or is zero (ZeroLimitError).
    """
    try:
        nanos = typed_nanos(text)
    except AmbiguousAmountError as error:
        raise AmbiguousLimitError(error.text, error.readings, suffix) from None
    except AmountError as error:
        raise RefusedError(str(error)) from None
    if nanos == 0:
        raise ZeroLimitError
    return nanos


def parse_until(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the end of the day that a text names.

    Raises:
        RefusedError: it is no date, or not in the future.
    """
    today = local_day(now, zone)
    if (moment := _midnight(text, zone)) is not None:  # as `budget list --json` shows the end of a day
        text = str(local_day(moment, zone) - timedelta(days=1))
    day = {"today": today, "tomorrow": today + timedelta(days=1)}.get(text.lower())
    if day is None:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise RefusedError(
                f"I don't know the day {quoted(text)}. Type one such as `{today + timedelta(days=7)}`."
            ) from None
    if day < today:
        raise RefusedError(f"{short_date(day, today)} is in the past. Pick a later day.")
    if day.year > LAST_YEAR:
        raise RefusedError(f"{short_date(day, today)} is too far in the future. Pick an earlier day.")
    return day_start(day + timedelta(days=1), zone)


def _midnight(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the moment that a text gives, if a day of the zone begins then; else None."""
    try:
        edge = parse_edge(text.lower())
    except WhenError:
        return None
    if not isinstance(edge, PointInTime):
        return None
    at = edge.at(zone)
    return at if at == day_start(local_day(at, zone), zone) else None
