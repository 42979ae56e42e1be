"""The world of the service's tests: what a generated team did; and what the service writes into its log."""

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO, TypeVar

import pytest
import structlog

from bot.sandbox.world import World
from bot.service.log import configure
from bot.settings.model import LogFormat, LogLevel
from tests.support.worlds import generated_world

T = TypeVar("T", bound=TextIO)


@pytest.fixture
def world() -> World:
    return generated_world()


@pytest.fixture(params=[LogFormat.CONSOLE, LogFormat.JSON])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written at the level `debug`, in both formats."""
    yield from log_into(io.StringIO(), monkeypatch, request.param)


@pytest.fixture
def json_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written at the level `debug`, as JSON."""
    yield from log_into(io.StringIO(), monkeypatch, LogFormat.JSON)


@pytest.fixture
def log_on_full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing can be written."""
    with suppress(OSError), Path("/dev/full").open("w", encoding="utf-8", buffering=1) as full:
        for _ in log_into(full, monkeypatch, LogFormat.JSON):
            yield


def log_into(into: T, monkeypatch: pytest.MonkeyPatch, form: LogFormat) -> Iterator[T]:
    root = logging.getLogger()
    kept, levels = root.handlers[:], (root.level, logging.getLogger("bot").level)
    monkeypatch.setattr(sys, "stderr", into)
    configure(LogLevel.DEBUG, form)
    yield into
    root.handlers[:] = kept
    root.setLevel(levels[0])
    logging.getLogger("bot").setLevel(levels[1])
    structlog.reset_defaults()
