"""What is said about budgets in channels and direct messages: the living message, its steps, and new limits."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard

from bot.budgets import budget_formatting, store
from bot.budgets.evaluator import BudgetPolicy
from bot.budgets.facts import BudgetFacts, Cause, Driver, Step, budget_facts, revision, step_told
from bot.budgets.keys import BudgetTopic, CrossingKey, LimitKey, SummaryKey
from bot.budgets.rules import DEFAULT, FULL, TEAM, Audience, BudgetLimit, named_period, operator_of, percent
from bot.database.engine import Database
from bot.database.reader import Reader
from bot.domain import formatting
from bot.domain.money import show_usd
from bot.domain.periods import Unit
from bot.domain.text import one_line
from bot.domain.visibility import Privacy, Titles
from bot.outbox.destinations import MemberDestination, OperatorDestination
from bot.outbox.keys import is_of
from bot.outbox.live_store import live_messages
from bot.outbox.renderers import RenderRequest
from bot.people.destinations import DestinationResolver
from bot.slack import blocks
from bot.slack.blocks import Button, Draft, Message
from bot.slack.mrkdwn import Trusted, escape, mention
from bot.slack.templates import Templates

_TITLE = 70  # characters of a task's title
ACKNOWLEDGE, SNOOZE, RAISE = "budget_ack", "budget_snooze", "budget_raise"


@dataclass(frozen=True, slots=True)
class BudgetRenderer:
    """Renders alerts of budgets; `clock` gives aware times."""

    database: Database
    addresses: DestinationResolver
    templates: Templates
    policy: BudgetPolicy
    titles: Titles
    clock: Callable[[], datetime]

    # --- the living message ------------------------------------------------------------------------

    async def show(self, request: RenderRequest) -> Message | None:
        """A subject's budget as it is now."""
        found = await self._found(request)
        if (found.limit is None and not found.steps) or await self._is_kept(request, first=True):
            return None
        return self._shown(found, request, await self._who(found, request))

    async def _is_kept(self, request: RenderRequest, *, first: bool) -> bool:
        """Whether an operator who reads it wants no steps now; a message that is there already is kept up to date."""
        destination = request.destination
        is_step = is_of(CrossingKey, request.dedup_key) and not request.listed
        if not isinstance(destination, OperatorDestination) or not is_step:
            return False
        topic, now = _topic(request), self.clock()

        def look(reader: Reader) -> bool:
            there = first and (topic, destination) in live_messages(reader, [topic])
            return not there and store.is_left_alone(reader, topic.subject, topic.unit, destination.user, now)

        return await self.database.read(look)

    async def _found(self, request: RenderRequest) -> BudgetFacts:
        topic = _topic(request)
        span = named_period(topic.unit, topic.label, self.policy.zone)
        return await self.database.read(
            lambda reader: budget_facts(reader, topic.subject, span, self.policy, self.clock())
        )

    def _shown(self, found: BudgetFacts, request: RenderRequest, who: "_Who") -> Message:
        headline = self.templates.render("budgets/headline", **self._headline(found, who))
        if passed := self._passed(found, request):
            headline = f"{headline}\n{passed}"
        draft = Draft(headline)
        draft.add(blocks.section(headline))
        draft.add(blocks.section(self.templates.render("budgets/details", **self._details(found, request, who))))
        as_of = "" if found.as_of is None else formatting.moment(found.as_of, self.policy.zone)
        draft.add(blocks.context(self.templates.render("budgets/footnote", as_of=as_of)))
        if not found.over and found.limit is not None:
            draft.add(blocks.actions(list(_buttons(request.topic or ""))))
        return draft.message()

    def _passed(self, found: BudgetFacts, request: RenderRequest) -> str:
        """The step that the message was posted for, if the budget as it is now does not show it any more."""
        if not is_of(CrossingKey, request.dedup_key):
            return ""
        crossing = CrossingKey.decode(request.dedup_key).id
        used = percent(found.spend_nanos, _limit_shown(found))
        for step in found.steps:
            if step.id == crossing and used < step.step:
                return self._of_step(step, found.span.unit, about="", moved="")
        return ""

    def _headline(self, found: BudgetFacts, who: "_Who") -> dict[str, Any]:
        limit = _limit_shown(found)
        return {
            **who.templates(),
            "over": found.over,
            "adjective": budget_formatting.ADJECTIVES[found.span.unit],
            "unit": found.span.unit.value,
            "period": found.span.label,
            "percent": percent(found.spend_nanos, limit),
            "spend": show_usd(found.spend_nanos),
            "limit": show_usd(limit),
            "late": bool(found.steps and found.steps[-1].late),
        }

    def _details(self, found: BudgetFacts, request: RenderRequest, who: "_Who") -> dict[str, Any]:
        zone = self.policy.zone
        by, limit = found.set_by, found.limit
        return {
            **self._cause(found.cause, request),
            "limit": budget_formatting.limit_of(limit.nanos, found.span.unit) if limit else "none any more",
            "unit": found.span.unit.value,
            "over": found.over,
            "ends": budget_formatting.when(found.span, zone),
            "pace": budget_formatting.pace(found.pace),
            "used_up": budget_formatting.used_up(found.pace),
            "limit_from": budget_formatting.source(limit) if limit else "removed",
            "set_by": who.actor(by.act.by, "an operator") if by else "",
            "set_at": formatting.moment(by.act.at, zone) if by else "",
            "reason": who.reason(by.act.reason) if by else "",
            "ends_at": formatting.last_day(limit.ends_at, zone) if limit and limit.ends_at else "",
            "acts": list(self._acts(found, request, who)),
        }

    def _cause(self, moved: Cause, request: RenderRequest) -> dict[str, Any]:
        titled = request.in_dm or self.titles is Titles.CHANNEL
        return {
            "since": moved.since or "",
            "moved": f"+{show_usd(moved.nanos)}" if moved.nanos > 0 else "",
            "tasks": list(_driven(moved.tasks, moved.nanos)) if titled else [],
            "models": list(_driven(moved.models, moved.nanos)) if titled else [],
        }

    def _acts(self, found: BudgetFacts, request: RenderRequest, who: "_Who") -> Iterator[str]:
        zone = self.policy.zone
        if found.acknowledged:
            act = found.acknowledged
            yield Trusted(f":white_check_mark: Acknowledged by {who.actor(act.by)}, {formatting.moment(act.at, zone)}")
        for audience, until, by in found.snoozed:
            operator = operator_of(audience)
            elsewhere = audience == Audience.DM and not request.in_dm
            if elsewhere or (operator is not None and request.destination != OperatorDestination(operator)):
                continue  # who wants quiet in their own messages is nobody else's business
            where = "in the channel" if audience == Audience.CHANNEL else "in direct messages"
            yield Trusted(f":zzz: Quiet {where} until {formatting.moment(until, zone)}, by {who.actor(by)}")

    async def _who(self, found: BudgetFacts, request: RenderRequest) -> "_Who":
        if found.subject == TEAM:
            return _Who("The team", "The team's")
        own = request.destination == MemberDestination(found.subject)
        if own and request.in_dm:
            return _Who("You", "Your", you=True)
        user = await self.addresses.slack_user(found.email or "")
        if not request.in_dm and self.policy.privacy is Privacy.ANONYMOUS:
            return _Who("A member", "A member's", nameable=frozenset(self.addresses.people.operators()) - {user})
        name = mention(user) if user else Trusted(escape(found.email))
        return _Who(name, Trusted(f"{name}'s"))

    # --- what is said in its thread ------------------------------------------------------------------

    async def say(self, request: RenderRequest) -> Message | None:
        """A step that was passed, or a new limit."""
        if is_of(LimitKey, request.dedup_key):
            return await self._limit(request, LimitKey.decode(request.dedup_key))
        if is_of(SummaryKey, request.dedup_key):
            return await self._summary(SummaryKey.decode(request.dedup_key).id)
        crossing = CrossingKey.decode(request.dedup_key).id
        return None if await self._is_kept(request, first=False) else await self._step(request, crossing)

    async def _step(self, request: RenderRequest, crossing: int) -> Message | None:
        found = await self.database.read(lambda reader: step_told(reader, crossing, self.policy))
        if found is None:
            return None
        span, step, moved = found
        return blocks.paragraph(
            self._of_step(step, span.unit, about=await self._about(request), **self._cause(moved, request))
        )

    def _of_step(self, step: Step, unit: Unit, **others: Any) -> str:  # noqa: ANN401 - a template's values
        return self.templates.render(
            "budgets/step_passed",
            step=step.step,
            spend=show_usd(step.spend_nanos),
            limit=show_usd(step.limit_nanos),
            late=step.late,
            unit=unit.value,
            **others,
        )

    async def _about(self, request: RenderRequest) -> str:
        """Whose budget a line among others is about, and of which period; a thread says that itself."""
        if not request.listed:
            return ""
        found = await self._found(request)
        who = await self._who(found, request)
        return Trusted(f"{who.whose} {budget_formatting.ADJECTIVES[found.span.unit]} budget of {found.span.label}")

    async def _limit(self, request: RenderRequest, key: LimitKey) -> Message | None:
        if request.topic is None:
            return await self._holds_again(key.revision, str(key.about))
        found = await self._found(request)
        was = await self.database.read(lambda reader: revision(reader, key.revision))
        if was is None:
            return None
        who = await self._who(found, request)
        text = self.templates.render(
            "budgets/limit_change",
            about=await self._about(request),
            nanos=was.nanos or 0,
            limit=show_usd(was.nanos or 0),
            before=show_usd(was.before_nanos) if was.before_nanos else "",
            up=bool(was.before_nanos and was.nanos and was.nanos > was.before_nanos),
            unit=found.span.unit.value,
            ends_at=formatting.last_day(was.ends_at, self.policy.zone) if was.ends_at else "",
            by=who.actor(was.act.by, "an operator"),
            reason=who.reason(was.act.reason),
            spend=show_usd(found.spend_nanos),
            percent=found.percent if found.limit else 0,
            default=budget_formatting.limit_of(found.limit.nanos, found.span.unit) if _of_everyone(found.limit) else "",
        )
        return blocks.paragraph(text)

    async def _holds_again(self, key: int, period: str) -> Message | None:
        """A limit for everyone is back, and many are above a step of it."""
        was = await self.database.read(lambda reader: revision(reader, key))
        rows = await self.database.read(lambda reader: reader.rows(_ABOVE, {"key": key}))
        above = [step for _, name, step in rows if name == period]
        if was is None or not above:
            return None
        limit = budget_formatting.limit_of(was.nanos or 0, Unit(period.partition(":")[0]))
        over = sum(step >= FULL for step in above)
        return blocks.paragraph(
            self.templates.render("budgets/default_restored", limit=limit, count=len(above), over=over)
        )

    # --- many at once --------------------------------------------------------------------------------

    async def _summary(self, key: int) -> Message | None:
        was = await self.database.read(lambda reader: revision(reader, key))
        rows = await self.database.read(lambda reader: reader.rows(_ABOVE, {"key": key}))
        if was is None or not rows:
            return None
        over = sum(step >= FULL for _, _, step in rows)
        text = self.templates.render(
            "budgets/summary",
            limit=budget_formatting.limit_of(was.nanos or 0, Unit(rows[0][1].partition(":")[0])),
            everyone=was.scope == DEFAULT,
            count=len(rows),
            over=over,
            by=person(was.act.by),
        )
        draft = Draft(text)
        draft.add(blocks.section(text))
        return draft.message()


