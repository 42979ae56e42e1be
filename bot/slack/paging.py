"""Paging: the objects of the lists that Slack's Web API gives page by page."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from bot.slack.api_responses import ApiResponse, object_field, object_list, text_field, text_list
from bot.slack.errors import translated_errors

T = TypeVar("T")


def paged_objects(page: Callable[[str], Awaitable[Any]], name: str) -> AsyncIterator[dict[str, Any]]:
    """Yield the objects of the list `name` on all pages, leaving out what is no object. Raises SlackError.

    Args:
        page: requests the page of a cursor; "" for the first.
        name: of the list in each answer.
    """
    return _paged(page, lambda answer: object_list(answer, name))


def paged_texts(page: Callable[[str], Awaitable[Any]], name: str) -> AsyncIterator[str]:
    """Yield the texts of the list `name` on all pages, as `paged_objects` does objects. Raises SlackError."""
    return _paged(page, lambda answer: text_list(answer, name))


async def _paged(page: Callable[[str], Awaitable[Any]], read: Callable[[Any], list[T]]) -> AsyncIterator[T]:
    cursor, seen = "", {""}
    while True:
        with translated_errors():
            answer = await page(cursor)
            items = read(answer)
            cursor = next_cursor(answer)
        for each in items:
            yield each
        if cursor in seen:  # "" after the last page, or one that would lead round in a circle
            return
        seen.add(cursor)


def next_cursor(answer: ApiResponse) -> str:
    """Return the cursor of the page after this one; "" after the last."""
    return text_field(object_field(answer, "response_metadata"), "next_cursor")
