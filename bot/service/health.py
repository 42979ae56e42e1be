"""Health: what anybody may know of the service, without a request to Slack for each question, and without paths."""

import asyncio
import re
from dataclasses import dataclass, field

from bot.slack.errors import IF_BOT_IS_REFUSED, RateLimitedError, RefusedBySlackError, SlackError
from bot.slack.workspace import Workspace

FRESH_SECONDS = 5.0  # for which Slack's last answer is believed
ANSWER_SECONDS = 4.0  # that Slack gets for it; whoever asks for the health gives up soon after
_LONGEST = 200
_PATH = re.compile(r"""[^\s'"(]*(?:[/\\]|\.db\b)[^\s'",;:)]*""")


@dataclass(slots=True)
class TokenCheck:
    """Whether Slack can be reached and accepts the bot's token; it is asked every few seconds at most."""

    workspace: Workspace
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _problem: str = ""
    _asked_at: float | None = None

    async def problem(self) -> str:
        """Return what is wrong, in words, and how long ago Slack was asked; empty if nothing is."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if self._asked_at is None or now - self._asked_at >= FRESH_SECONDS:
                self._problem, self._asked_at = await self._current_problem(), now
            return f"{self._problem} Asked {now - self._asked_at:.0f} s ago." if self._problem else ""

    async def _current_problem(self) -> str:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self.workspace.identify()
        except RateLimitedError:
            return self._problem  # it answers, but does not say anything new of the token
        except RefusedBySlackError as refusal:
            return f"Slack rejects SLACK_BOT_TOKEN ({refusal.code}). {IF_BOT_IS_REFUSED} Then restart."
        except (SlackError, TimeoutError) as error:
            return f"{str(error) or 'no answer from Slack'}."
        return ""


def without_paths(text: str) -> str:
    """Return a reason as strangers may read it: one short line that names no file."""
    return _PATH.sub("the file", " ".join(text[: 2 * _LONGEST].split()))[:_LONGEST]
