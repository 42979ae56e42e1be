"""Health: what anybody may know of the service, without a request to Slack for each question, and without paths."""

import asyncio
import re
from dataclasses import dataclass, field

from bot.slack.errors import SlackError
from bot.slack.workspace import Workspace

FRESH_SECONDS = 5.0  # for which Slack's last answer is believed
_LONGEST = 200
_PATH = re.compile(r"""[^\s'"(]*(?:[/\\]|\.db\b)[^\s'",;:)]*""")


@dataclass(slots=True)
class TokenCheck:
    """Whether Slack accepts the bot's token; Slack is asked every few seconds at most."""

    workspace: Workspace
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _problem: str = ""
    _asked_at: float | None = None

    async def problem(self) -> str:
        """Return what is wrong, in words; empty if nothing is."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if self._asked_at is None or now - self._asked_at >= FRESH_SECONDS:
                self._problem, self._asked_at = await self._current_problem(), now
            return self._problem

    async def _current_problem(self) -> str:
        try:
            await self.workspace.identify()
        except SlackError as error:
            return str(error)
        return ""


def without_paths(text: str) -> str:
    """Return a reason as strangers may read it: one short line that names no file."""
    return _PATH.sub("the file", " ".join(text[: 2 * _LONGEST].split()))[:_LONGEST]
