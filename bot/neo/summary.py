"""The upstream's summary of usage, decoded leniently: its own totals of a window, and the credits that are left."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any, TypeVar

from bot.domain.rfc3339 import read_timestamp
from bot.domain.tasks import normalized_email
from bot.domain.usage_total import NO_USAGE, UsageTotal
from bot.neo.created_at import readable_creation_time
from bot.neo.lenient import whole_number_up_to
from bot.neo.page import NotAPageError
from bot.neo.raw_json import raw_json

Key = TypeVar("Key")

_MOST_CREDITS = Decimal(10) ** 12  # of a team, ever; what is more is no amount
_MOST_TASKS = 2**53  # what JSON numbers carry exactly
_LONGEST_NUMBER = 400  # characters of a number that is written as text
_PLACES = 40  # of an amount that are kept, far more than matter
_LAST_PLACE = Decimal(1).scaleb(-_PLACES)
_ROUNDING = Context(prec=60)  # enough for the largest amount with all of them
_DAY = len("2026-03-02")


class NotASummaryError(ValueError):
    """The text is not a summary of the upstream; the message says what it is, without quoting it."""


@dataclass(frozen=True, slots=True)
class ByokTotal:
    """What tasks on keys of the team's own cost: the model's cost and Neo's, in the upstream's unit."""

    llm_cost: Decimal
    neo_cost: Decimal
    tasks: int

    def __sub__(self, other: "ByokTotal") -> "ByokTotal":
        return ByokTotal(self.llm_cost - other.llm_cost, self.neo_cost - other.neo_cost, self.tasks - other.tasks)


@dataclass(frozen=True, slots=True)
class CreditBalance:
    """The credits of a team, as the upstream says; None is what it does not say."""

    available: Decimal
    issued: Decimal | None = None
    used_since_reset: Decimal | None = None
    last_reset: datetime | None = None
    expires_at: datetime | None = None
    is_expired: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """The upstream's totals of a window.

    `by_day` is by UTC day, None unless asked for; `by_email` by normalized e-mail; `byok` and `balance` are None where
    the upstream does not say.
    """

    total: UsageTotal
    by_day: Mapping[date, UsageTotal] | None = None
    by_email: Mapping[str, UsageTotal] | None = None
    byok: ByokTotal | None = None
    balance: CreditBalance | None = None

    def without(self, part: "Summary") -> "Summary":
        """Return the totals without those of a part of the window, days as they are; nobody is left with no tasks."""
        by_email, part_by_email = self.by_email, part.by_email or {}
        if by_email is not None:
            left = {email: total - part_by_email.get(email, NO_USAGE) for email, total in by_email.items()}
            by_email = {email: total for email, total in left.items() if total.tasks or not by_email[email].tasks}
        byok = self.byok if self.byok is None or part.byok is None else self.byok - part.byok
        return replace(self, total=self.total - part.total, by_email=by_email, byok=byok)


NOTHING = Summary(NO_USAGE)


def decode_summary(body: bytes, *, by_day: bool) -> Summary:
    """Return the summary that a body holds; amounts are exact, however they are written.

    Each has as many decimals as the one that has most: JSON leaves out zeros at the end, so that an amount alone does
    not say how far it is rounded.

    The total must be there and, with `by_day`, every day. What else cannot be read is left out.

    Raises:
        NotASummaryError: it is not the upstream's summary.
    """
    try:
        raw = raw_json(body)
    except NotAPageError as error:
        raise NotASummaryError(str(error)) from error
    if not isinstance(raw, dict):
        raise NotASummaryError("it is no object")
    total = _total(raw, "total_neo_credits", "total_tasks")
    if total is None:
        raise NotASummaryError("it has no `total_neo_credits` and `total_tasks`")
    return _alike(Summary(total, _days(raw) if by_day else None, _members(raw), _byok(raw), _balance(raw)))


def _alike(summary: Summary) -> Summary:
    """Return a summary whose totals all have as many decimals as the one that has most."""
    by_day, by_email, byok = summary.by_day, summary.by_email, summary.byok
    totals = [summary.total, *(by_day or {}).values(), *(by_email or {}).values()]
    amounts = [*(each.credits for each in totals), *(() if byok is None else (byok.llm_cost, byok.neo_cost))]
    last_place = Decimal(1).scaleb(min(0, *map(_exponent, amounts)))

    def padded(amount: Decimal) -> Decimal:
        return _ROUNDING.quantize(amount, last_place)

    def all_padded(given: Mapping[Key, UsageTotal] | None) -> Mapping[Key, UsageTotal] | None:
        return given and {key: UsageTotal(padded(each.credits), each.tasks) for key, each in given.items()}

    return replace(
        summary,
        total=UsageTotal(padded(summary.total.credits), summary.total.tasks),
        by_day=all_padded(by_day),
        by_email=all_padded(by_email),
        byok=byok and ByokTotal(padded(byok.llm_cost), padded(byok.neo_cost), byok.tasks),
    )


def _exponent(amount: Decimal) -> int:
    return int(amount.as_tuple().exponent)


# --- totals --------------------------------------------------------------------------------------


def _days(raw: Mapping[str, Any]) -> Mapping[date, UsageTotal]:
    days = _sums(raw.get("by_period"), "date", _day)
    if days is None:
        raise NotASummaryError("it has no `by_period` by day")
    return days


def _members(raw: Mapping[str, Any]) -> Mapping[str, UsageTotal] | None:
    return _sums(raw.get("by_email"), "email", _email)


def _sums(rows: object, name: str, key_of: Callable[[object], Key | None]) -> Mapping[Key, UsageTotal] | None:
    """Return the totals of rows by their key, added where a key comes twice; None if any row cannot be read."""
    if not isinstance(rows, list):
        return None
    sums: dict[Key, UsageTotal] = {}
    for row in rows:
        total = _total(row, "neo_credits", "tasks") if isinstance(row, dict) else None
        key = key_of(row.get(name)) if isinstance(row, dict) else None
        if total is None or key is None:
            return None
        sums[key] = sums[key] + total if key in sums else total
    return sums


def _total(row: Mapping[str, Any], credits_name: str, tasks_name: str) -> UsageTotal | None:
    amount, tasks = _amount(row.get(credits_name)), _count(row.get(tasks_name))
    return None if amount is None or tasks is None or amount < 0 else UsageTotal(amount, tasks)


def _byok(raw: Mapping[str, Any]) -> ByokTotal | None:
    byok = raw.get("byok")
    if not isinstance(byok, dict):
        return None
    llm_cost, neo_cost = _amount(byok.get("total_llm_cost")), _amount(byok.get("total_neo_cost"))
    tasks = _count(byok.get("total_tasks"))
    return None if llm_cost is None or neo_cost is None or tasks is None else ByokTotal(llm_cost, neo_cost, tasks)


def _balance(raw: Mapping[str, Any]) -> CreditBalance | None:
    available = _amount(raw.get("total_available_neo_credits"))
    if available is None:
        return None
    return CreditBalance(
        available=available,
        issued=_amount(raw.get("total_issued_neo_credits")),
        used_since_reset=_amount(raw.get("total_neo_credits_post_reset")),
        last_reset=readable_creation_time(raw.get("last_credit_reset")),
        expires_at=readable_creation_time(raw.get("neo_credits_expires_at")),
        is_expired=raw.get("neo_credits_is_expired") is True,
    )


# --- single values -------------------------------------------------------------------------------


def _amount(value: object) -> Decimal | None:
    """Return a finite amount, written as a number or as text; None for anything else."""
    if isinstance(value, str):
        value = _decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    amount = Decimal(value)
    # compared as it is: arithmetic fails at exponents that only a text can have
    if not amount.is_finite() or not -_MOST_CREDITS <= amount <= _MOST_CREDITS:
        return None
    exponent = int(amount.as_tuple().exponent)
    return amount if -_PLACES <= exponent <= _PLACES else _ROUNDING.quantize(amount, _LAST_PLACE)


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text) if text.isascii() and len(text) <= _LONGEST_NUMBER else None
    except ArithmeticError:
        return None


def _count(value: object) -> int | None:
    """Return a whole number of tasks; None for anything else, one with a fraction included."""
    number = whole_number_up_to(value, _MOST_TASKS)
    return number if number is not None and _amount(value) == number else None


def _day(value: object) -> date | None:
    """Return the day of a date, or of the moment in UTC at which it begins; None if it is neither."""
    if not isinstance(value, str):
        return None
    try:
        if len(value) == _DAY:
            return date.fromisoformat(value)
        timestamp = read_timestamp(value.strip())
        return None if timestamp is None else timestamp.utc.date()
    except ValueError:
        return None


def _email(value: object) -> str | None:
    return "" if value is None else normalized_email(value) if isinstance(value, str) else None
