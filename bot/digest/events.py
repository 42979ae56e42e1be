"""Builds the event of a digest: what its days cost, and whether all of it is known."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from bot.digest import store
from bot.digest.facts import DigestFacts, digest_facts
from bot.digest.keys import DigestCompletedKey, DigestKey, DigestTopic
from bot.digest.policy import DigestPolicy
from bot.digest.rules import DigestSchedule
from bot.digest.store import DigestDecision
from bot.domain import formatting
from bot.domain.money import show_usd
from bot.domain.pricing import SpendBasis, has_known_cost
from bot.ledger.spend_groups import SpendGroup
from bot.outbox.events import EventMembers, EventRequest, WebhookEvent, amount, moment, optional_amount
from bot.outbox.keys import is_of
from bot.outbox.queries import is_sent_or_waiting


@dataclass(frozen=True, slots=True)
class DigestEvent:
    """Builds events of digests."""

    schedule: DigestSchedule
    policy: DigestPolicy
    members: EventMembers

    def build(self, connection: Connection, request: EventRequest) -> WebhookEvent | None:
        """Return a digest as it is now; None if it was not sent and it is too late for that."""
        if (decision := self._decision(connection, request)) is None:
            return None
        before = store.last_posted_before(connection, decision.topic)
        facts = digest_facts(connection, decision.span, before, self.policy, request.now)
        return WebhookEvent("digest", self._summary(facts), self._data(facts))

    def _decision(self, connection: Connection, request: EventRequest) -> DigestDecision | None:
        """Return the digest to be sent; None if it is too late for it, or if nothing was sent that it completes."""
        is_completed = is_of(DigestCompletedKey, request.dedup_key)
        key = (DigestCompletedKey if is_completed else DigestKey).decode(request.dedup_key)
        decision = store.decision_of(connection, DigestTopic(key.channel, key.day))
        if decision is None:
            return None
        if is_completed:
            return decision if is_sent_or_waiting(connection, decision.key) else None
        return decision if request.now < decision.post_until(self.schedule) else None

    def _summary(self, facts: DigestFacts) -> str:
        days = formatting.date_span(facts.span.first, facts.span.last, facts.span.day)
        if not _is_known(facts):
            return f"{days}: unknown. I couldn't read these days from Neo yet."
        total = facts.days.total
        failed = f", {total.failed_tasks:,} failed" if total.failed_tasks else ""
        known = "" if facts.complete else " Some tasks may be missing."
        spent = show_usd(facts.days.spend_nanos) if has_known_cost(total.tasks, total.without_cost) else "cost unknown"
        return f"{days}: {spent}, {formatting.count(total.tasks, 'task')}{failed}.{known}"

    def _data(self, facts: DigestFacts) -> dict[str, Any]:
        days, total, basis = facts.days, facts.days.total, self.policy.basis
        is_known = _is_known(facts) and has_known_cost(total.tasks, total.without_cost)
        is_failed_known = _is_known(facts) and has_known_cost(total.failed_tasks, total.failed_without_cost)
        return {
            "date": facts.span.day.isoformat(),
            "timezone": self.policy.zone.key,
            "window": {"from": moment(days.window.start), "to": moment(days.window.end)},
            "spend": amount(days.spend_nanos) if is_known else None,
            "previous_spend": optional_amount(days.before_nanos),
            "typical_spend": optional_amount(facts.usual_nanos),
            "tasks": total.tasks,
            "tasks_without_cost": total.without_cost,
            "failed_tasks": total.failed_tasks,
            "failed_spend": amount(total.failed_spend(basis)) if is_failed_known else None,
            "top_members": [
                {"member": self.members.reference(each.key[0]), "spend": _spend(each, basis)} for each in days.members
            ],
            "member_count": days.member_count,
            "top_models": [{"model": each.key[0], "spend": _spend(each, basis)} for each in days.models],
            "model_count": days.model_count,
            "budgets": {
                "over": len(facts.budgets.over),
                "near": len(facts.budgets.near),
                "on_pace_to_exceed": len(facts.budgets.ahead),
            },
            "booked_late": [{"date": day.isoformat(), "spend": amount(nanos)} for day, nanos in facts.late],
            "data_as_of": None if facts.as_of is None else moment(facts.as_of),
            "complete": facts.complete,
            "unit_assumed": facts.unit_assumed,
        }


def _spend(group: SpendGroup, basis: SpendBasis) -> dict[str, str] | None:
    """Return what a group spent; None if the cost of none of its tasks is known."""
    return amount(group.spend(basis)) if has_known_cost(group.tasks, group.without_cost) else None


def _is_known(facts: DigestFacts) -> bool:
    """Return whether the spend is known, at least in part: before all was read, no task is no $0."""
    return facts.as_of is not None and (facts.complete or facts.days.total.tasks > 0)
