"""Values for statements that take no more than so many."""

import pytest

from bot.database.chunks import chunks


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], []), ([1], [[1]]), ([1, 2], [[1, 2]]), ([1, 2, 3, 4, 5], [[1, 2], [3, 4], [5]])],
)
def test_values_come_in_their_order_and_no_more_at_once_than_allowed(
    values: list[int], expected: list[list[int]]
) -> None:
    assert list(chunks(values, 2)) == expected
    assert list(chunks(iter(values), 2)) == expected
