"""Users: the people of the workspace, as Slack's user objects."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.api_responses import object_field, object_list, user_record
from bot.slack.errors import InvalidAnswerError, RefusedBySlackError, translated_errors
from bot.slack.paging import next_cursor, paged_objects

_PAGE = 200
_NO_SUCH_ID = {"user_not_found", "user_not_visible", "users_not_found"}
_NO_SUCH_EMAIL = {"users_not_found", "user_not_found", "invalid_email"}


@dataclass(frozen=True, slots=True)
class Users:
    """Reads users; every method raises SlackError. A malformed record is left out of a list."""

    reading: AsyncWebClient
    patient: AsyncWebClient

    async def everybody(self) -> AsyncIterator[dict[str, Any]]:
        """Yield all users of the workspace."""
        async for member in paged_objects(
            lambda cursor: self.patient.users_list(limit=_PAGE, cursor=cursor), "members"
        ):
            with suppress(InvalidAnswerError):
                yield user_record(member)

    async def page(self, cursor: str = "") -> tuple[list[dict[str, Any]], str | None]:
        """Return one page of users, and the cursor of the next page; None after the last."""
        users = []
        with translated_errors():
            answer = await self.reading.users_list(limit=_PAGE, cursor=cursor)
            for member in object_list(answer, "members"):
                with suppress(InvalidAnswerError):
                    users.append(user_record(member))
            return users, next_cursor(answer) or None

    async def by_id(self, user: str) -> dict[str, Any] | None:
        """Return a user; None if there is no such user."""
        try:
            with translated_errors():
                return user_record(object_field(await self.reading.users_info(user=user), "user"))
        except RefusedBySlackError as error:
            if error.code in _NO_SUCH_ID:
                return None
            raise

    async def by_email(self, email: str) -> dict[str, Any] | None:
        """Return the user with an e-mail address; None if there is no such user."""
        try:
            with translated_errors():
                return user_record(object_field(await self.reading.users_lookupByEmail(email=email), "user"))
        except RefusedBySlackError as error:
            if error.code in _NO_SUCH_EMAIL:
                return None
            raise
