"""Moments as the database has them."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.timestamps import from_us, optional_from_us, optional_to_us, to_us


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_a_moment_comes_back_to_the_microsecond(moment: datetime) -> None:
    assert from_us(to_us(moment)) == moment
    assert optional_from_us(optional_to_us(moment)) == moment


def test_it_is_counted_from_1970_in_utc() -> None:
    assert to_us(datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == 0
    assert from_us(1).isoformat() == "1970-01-01T00:00:00.000001+00:00"


def test_none_is_none() -> None:
    assert (optional_to_us(None), optional_from_us(None)) == (None, None)
    assert optional_from_us(0) == datetime(1970, 1, 1, tzinfo=UTC)
