"""How much a run of the suite tries: `make test` a sample, `make soak` (THOROUGH=1) everything."""

import os
from typing import Any

from hypothesis import HealthCheck, settings

THOROUGH = os.environ.get("THOROUGH") == "1"
SHARE = 8  # of a law's examples, one in so many is enough for each change
FEWEST = 6  # examples of a law, however few are tried thoroughly: each of a ledger's takes a third of a second
ON_SERVER = 3  # of those, one in so many on PostgreSQL: what differs there is in single statements, which have tests


def amount(thorough: int, usual: int) -> int:
    """Return how often to try."""
    return thorough if THOROUGH else usual


# each example takes an empty ledger of its own and gives it back
WITH_LEDGERS = {"suppress_health_check": [HealthCheck.function_scoped_fixture]}


def examples(count: int, **more: Any) -> settings:
    """Return Hypothesis's settings for a law with so many examples when it is tried thoroughly."""
    return settings(max_examples=amount(count, max(FEWEST, count // SHARE)), deadline=None, **more)


def examples_on(engine: str, count: int, **more: Any) -> settings:
    """Return such settings for a law about ledgers on an engine."""
    usual = max(FEWEST, count // SHARE)
    return settings(
        max_examples=amount(count, usual if engine == "sqlite" else usual // ON_SERVER), deadline=None, **more
    )
