"""Pacing: how quickly posts follow each other, in each channel and, where Slack limits several, in all of them."""

import asyncio
from dataclasses import dataclass, field

_TOGETHER, _SEVERAL = 5.0, 3  # within so many seconds limits on so many channels mean that the workspace is limited
_SLOWEST = 1.0  # of a channel's pause: the longest pause between posts anywhere


@dataclass(slots=True)
class Pacing:
    """The pauses between posts: `seconds` in a channel; all times are of the event loop's clock."""

    seconds: float
    _everywhere: float = 0.0  # the pause between posts to whichever channels; 0 unless the workspace is limited
    _next_turn: float = 0.0
    _limited: dict[str, float] = field(default_factory=dict)
    _requests: dict[str, float] = field(default_factory=dict)

    def note_request(self, channel: str) -> None:
        """Begin a channel's pause: something was requested there, or would have been."""
        self._requests[channel] = asyncio.get_running_loop().time()

    async def pause(self, channel: str, at_least: float) -> None:
        """Wait until a channel takes the next request, and for that many seconds at least."""
        since = asyncio.get_running_loop().time() - self._requests[channel]
        await asyncio.sleep(max(at_least, self.seconds - since))

    async def wait_for_turn(self) -> None:
        """Wait for a turn among all channels, if the whole workspace is limited."""
        if self._everywhere:
            now = asyncio.get_running_loop().time()
            start = max(now, self._next_turn)
            self._next_turn = start + self._everywhere
            await asyncio.sleep(start - now)

    def slow_down(self, channel: str) -> None:
        """Record that Slack has limited a channel; if others just were limited too, all go slower."""
        now = asyncio.get_running_loop().time()
        self._limited = {name: at for name, at in self._limited.items() if now - at < _TOGETHER}
        self._limited[channel] = now
        if len(self._limited) >= _SEVERAL:
            self._everywhere = min(max(2 * self._everywhere, self.seconds / 20), _SLOWEST * self.seconds)
            self._limited.clear()

    def speed_up(self) -> None:
        """Record that Slack has taken a post: all go a little quicker."""
        self._everywhere = self._everywhere * 0.9 if self._everywhere > self.seconds / 100 else 0.0
