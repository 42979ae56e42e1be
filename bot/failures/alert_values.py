"""Alert values: the variables of the alerts' templates, without what the audience may not see.

The names of variables stay as they are, since operators' own templates use them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain import formatting
from bot.domain.tasks import FAILED_STATUSES
from bot.domain.text import ascii_lower, one_line
from bot.domain.visibility import Privacy, Titles
from bot.failures import failure_formatting
from bot.failures.alert_facts import AlertFacts, FailedTask, GroupFacts
from bot.failures.failure_formatting import SO_FAR
from bot.failures.rules import MOST_REPLIES, FailurePolicy
from bot.outbox.destinations import MemberDestination
from bot.outbox.renderers import RenderRequest
from bot.slack.mrkdwn import code

_LINES = 10  # the most kinds that a summary lists
_NAME, _ERROR = 60, 120  # characters of a model and an error in a list, so that all of its lines fit


@dataclass(frozen=True, slots=True)
class AlertAudience:
    """Who reads an alert, and what they may see; `member` is whose own tasks it is about, if it is one member's."""

    member: int | None
    sees_errors: bool
    sees_names: bool

    @classmethod
    def of(cls, request: RenderRequest, policy: FailurePolicy) -> "AlertAudience":
        """Return the audience of a message to be rendered."""
        member = request.destination.member if isinstance(request.destination, MemberDestination) else None
        return cls(
            member=member,
            sees_errors=request.in_dm or policy.titles is Titles.CHANNEL,
            sees_names=member is None and (request.in_dm or policy.privacy is Privacy.NAMED),
        )

    @property
    def is_member(self) -> bool:
        """Whether it is about one member's own tasks."""
        return self.member is not None


def headline(facts: GroupFacts, audience: AlertAudience) -> dict[str, Any]:
    """Return the values of `failures/headline`."""
    return {
        "tasks": facts.tasks,
        "own": audience.is_member,
        "within": failure_formatting.within(facts),
        "model": facts.model,
        "status": facts.status,
        "cause": _cause(facts),
        "members": formatting.count(len(facts.members), "member"),
        "who": facts.members[0] if len(facts.members) == 1 and audience.sees_names else "",
        "spent": failure_formatting.cost(facts.nanos, facts.unknown, SO_FAR),
    }


def _cause(facts: GroupFacts) -> str:
    """Return why the tasks failed, in words for anybody: the status says it where that is an unusual one."""
    if facts.cause.is_known:
        return facts.cause
    return "" if ascii_lower(facts.status) in FAILED_STATUSES else f"ended as {facts.status}"


def details(
    facts: GroupFacts, latest: Iterable[FailedTask], audience: AlertAudience, policy: FailurePolicy, now: datetime
) -> dict[str, Any]:
    """Return the values of `failures/details`; `latest` are the tasks that are linked, where there are addresses."""
    linked = latest if policy.address else ()
    return {
        "error": code(facts.error) if facts.error and audience.sees_errors else "",
        "cap": "" if facts.cap is None else failure_formatting.CAPS[facts.cap],
        "cap_name": facts.cap or "",
        "names": failure_formatting.names(facts.members) if len(facts.members) > 1 and audience.sees_names else "",
        "tasks": facts.tasks,
        "mended": facts.recovered,
        "began": formatting.local_time(facts.began, policy.zone, now),
        "last": formatting.local_time(facts.last, policy.zone, now),
        "zone": policy.zone.key,
        "links": [failure_formatting.link(policy.address, each.task_id) for each in linked],
        "closed": facts.is_closed,
        "hushed": facts.is_muted,
    }


def summary(alert: AlertFacts, audience: AlertAudience) -> dict[str, Any]:
    """Return the values of `failures/summary`, for a message that reports many groups."""
    groups = alert.groups
    lines = [_line(each, audience) for each in groups[:_LINES]]
    members = {email for each in groups for email in each.members}
    return {
        "kinds": len(groups),
        "own": audience.is_member,
        "tasks": formatting.count(sum(each.tasks for each in groups), "task"),
        "failed": sum(each.tasks for each in groups),
        "members": formatting.count(len(members), "member"),
        "spent": failure_formatting.cost(
            sum(each.nanos for each in groups), sum(each.unknown for each in groups), SO_FAR
        ),
        "lines": lines,
        "more": len(groups) - len(lines),
        "unshown": 0 if audience.is_member else max(len(groups) - MOST_REPLIES, 0),
        "closed": alert.is_closed,
        "hushed": any(each.is_muted for each in groups),
    }


def _line(facts: GroupFacts, audience: AlertAudience) -> dict[str, Any]:
    return {
        "tasks": facts.tasks,
        "model": one_line(facts.model, _NAME),
        "status": facts.status,
        "cause": _cause(facts),
        "members": formatting.count(len(facts.members), "member"),
        "spent": failure_formatting.cost(facts.nanos, facts.unknown, SO_FAR),
        "cap": facts.cap or "",
        "error": code(one_line(facts.error, _ERROR)) if facts.error and audience.sees_errors else "",
    }
