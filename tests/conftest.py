"""The fixtures of the whole suite stand in `tests/support/`; here is how it is run."""

import gc
import os
import sys

import pytest
from hypothesis import settings

from bot.unused_objects import put_off_the_search
from tests.support.effort import ON_A_LOADED_MACHINE
from tests.support.order import longest_first

pytest_plugins = ("tests.support.engines", "tests.support.postgres", "tests.support.fixtures")

settings.register_profile("on any machine", suppress_health_check=ON_A_LOADED_MACHINE)
settings.load_profile("on any machine")

put_off_the_search()  # while what is imported and collected only grows

# httpcore asks for it at every request: where it is not installed, the search of the whole path is an eighth of a test
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]


def pytest_xdist_auto_num_workers() -> int:
    """Return half as many again as there are processors: part of the time, tests wait for servers and processes."""
    return (3 * (os.cpu_count() or 1) + 1) // 2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the tests marked `long`; the others stay in the random order that they were given."""
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = longest_first(items, lambda item: item.get_closest_marker("long") is not None, workers)


def pytest_collection_finish() -> None:
    """Look for unused objects more rarely, and never among those that stay: that took an eighth of the tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
