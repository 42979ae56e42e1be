"""The account: who the bot is in Slack, as its token says."""

from dataclasses import dataclass
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.http_headers import http_date
from bot.slack.api_responses import required_text, text_field
from bot.slack.errors import translated_errors


@dataclass(frozen=True, slots=True)
class Account:
    """The bot's workspace (`team`), its user and bot ids, the scopes of its token, and what time Slack had (`time`)."""

    team: str
    enterprise: str | None
    user: str
    bot: str
    scopes: frozenset[str]
    time: datetime | None = None


async def fetch_account(client: AsyncWebClient) -> Account:
    """Return the account that the client's token belongs to. Raises SlackError."""
    with translated_errors():
        answer = await client.auth_test()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        scopes = (each.strip() for each in headers.get("x-oauth-scopes", "").split(","))
        return Account(
            team=required_text(answer, "team_id"),
            enterprise=text_field(answer, "enterprise_id") or None,
            user=required_text(answer, "user_id"),
            bot=required_text(answer, "bot_id"),
            scopes=frozenset(each for each in scopes if each),
            time=http_date(headers.get("date")),
        )
