"""Builds the events of failures: groups of tasks that failed the same way, found and over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from bot.domain import formatting
from bot.domain.money import show_usd
from bot.domain.pricing import has_known_cost
from bot.failures.alert_facts import AlertFacts, GroupFacts, alert_facts
from bot.failures.keys import FailuresOpenedKey, FailuresResolvedKey
from bot.failures.rules import FailurePolicy
from bot.ledger.scope import EVERYTHING
from bot.outbox.events import EventMembers, EventRequest, WebhookEvent, amount, moment

_MOST_GROUPS, _MOST_MEMBERS = 20, 50


@dataclass(frozen=True, slots=True)
class FailureEvents:
    """Builds events of failures."""

    policy: FailurePolicy
    members: EventMembers

    def opened(self, connection: Connection, request: EventRequest) -> WebhookEvent | None:
        """Return that tasks have failed; None if they no longer have."""
        return self._event(connection, FailuresOpenedKey.decode(request.dedup_key).id, "failure.opened")

    def resolved(self, connection: Connection, request: EventRequest) -> WebhookEvent | None:
        """Return that no more tasks fail that way."""
        return self._event(connection, FailuresResolvedKey.decode(request.dedup_key).id, "failure.resolved")

    def _event(self, connection: Connection, first: int, type_: str) -> WebhookEvent | None:
        facts = alert_facts(connection, first, self.policy.basis, EVERYTHING)
        if not facts.groups:
            return None
        return WebhookEvent(
            type_,
            _summary(facts, is_over=type_ == "failure.resolved"),
            {
                "tasks": sum(each.tasks for each in facts.groups),
                "cost": _amount(facts.groups),
                "tasks_without_cost": sum(each.unknown for each in facts.groups),
                "groups": [self._group(each) for each in facts.groups[:_MOST_GROUPS]],
                "groups_omitted": max(0, len(facts.groups) - _MOST_GROUPS),
            },
        )

    def _group(self, group: GroupFacts) -> dict[str, Any]:
        references = [each for email in group.members if (each := self.members.reference(email)) is not None]
        return {
            "status": group.status,
            "model": group.model,
            "cause": group.cause.value,
            "tasks": group.tasks,
            "tasks_recovered": group.recovered,
            "cost": _amount([group]),
            "tasks_without_cost": group.unknown,
            "members": references[:_MOST_MEMBERS],
            "members_omitted": max(0, len(references) - _MOST_MEMBERS),
            "first_failed_at": moment(group.began),
            "last_failed_at": moment(group.last),
        }


def _amount(groups: Sequence[GroupFacts]) -> dict[str, str] | None:
    """Return what the tasks of groups cost; None if the cost of none of them is known."""
    tasks, unknown = sum(each.tasks for each in groups), sum(each.unknown for each in groups)
    return amount(sum(each.nanos for each in groups)) if has_known_cost(tasks, unknown) else None


def _summary(facts: AlertFacts, *, is_over: bool) -> str:
    tasks, ways = sum(each.tasks for each in facts.groups), len(facts.groups)
    failed = f"{formatting.count(tasks, 'task')} failed"
    how = f" in {ways:,} different ways" if ways > 1 else ""
    return f"{'Resolved: ' if is_over else ''}{failed}{how}. {_cost(facts, tasks)}."


def _cost(facts: AlertFacts, tasks: int) -> str:
    """Return what the tasks cost: `Cost: $9.80`, `Cost: $9.80, and unknown for 2`, `Cost: unknown`."""
    spent, unknown = sum(each.nanos for each in facts.groups), sum(each.unknown for each in facts.groups)
    if unknown == tasks:
        return "Cost: unknown"
    return f"Cost: {show_usd(spent)}" + (f", and unknown for {unknown:,}" if unknown else "")
