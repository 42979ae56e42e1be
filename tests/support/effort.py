"""How much a run of the suite tries: `make test` a sample, `make soak` (THOROUGH=1) everything."""

import os
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, settings

THOROUGH = os.environ.get("THOROUGH") == "1"
SHARE = 8  # of a law's examples, one in so many is enough for each change
FEWEST = 6  # examples of a law, however few are tried thoroughly: each of a ledger's takes a third of a second
ON_SERVER = 3  # of those, one in so many on PostgreSQL: what differs there is in single statements, which have tests


def amount(thorough: int, usual: int) -> int:
    """Return how often to try."""
    return thorough if THOROUGH else usual


ON_A_LOADED_MACHINE = [HealthCheck.too_slow]  # it takes long to make even what is small
# each example takes an empty ledger of its own and gives it back
WITH_LEDGERS = {"suppress_health_check": [HealthCheck.function_scoped_fixture]}


def examples(count: int, **more: Any) -> settings:
    """Return Hypothesis's settings for a law with so many examples when it is tried thoroughly."""
    return _settings(amount(count, max(FEWEST, count // SHARE)), **more)


def examples_on(engine: str, count: int, **more: Any) -> settings:
    """Return such settings for a law about ledgers on an engine."""
    usual = max(FEWEST, count // SHARE)
    return _settings(amount(count, usual if engine == "sqlite" else usual // ON_SERVER), **more)


def _settings(count: int, suppress_health_check: Sequence[HealthCheck] = (), **more: Any) -> settings:
    suppressed = [*suppress_health_check, *ON_A_LOADED_MACHINE]
    return settings(max_examples=count, deadline=None, suppress_health_check=suppressed, **more)
