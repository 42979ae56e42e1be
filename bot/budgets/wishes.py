"""What is said of requests for more: to each operator with buttons, and to whoever asked once it is decided."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.budgets import changes, phrases
from bot.budgets.facts import Facts, facts
from bot.budgets.message import person
from bot.budgets.rules import span_of
from bot.budgets.watch import Terms
from bot.domain import wording
from bot.domain.money import show_usd
from bot.ledger.readers import Readers
from bot.ledger.reading import Reader
from bot.outbox.voices import Told
from bot.slack import message as slack
from bot.slack.message import Draft, Message
from bot.slack.rendering import Words

APPROVE, DECLINE = "budget_approve", "budget_decline"
BUTTONS = (APPROVE, DECLINE)


@dataclass(frozen=True, slots=True)
class WishVoice:
    """The words of requests; `clock` gives aware times."""

    readers: Readers
    words: Words
    terms: Terms
    clock: Callable[[], datetime]

    async def show(self, told: Told) -> Message | None:
        """A request as it stands."""
        key = int((told.thing or "").partition(":")[2])
        found = await self._read(key)
        if found is None:
            return None
        wish, now = found
        text = self.words.say("budgets/request", **self._said(wish, now))
        draft = Draft(text)
        draft.add(slack.section(text))
        if wish.state == "open":
            value = f"{key}:{wish.version}"
            buttons = [slack.button("Approve", APPROVE, value, primary=True), slack.button("Decline", DECLINE, value)]
            draft.add(slack.actions(buttons))
        return draft.message()

    async def say(self, told: Told) -> Message | None:
        """What was decided."""
        found = await self._read(int(told.stem.partition(":")[2]))
        if found is None:
            return None
        return slack.paragraph(self.words.say("budgets/answered", **self._said(*found)))

    async def _read(self, key: int) -> tuple[changes.Wish, Facts] | None:
        now = self.clock()

        def read(reader: Reader) -> tuple[changes.Wish, Facts] | None:
            wish = changes.wish(reader, key)
            if wish is None:
                return None
            return wish, facts(reader, wish.member, span_of(wish.unit, now, self.terms.zone), self.terms, now)

        return await self.readers.ask(read)

    def _said(self, wish: changes.Wish, now: Facts) -> dict[str, object]:
        return {
            "who": person(wish.asked_by),
            "limit": phrases.limit_of(wish.nanos, wish.unit),
            "ends_at": wording.last_day(wish.ends_at, self.terms.zone) if wish.ends_at else "",
            "reason": wish.reason or "",
            "spend": show_usd(now.spend_nanos),
            "present": show_usd(now.limit.nanos) if now.limit else "",
            "percent": now.percent,
            "unit": wish.unit.value,
            "state": wish.state,
            "by": person(wish.decided_by) if wish.decided_by else "",
        }
