"""Health: what the outside is told of the service, without asking Slack for every stranger, and without paths."""

import asyncio
import re
from dataclasses import dataclass, field

from bot.slack.errors import SlackError
from bot.slack.workspace import Workspace

FRESH_SECONDS = 5.0  # for which Slack's last answer is believed
_LONGEST = 200
_PATH = re.compile(r"""[^\s'"(]*(?:[/\\]|\.db\b)[^\s'",;:)]*""")


@dataclass(slots=True)
class SlackCheck:
    """Whether Slack takes the bot's token, asked once every few seconds at most, whoever wants to know how often."""

    workspace: Workspace
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _found: str = ""
    _at: float | None = None

    async def trouble(self) -> str:
        """What is wrong, in words; empty when nothing is."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if self._at is None or now - self._at >= FRESH_SECONDS:
                self._found, self._at = await self._asked(), now
            return self._found

    async def _asked(self) -> str:
        try:
            await self.workspace.account()
        except SlackError as error:
            return str(error)
        return ""


def without_paths(text: str) -> str:
    """A reason as strangers may read it: one short line that names no file."""
    return _PATH.sub("the file", " ".join(text[: 2 * _LONGEST].split()))[:_LONGEST]