_ABOVE = """
SELECT x.subject, x.unit || ':' || x.period, max(x.step) FROM crossing x
WHERE x.revision = :key AND x.decision = 'SUMMARY' GROUP BY 1, 2 ORDER BY 3 DESC, 1
"""


@dataclass(frozen=True, slots=True)
class _Who:
    """Whom a sentence is about. If nobody is to learn that, `nameable` are the Slack ids that do not tell."""

    name: str
    whose: str
    you: bool = False
    nameable: frozenset[str] | None = None

    def templates(self) -> dict[str, str]:
        their = "your" if self.you else ("its" if self.name == "The team" else "their")
        verb, has = ("are", "have") if self.you else ("is", "has")
        return {"who": self.name, "whose": self.whose, "their": their, "verb": verb, "has": has}

    def actor(self, by: str, otherwise: str = "the member") -> str:
        """Who did something, unless that tells whom it is about."""
        hidden = self.nameable is not None and by not in {"terminal", *self.nameable}
        return otherwise if hidden else person(by)

    def reason(self, why: str | None) -> str:
        """Why somebody did something; their words may tell whom it is about."""
        return why or "" if self.nameable is None else ""


def person(by: str) -> str:
    """Who did something: a mention, or that it was done at the terminal."""
    return mention(by) if by != "terminal" else "the terminal"


def _of_everyone(limit: BudgetLimit | None) -> TypeGuard[BudgetLimit]:
    return limit is not None and limit.scope == DEFAULT


def _limit_shown(found: BudgetFacts) -> int:
    """The limit that spend is shown against: where it was removed, that of the last step."""
    return found.limit.nanos if found.limit else found.steps[-1].limit_nanos


def _driven(drivers: tuple[Driver, ...], total: int) -> Iterator[tuple[str, str, str]]:
    for each in drivers:
        yield one_line(each.name, _TITLE), show_usd(each.nanos), budget_formatting.share(each.nanos, total)


def _topic(request: RenderRequest) -> BudgetTopic:
    return BudgetTopic.decode(request.topic or "")


def _buttons(thing: str) -> Iterator[Button]:
    yield blocks.raw_button("Acknowledge", ACKNOWLEDGE, thing)
    yield blocks.raw_button("Snooze today", f"{SNOOZE}:today", thing)
    yield blocks.raw_button("Raise", RAISE, thing, primary=True)
