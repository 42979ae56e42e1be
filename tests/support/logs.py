"""Where the log of a test goes."""

import logging
import sys
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

import pytest
import structlog

from bot.service.log import configure
from bot.settings.model import LogFormat, LogLevel

T = TypeVar("T", bound=TextIO)


def log_into(into: T, monkeypatch: pytest.MonkeyPatch, form: LogFormat, secrets: Iterable[str] = ()) -> Iterator[T]:
    """Have the log written somewhere else at the level `debug`, without these secrets."""
    root = logging.getLogger()
    kept, levels = root.handlers[:], (root.level, logging.getLogger("bot").level)
    monkeypatch.setattr(sys, "stderr", into)
    configure(LogLevel.DEBUG, form, secrets)
    yield into
    root.handlers[:] = kept
    root.setLevel(levels[0])
    logging.getLogger("bot").setLevel(levels[1])
    structlog.reset_defaults()
