"""Compiled statements: kept for all engines of the process, which would else compile each statement anew."""

from typing import Any

from sqlalchemy import Compiled
from sqlalchemy.util import LRUCache

_Key = tuple[Any, ...]

_LARGEST = 1_000  # the program has about 400, and those of questions are composed


class _CompiledStatements(LRUCache[_Key, Compiled]):
    """What was compiled, by the dialect's name: SQLAlchemy asks by the dialect itself, one an engine.

    Engines of one name differ in their connections alone.
    """

    def get(self, key: _Key) -> Compiled | None:  # type: ignore[override] # nothing else is asked for
        return super().get((key[0].name, *key[1:]))

    def __setitem__(self, key: _Key, value: Compiled) -> None:
        super().__setitem__((key[0].name, *key[1:]), value)


COMPILED = {"compiled_cache": _CompiledStatements(_LARGEST)}
"""The option of an engine's executions that makes it use what others have compiled."""

UNSHARED = {"compiled_cache": None}
"""The option of a connection whose statements name tables found in the database: none of them is asked again.

What was compiled of them would hold those tables and take the place of others' statements.
"""
