"""The live message of an alert, which shows a subject's budget as it is now.

The first notification of a topic for a destination is posted as this message, later ones as replies in its thread.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.budgets import budget_formatting
from bot.budgets.action_labels import RAISE_LIMIT, request_label
from bot.budgets.alerts.budget_snapshot import BudgetSnapshot
from bot.budgets.alerts.context import AlertContext, topic_of
from bot.budgets.alerts.subject_names import SubjectName
from bot.budgets.alerts.thread_reply_render import is_snoozed_for
from bot.budgets.audiences import Audience, OperatorAudience
from bot.budgets.keys import AcknowledgeAction, CrossingKey, RaiseAction, SnoozeAction
from bot.budgets.rules import percent
from bot.budgets.snoozes.length import SnoozeEnd, SnoozeLength
from bot.budgets.snoozes.store import ActiveSnooze
from bot.domain import formatting
from bot.domain.money import show_limit, show_usd
from bot.outbox.destinations import OperatorDestination
from bot.outbox.keys import is_of
from bot.outbox.renderers import RenderRequest
from bot.slack import blocks
from bot.slack.blocks import Button, Draft, Message
from bot.slack.mrkdwn import Trusted


@dataclass(frozen=True, slots=True)
class LiveMessageRenderer:
    """Renders the live messages of budgets."""

    context: AlertContext

    async def render_current(self, request: RenderRequest) -> Message | None:
        """Return a subject's budget as it is now; None if there is nothing to show, or the reader has snoozed it."""
        snapshot = await self.context.snapshot(request)
        if snapshot.limit is None and not snapshot.steps:
            return None
        if await is_snoozed_for(self.context, request, unless_posted=True):
            return None
        return self._message(snapshot, request, await self.context.subject_name(snapshot, request))

    def _message(self, snapshot: BudgetSnapshot, request: RenderRequest, name: SubjectName) -> Message:
        templates, zone = self.context.templates, self.context.policy.zone
        days = budget_formatting.period_days(snapshot.period, zone, self.context.clock())
        headline = templates.render("budgets/headline", **_headline(snapshot, name, days))
        if step := self._hidden_step(snapshot, request):
            headline = f"{headline}\n{step}"
        draft = Draft(headline)
        draft.add(blocks.section(headline))
        draft.add(blocks.section(templates.render("budgets/details", **self._details(snapshot, request, name))))
        as_of = "" if snapshot.as_of is None else self._time(snapshot.as_of)
        draft.add(blocks.context(templates.render("budgets/footnote", as_of=as_of, zone=zone.key)))
        if not snapshot.has_ended and snapshot.limit is not None:
            draft.add(blocks.actions(list(_buttons(snapshot, request, name))))
        return draft.message()

    def _hidden_step(self, snapshot: BudgetSnapshot, request: RenderRequest) -> str:
        """Return the step that the message was posted for, if the budget as it is now does not show it any more."""
        if not is_of(CrossingKey, request.dedup_key):
            return ""
        crossing = CrossingKey.decode(request.dedup_key).id
        used = percent(snapshot.spend_nanos, _shown_limit(snapshot))
        for step in snapshot.steps:
            if step.id == crossing and used < step.step:
                return self.context.step_text(step, snapshot.period.unit, {"about": "", "moved": ""})
        return ""

    def _details(self, snapshot: BudgetSnapshot, request: RenderRequest, name: SubjectName) -> dict[str, object]:
        return {
            **self.context.driver_values(snapshot.drivers, request),
            **self._limit_values(snapshot, name),
            "unit": snapshot.period.unit.value,
            "over": snapshot.has_ended,
            "without_cost": formatting.count(snapshot.without_cost, "task") if snapshot.without_cost else "",
            "ends": budget_formatting.period_end(snapshot.period, self.context.policy.zone, self.context.clock()),
            "pace": budget_formatting.pace(snapshot.pace),
            "used_up": budget_formatting.used_up(snapshot.pace),
            "acts": [*self._acknowledgement(snapshot, name), *self._snoozes(snapshot, request, name)],
        }

    def _limit_values(self, snapshot: BudgetSnapshot, name: SubjectName) -> dict[str, object]:
        by, limit, zone, now = snapshot.set_by, snapshot.limit, self.context.policy.zone, self.context.clock()
        return {
            "limit": _limit_text(snapshot),
            "limit_from": budget_formatting.source(limit) if limit else "",
            "set_by": name.actor(by.act.by, "an operator") if by else "",
            "set_at": budget_formatting.day(by.act.at, zone, now) if by else "",
            "reason": name.reason(by.act.reason) if by else "",
            "ends_at": budget_formatting.last_day(limit.ends_at, zone, now) if limit and limit.ends_at else "",
        }

    def _acknowledgement(self, snapshot: BudgetSnapshot, name: SubjectName) -> Iterator[str]:
        if snapshot.acknowledged:
            by, at = name.actor(snapshot.acknowledged.by), self._time(snapshot.acknowledged.at)
            yield Trusted(f":white_check_mark: Acknowledged by {by} on {at}")

    def _snoozes(self, snapshot: BudgetSnapshot, request: RenderRequest, name: SubjectName) -> Iterator[str]:
        for each in snapshot.snoozes:
            if _may_be_shown(each, request):
                where = "in the channel" if each.audience is Audience.CHANNEL else "in DMs"
                yield Trusted(f":zzz: Snoozed {where} until {self._time(each.until)} by {name.actor(each.by)}")

    def _time(self, at: datetime) -> str:
        """Return a moment with its day, as the message is still read on another one."""
        return formatting.dated_time(at, self.context.policy.zone, self.context.clock())


