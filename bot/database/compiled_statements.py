"""Compiled statements: kept for all engines of the process, which would else compile each statement anew."""

from typing import Any

from sqlalchemy.util import LRUCache

_LARGEST = 1_000  # the program has about 400, and those of questions are composed


class _CompiledStatements(LRUCache[Any, Any]):
    """What was compiled, by the kind of dialect; SQLAlchemy asks for it by the dialect itself, one an engine.

    Engines of one kind have the same options but for those of their connections.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), value)


COMPILED = {"compiled_cache": _CompiledStatements(_LARGEST)}
"""The option of an engine's executions that makes it use what others have compiled."""
