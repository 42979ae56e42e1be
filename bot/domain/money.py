"""Money: integers of USD nanos, and the only place where amounts enter and leave that form."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact

NANOS_PER_USD = 1_000_000_000  # google.type.Money's unit
NANOS_PER_CREDIT = 10 * NANOS_PER_USD  # 1 Neo credit = 10 USD
NANOS_PER_CENT = NANOS_PER_USD // 100

# A single amount above this is a fault of the upstream, not a price: 1,000,000 USD, or credits worth as much.
# It also keeps sums of nine thousand such amounts inside SQLite's 64-bit integers.
ABSURD_USD = 1_000_000
MOST_TYPED_USD = 10_000_000  # as a limit; times any step it stays inside 64 bits

_WIDE = Context(prec=60, traps=[Inexact])  # holds the product of any usual amount exactly
_ABSURD = {unit: Decimal(ABSURD_USD * NANOS_PER_USD) / unit for unit in (NANOS_PER_USD, NANOS_PER_CREDIT)}


class AmountError(ValueError):
    """An amount that cannot be money: not finite, negative or absurdly large."""


def nanos(amount: Decimal, nanos_per_unit: int) -> int:
    """Return an upstream amount in USD nanos, rounded half-even once.

    Args:
        amount: what the upstream sent, exact.
        nanos_per_unit: NANOS_PER_USD or NANOS_PER_CREDIT.

    Raises:
        AmountError: not finite, negative, or above ABSURD_USD.
    """
    if not amount.is_finite():
        raise AmountError(f"{amount} is not an amount")
    if amount < 0:
        raise AmountError("a negative amount")
    if amount > _ABSURD[nanos_per_unit]:
        raise AmountError(f"an amount above ${ABSURD_USD:,}")
    # the product must be exact before the one rounding, however many digits the upstream sent
    try:
        product = _WIDE.multiply(amount, nanos_per_unit)
    except Inexact:
        product = Context(prec=len(amount.as_tuple().digits) + 24).multiply(amount, nanos_per_unit)
    return int(product.to_integral_value(ROUND_HALF_EVEN))


def nanos_of_credits(amount: Decimal) -> int:
    """Return Neo credits of a whole team in USD nanos, of any sign and size, rounded half-even once."""
    return int((amount * NANOS_PER_CREDIT).to_integral_value(ROUND_HALF_EVEN))


class AmbiguousAmountError(AmountError):
    """An amount that is read differently in different countries; `readings` are how to type each, `$` included."""

    def __init__(self, text: str, readings: Sequence[str]) -> None:
        one, other = readings
        super().__init__(f"`{text}` could mean two amounts. Type `{one}` or `{other}`.")
        self.text, self.readings = text, tuple(readings)


_TYPED = re.compile(r"(?ai)\$?\s?([1-9]\d{0,2}(?:,\d{3}){1,4}|\d{1,15})?(\.\d{1,12})?\s?(cr|credits?|usd)?")
_GROUPED_BY_DOTS = re.compile(r"(?ai)(\$?\s?)([1-9]\d{0,2})\.(\d{3})(\s?(?:cr|credits?|usd)?)")


def typed_nanos(text: str) -> int:
    """Return the nanos of an amount as somebody typed it: `500`, `$1,500.50`, `50cr` (credits).

    Commas group digits by three, a dot begins the fraction. `10.000` is ten in some countries and ten thousand in
    others: it is refused as ambiguous, never guessed.

    Raises:
        AmbiguousAmountError: it can be read in two ways.
        AmountError: it is no amount of dollars or credits, finer than a nano, or above MOST_TYPED_USD.
    """
    text = text.strip()
    if grouped := _GROUPED_BY_DOTS.fullmatch(text):
        raise AmbiguousAmountError(text, _readings(*grouped.groups()))
    amount = _typed_amount(text)
    if not text:
        raise AmountError("An amount is missing. Type dollars (`500`, `$1,500.50`) or Neo credits (`50cr`).")
    if amount is None:
        raise AmountError(f"`{text}` isn't an amount. Type dollars (`500`, `$1,500.50`) or Neo credits (`50cr`).")
    if amount > MOST_TYPED_USD * NANOS_PER_USD:
        raise AmountError(f"`{text}` is more than ${MOST_TYPED_USD:,}. Is there a digit too many?")
    if amount != amount.to_integral_value():
        raise AmountError(f"`{text}` is finer than a billionth of a dollar.")
    return int(amount)


def _typed_amount(text: str) -> Decimal | None:
    """Return the nanos of a text that is not ambiguous; None if it is no amount of dollars or credits."""
    match = _TYPED.fullmatch(text)
    if not match or not (match[1] or match[2]):
        return None
    in_credits = (match[3] or "").lower().startswith("c")
    if in_credits and "$" in text:
        return None
    number = Decimal((match[1] or "0").replace(",", "") + (match[2] or ""))
    return number * (NANOS_PER_CREDIT if in_credits else NANOS_PER_USD)


def _readings(sign: str, whole: str, digits: str, unit: str) -> tuple[str, str]:
    """Return how to type each meaning of an ambiguous amount: without the dot, or with not three digits after it."""
    fraction = digits.rstrip("0").ljust(2, "0")
    if len(fraction) == len(digits):
        fraction += "0"
    return f"{sign}{whole}{digits}{unit}", f"{sign}{whole}.{fraction}{unit}"


def median_nanos(amounts: Sequence[int]) -> int:
    """Return the median of at least one amount; of two in the middle, their mean rounded down to a nano."""
    ordered, middle = sorted(amounts), len(amounts) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) // 2


def divided_nanos(amount_nanos: int, number: int) -> int:
    """Return an amount divided by a positive number, to the nearest nano; a half goes to the even one."""
    whole, rest = divmod(amount_nanos, number)
    return whole + (2 * rest > number or (2 * rest == number and whole % 2 == 1))


def usd_text(amount_nanos: int) -> str:
    """Return the exact decimal of an amount in USD: nine places, no grouping (`-0.000000001`)."""
    whole, part = divmod(abs(amount_nanos), NANOS_PER_USD)
    return f"{'-' if amount_nanos < 0 else ''}{whole}.{part:09d}"


def exact_limit(amount_nanos: int) -> str:
    """Return an amount that somebody set, exactly and as it is typed: `$10,000`, `$87.50`, `$1.1250`."""
    whole, _, fraction = usd_text(amount_nanos).partition(".")
    digits = fraction.rstrip("0")
    if len(digits) in {1, 3}:  # three are ambiguous
        digits += "0"
    return f"${int(whole):,}{'.' if digits else ''}{digits}"


def credits_text(amount_nanos: int) -> str:
    """Return the exact decimal of an amount in Neo credits, with at least two places (`41.23`)."""
    whole, part = divmod(abs(amount_nanos), NANOS_PER_CREDIT)
    places = f"{part:010d}".rstrip("0").ljust(2, "0")
    return f"{'-' if amount_nanos < 0 else ''}{whole}.{places}"


def show_usd(amount_nanos: int) -> str:
    """Return an amount for people, to the cent: `$1,234.56`, `-$3.10`, `<$0.01` for what is less than a cent."""
    sign = "-" if amount_nanos < 0 else ""
    if 0 < abs(amount_nanos) < NANOS_PER_CENT:
        return f"{sign}<$0.01"
    return f"{sign}${_rounded(abs(amount_nanos), NANOS_PER_CENT):,.2f}"


def usd_of_chart(amount_nanos: int) -> float:
    """Return an amount as a point of a chart: the dollars and cents that `show_usd` shows, less than a cent as 0."""
    return float(_rounded(amount_nanos, NANOS_PER_CENT))


def show_limit(amount_nanos: int) -> str:
    """Return an amount that somebody set, without cents if there are none: `$500`, `$87.50`."""
    return show_usd(amount_nanos).removesuffix(".00")


def show_credits(amount_nanos: int) -> str:
    """Return an amount in Neo credits for people: `41.23 credits`, `<0.01 credits`."""
    sign = "-" if amount_nanos < 0 else ""
    if 0 < abs(amount_nanos) < NANOS_PER_CREDIT // 100:
        return f"{sign}<0.01 credits"
    return f"{sign}{_rounded(abs(amount_nanos), NANOS_PER_CREDIT // 100):,.2f} credits"


def _rounded(amount_nanos: int, hundredth: int) -> Decimal:
    hundredths = (Decimal(amount_nanos) / hundredth).to_integral_value(ROUND_HALF_EVEN)
    return hundredths / 100
