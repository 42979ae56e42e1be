"""What every method of the simulated Slack works on: the workspace, its clocks and the tokens issued."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.slack.api_calls import RefusedError
from bot.sandbox.slack.tokens import Tokens
from bot.sandbox.slack.workspace import Workspace


@dataclass(slots=True)
class SlackContext:
    """One workspace. Messages are stamped by `clock`; triggers expire and signatures are dated by `real` time."""

    workspace: Workspace
    clock: Callable[[], datetime]
    real: Callable[[], datetime]
    tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.clock, self.real)

    def new_ts(self) -> str:
        """Return a new `ts`: the current time, and later than any before."""
        return self.workspace.stamp(self.clock())

    def require(self, scope: str) -> None:
        """Raise RefusedError unless the app has the scope."""
        if scope not in self.workspace.scopes:
            provided = ",".join(sorted(self.workspace.scopes))
            raise RefusedError("missing_scope", needed=scope, provided=provided)
