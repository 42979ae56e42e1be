"""The order of the suite: long tests come first, and none is lost or run twice."""

import pytest

from tests.support.order import longest_first


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 7, 20])
@pytest.mark.parametrize("count", [0, 1, 9, 20])
def test_each_worker_begins_with_long_tests_and_each_test_runs_once(workers: int, count: int) -> None:
    tests = list(range(count))
    ordered = longest_first(tests, lambda each: each % 4 == 0, workers)
    assert sorted(ordered) == tests
    assert [each for each in ordered if each % 4] == [each for each in tests if each % 4]


def test_the_stretch_of_each_worker_opens_with_its_long_ones() -> None:
    ordered = longest_first("abcABdeCf", str.isupper, 3)
    assert "".join(ordered) == "AabBcdCef"