def _headline(snapshot: BudgetSnapshot, name: SubjectName, days: str) -> dict[str, object]:
    limit = _shown_limit(snapshot)
    return {
        **name.template_values(),
        "over": snapshot.has_ended,
        "adjective": budget_formatting.adjective(snapshot.period.unit, snapshot.period.narrowing),
        "unit": snapshot.period.unit.value,
        "period": days,
        "percent": percent(snapshot.spend_nanos, limit),
        "used": budget_formatting.used(snapshot.spend_nanos, limit),
        "spend": show_usd(snapshot.spend_nanos),
        "limit": show_limit(limit),
        "late": bool(snapshot.steps and snapshot.steps[-1].late),
    }


def _limit_text(snapshot: BudgetSnapshot) -> str:
    if snapshot.limit is None:
        return "removed"
    return budget_formatting.limit_of(snapshot.limit.nanos, snapshot.period.unit, snapshot.period.narrowing)


def _shown_limit(snapshot: BudgetSnapshot) -> int:
    """Return the limit that spend is shown against; if it was removed, that of the last step."""
    return snapshot.limit.nanos if snapshot.limit else snapshot.steps[-1].limit_nanos


def _may_be_shown(snooze: ActiveSnooze, request: RenderRequest) -> bool:
    """Return whether readers of a message may see a snooze: not one of somebody else's direct messages."""
    if isinstance(snooze.audience, OperatorAudience):
        return request.destination == OperatorDestination(snooze.audience.user)
    return snooze.audience is Audience.CHANNEL or request.in_dm


def _is_for_reader(snooze: ActiveSnooze, request: RenderRequest) -> bool:
    """Return whether a snooze is of the alerts that come where a message stands."""
    match request.destination:
        case OperatorDestination(user=user):
            return snooze.audience == OperatorAudience(user)
        case _:
            return snooze.audience is (Audience.DM if request.in_dm else Audience.CHANNEL)


def _buttons(snapshot: BudgetSnapshot, request: RenderRequest, name: SubjectName) -> Iterator[Button]:
    """Yield what can still be done about a budget."""
    topic = topic_of(request)
    if snapshot.acknowledged is None:
        yield blocks.button("Acknowledge", AcknowledgeAction(topic))
    if not any(_is_for_reader(each, request) for each in snapshot.snoozes):
        yield blocks.button("Snooze today", SnoozeAction(topic, SnoozeLength(SnoozeEnd.DAY)))
    if not name.must_ask:
        yield blocks.button(RAISE_LIMIT, RaiseAction(topic), primary=True)
    elif not snapshot.period.narrowing:  # what members ask for counts all of their tasks
        yield blocks.button(request_label(has_limit=True), RaiseAction(topic), primary=True)
