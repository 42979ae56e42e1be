"""Views: open forms and publish App Home."""

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.blocks import Message
from bot.slack.errors import FormNotOpenedError, SlackError, translated_errors
from bot.slack.forms import View
from bot.slack.messages import send_simplified


@dataclass(frozen=True, slots=True)
class Views:
    """Shows views to one person; each request is sent once, as nobody sees it later."""

    once: AsyncWebClient

    async def open_form(self, trigger: str, view: View) -> None:
        """Open a form for the person who just acted. Raises FormNotOpenedError.

        A trigger is valid for three seconds, so a rate limit is not waited for.
        """
        try:
            with translated_errors():
                await self.once.views_open(trigger_id=trigger, view=view)
        except SlackError as error:
            raise FormNotOpenedError(f"the form was not opened: {error}") from error

    async def publish_home(self, user: str, message: Message) -> None:
        """Publish the blocks as a person's App Home, simpler where Slack refuses them. Raises SlackError."""

        async def publish(message: Message) -> None:
            with translated_errors():
                await self.once.views_publish(user_id=user, view={"type": "home", "blocks": list(message.blocks)})

        await send_simplified(message, publish)
