"""The rules of booking: which charges a task's new price leads to, and when a row is doubtful."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from bot.domain.pricing import Price


class EntryKind(StrEnum):
    """Why a charge was booked."""

    FIRST = "first"  # an amount became known; booked when the task was created
    GROWTH = "growth"  # an amount grew; booked when it was observed
    RESTATED = "restated"  # the upstream lowered an amount; booked when it was observed, negative
    UNIT_CHANGED = "moved"  # a charge of zero: a known amount came to depend on the BYOK unit, or ceased to
    REPRICED = "repriced"  # the BYOK unit was changed; booked where the charge it corrects was


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A charge to be booked, in USD nanos, at a moment in microseconds since 1970.

    `platform_by_unit` and `provider_by_unit` are the parts of its amounts that rest on the BYOK unit.
    """

    kind: EntryKind
    platform_nanos: int
    provider_nanos: int
    booked_at: int
    platform_by_unit: int = 0
    provider_by_unit: int = 0


class Totals(msgspec.Struct, frozen=True, gc=False):
    """What a task's charges sum to; None where no amount was ever known."""

    platform_nanos: int | None
    provider_nanos: int | None
    platform_by_unit: int = 0
    provider_by_unit: int = 0


class Change(msgspec.Struct, frozen=True, gc=False):
    """What a new price does to a task: its totals and the charges.

    `withdrawn`: an amount is no longer known; `restated`: one was lowered; `grown`: one was added to or became known.
    """

    totals: Totals
    entries: tuple[Entry, ...]
    withdrawn: bool = False
    restated: bool = False
    grown: bool = False


NOTHING_KNOWN = Totals(None, None)
_STILL_UNKNOWN = Change(NOTHING_KNOWN, ())


def change(stored: Totals, price: Price, *, created_at: int, observed_at: int, key_changed: bool = False) -> Change:
    """Return what a task's new price changes in what is stored.

    Amount by amount: what becomes known is booked at `created_at`, growth and decrease at `observed_at`;
    what is no longer known stays as it was. If the API key changed from Neo's to an own one or back (`key_changed`),
    the cost may have passed from one amount to the other: an amount that is absent beside a known one is then zero.
    """
    if stored.platform_nanos is None and stored.provider_nanos is None:
        return _first(price, created_at)  # by far the most frequent case, and the whole rule for it
    absent = 0 if key_changed and price.is_known else None
    platform = _amount_change(
        stored.platform_nanos, price.platform_nanos, absent, price.platform_by_unit - stored.platform_by_unit
    )
    provider = _amount_change(
        stored.provider_nanos, price.provider_nanos, absent, price.provider_by_unit - stored.provider_by_unit
    )
    kinds = {platform.kind, provider.kind}
    return Change(
        Totals(platform.total, provider.total),
        tuple(_entries(platform, provider, created_at, observed_at)),
        withdrawn=platform.withdrawn or provider.withdrawn,
        restated=EntryKind.RESTATED in kinds,
        grown=bool(kinds & {EntryKind.FIRST, EntryKind.GROWTH}),
    )


def _first(price: Price, created_at: int) -> Change:
    if not price.is_known:
        return _STILL_UNKNOWN
    entry = Entry(
        EntryKind.FIRST,
        price.platform_nanos or 0,
        price.provider_nanos or 0,
        created_at,
        price.platform_by_unit,
        price.provider_by_unit,
    )
    return Change(Totals(price.platform_nanos, price.provider_nanos), (entry,), grown=True)


@dataclass(frozen=True, slots=True)
class _AmountChange:
    """What happened to one amount: its total, and by how much it and the part that rests on the BYOK unit changed."""

    total: int | None
    by_unit: int
    kind: EntryKind | None = None
    difference: int = 0
    withdrawn: bool = False

    def part(self, kind: EntryKind) -> tuple[int, int]:
        """Return the change and its part by unit, as far as an entry of that kind books them."""
        return (self.difference, self.by_unit) if self.kind is kind else (0, 0)

    @property
    def unit_difference(self) -> int:
        """The change of the part that depends on the BYOK unit, where the amount itself is known and unchanged."""
        return 0 if self.kind is not None or self.withdrawn else self.by_unit


def _amount_change(stored: int | None, now: int | None, absent: int | None, by_unit: int) -> _AmountChange:
    if now is None and stored is not None:
        now = absent
    if now is None:
        return _AmountChange(stored, by_unit, withdrawn=stored is not None)
    if stored is None:
        return _AmountChange(now, by_unit, EntryKind.FIRST, now)
    if now > stored:
        return _AmountChange(now, by_unit, EntryKind.GROWTH, now - stored)
    if now < stored:
        return _AmountChange(now, by_unit, EntryKind.RESTATED, now - stored)
    return _AmountChange(now, by_unit)


def _entries(platform: _AmountChange, provider: _AmountChange, created_at: int, observed_at: int) -> Iterator[Entry]:
    for kind in (EntryKind.FIRST, EntryKind.GROWTH, EntryKind.RESTATED):
        if kind in {platform.kind, provider.kind}:
            platform_nanos, platform_by_unit = platform.part(kind)
            provider_nanos, provider_by_unit = provider.part(kind)
            booked_at = created_at if kind is EntryKind.FIRST else observed_at
            yield Entry(kind, platform_nanos, provider_nanos, booked_at, platform_by_unit, provider_by_unit)
    if platform.unit_difference or provider.unit_difference:
        yield Entry(EntryKind.UNIT_CHANGED, 0, 0, observed_at, platform.unit_difference, provider.unit_difference)


@dataclass(frozen=True, slots=True)
class KnownTask:
    """What is stored of a task, which a clipped copy of it would contradict."""

    totals: Totals
    created_at: int
    stream_count: int | None


_ROUNDED = 1  # microsecond by which older ledgers may hold too much: finer fractions were rounded up


def is_doubtful(
    stored: KnownTask | None, price: Price, *, created_at: int, stream_count: int | None, window_from: int | None
) -> bool:
    """Return whether a listed row may be a part of its task, cut by what `from` and `to` happen to filter on.

    Created before the window, at another time than stored, or smaller than stored in cost or streams: such a row
    is read again alone. What the filters look at is undocumented; this is right in every case.
    """
    if window_from is not None and created_at < window_from:
        return True
    if stored is None:
        return False
    return (
        abs(created_at - stored.created_at) > _ROUNDED
        or (stored.stream_count or 0) > (stream_count or 0)
        or _below(price.platform_nanos, stored.totals.platform_nanos)
        or _below(price.provider_nanos, stored.totals.provider_nanos)
    )


def _below(now: int | None, stored: int | None) -> bool:
    return stored is not None and (now is None or now < stored)
