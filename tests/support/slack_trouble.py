"""What Slack does to whoever posts, edits and looks up messages on a bad day."""

from collections.abc import Callable
from random import Random

from bot.sandbox.faults import Status
from bot.sandbox.slack.api_calls import Call
from bot.sandbox.slack.faults import Fault, Hang, Late, Mangle, RateLimited, Refuse, Reset
from bot.sandbox.slack.models import Json

HISTORY = ("conversations.history", "conversations.replies")
LOOKUPS = {*HISTORY, "conversations.info", "chat.delete"}
EDIT_FAULTS: tuple[Fault, ...] = (Status(500), RateLimited(1), Hang(done=True), Reset(done=True), Reset(done=False))


def slack_trouble(fate: Random, chance: float, late: float) -> Callable[[Call], Fault | None]:
    """Return a rule by which so many posts fail, and fewer edits and look-ups; `late` is how late one may arrive."""
    faults = (
        RateLimited(1), Status(500), Hang(done=True), Hang(done=False), Reset(done=True), Reset(done=False), Late(late),
        Refuse("internal_error"), Mangle(_forget_thread),
    )  # fmt: skip

    def trouble(call: Call) -> Fault | None:
        if call.method == "chat.postMessage" and fate.random() < chance:
            return fate.choice(faults)
        if call.method == "chat.update" and fate.random() < chance / 3:
            return fate.choice(EDIT_FAULTS)
        if call.method in LOOKUPS and fate.random() < chance / 3:
            return fate.choice((Status(500), RateLimited(1)))
        return None

    return trouble


def _forget_thread(answer: Json) -> None:
    answer.get("message", {}).pop("thread_ts", None)
