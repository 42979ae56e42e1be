"""The world of the service's tests: what a generated team did; and what the service writes into its log."""

import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.sandbox.world import World
from bot.settings.model import LogFormat
from tests.support.logs import log_into
from tests.support.worlds import generated_world


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
