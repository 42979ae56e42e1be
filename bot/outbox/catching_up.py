"""Catching up: after a restore, what shows spend is neither posted nor edited before Neo has been read that far again.

A copy that was put back knows less than its messages show: of a day whose budget was passed it may know nothing yet.
"""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.database import metadata
from bot.outbox.renderers import CatchingUpError, Renderer, RenderRequest
from bot.slack.blocks import Message

if TYPE_CHECKING:
    from bot.database.engine import Database


def once_caught_up(database: "Database", renderers: Mapping[str, Renderer]) -> dict[str, Renderer]:
    """Return renderers that raise CatchingUpError as long as a restored ledger knows less than its messages show."""
    return {kind: partial(_render, database, each) for kind, each in renderers.items()}


async def _render(database: "Database", renderer: Renderer, request: RenderRequest) -> Message | None:
    if await database.read(_is_behind):
        raise CatchingUpError
    return await renderer(request)


def _is_behind(connection: Connection) -> bool:
    return metadata.read(connection, metadata.BEHIND_SINCE) is not None
