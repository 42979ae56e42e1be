"""What Slack hands out and takes back: trigger ids, response addresses, socket tickets, upload places."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from bot.sandbox.slack.calls import RefusedError
from bot.sandbox.slack.things import File, Json
from bot.sandbox.slack.workspace import Workspace

TRIGGER_LIVES = timedelta(seconds=3)
HOOK_LIVES = timedelta(minutes=30)
HOOK_USES = 5


@dataclass(slots=True)
class Trigger:
    """What one act of a person entitles to, once: opening a modal in front of them."""

    user: str
    issued: datetime  # really
    view: str | None = None  # the modal in which the act happened
    used: bool = False


@dataclass(slots=True)
class Hook:
    """A response address: where its answers go, and which message they may replace or delete."""

    channel: str
    user: str
    issued: datetime
    original: str | None = None
    uses: int = 0


@dataclass(slots=True)
class Desk:
    """A workspace with its two clocks, and all that was handed out.

    `url` is where all this is served. Messages and response addresses live by `clock`; triggers and
    signatures by `real` time.
    """

    workspace: Workspace
    clock: Callable[[], datetime]
    real: Callable[[], datetime]
    url: str = ""
    triggers: dict[str, Trigger] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    tickets: set[str] = field(default_factory=set)
    uploads: dict[str, File] = field(default_factory=dict)
    _numbers: int = 0

    def secret(self, kind: str) -> str:
        """Something nobody guesses, though the same in every run."""
        self._numbers += 1
        return sha256(f"{kind}:{self._numbers}".encode()).hexdigest()[:32]

    def new_trigger(self, user: str, view: str | None = None) -> str:
        """A fresh trigger id."""
        trigger_id = f"{4_000_000_000 + self._numbers}.{2_000_000_000}.{self.secret('trigger')}"
        self.triggers[trigger_id] = Trigger(user, self.real(), view)
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """The trigger, used up by this. Raises RefusedError."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise RefusedError("invalid_trigger_id")
        if trigger.used:
            raise RefusedError("exchanged_trigger_id")
        if self.real() - trigger.issued > TRIGGER_LIVES:
            raise RefusedError("expired_trigger_id")
        trigger.used = True
        return trigger

    def new_hook(self, channel: str, user: str, original: str | None = None) -> str:
        """A fresh response address."""
        token = self.secret("hook")
        self.hooks[token] = Hook(channel, user, self.clock(), original)
        return f"{self.url}/hooks/{token}"

    def use_hook(self, token: str) -> Hook:
        """The hook, one use less. Raises RefusedError."""
        hook = self.hooks.get(token)
        if hook is None or self.clock() - hook.issued > HOOK_LIVES:
            raise RefusedError("expired_url")
        if hook.uses >= HOOK_USES:
            raise RefusedError("used_url")
        hook.uses += 1
        return hook

    def require(self, scope: str) -> None:
        """Raise RefusedError unless the app has the scope."""
        if scope not in self.workspace.scopes:
            provided = ",".join(sorted(self.workspace.scopes))
            raise RefusedError("missing_scope", needed=scope, provided=provided)

    def identified(self, blocks: list[Json]) -> list[Json]:
        """The blocks as Slack keeps them: with an id for every block and every element that acts."""
        return [self._identified(block) for block in blocks]

    def _identified(self, block: Json) -> Json:
        kept = {**block, "block_id": block.get("block_id") or self.workspace.new_id("b")}
        if "elements" in kept and kept["type"] == "actions":
            kept["elements"] = [self._acting(element) for element in kept["elements"]]
        for place in ("accessory", "element"):
            if place in kept and kept[place].get("type") != "image":
                kept[place] = self._acting(kept[place])
        return kept

    def _acting(self, element: Json) -> Json:
        return {**element, "action_id": element.get("action_id") or self.workspace.new_id("a")}
