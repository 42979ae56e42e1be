"""Formatting of failures: phrases that alerts, answers and App Home share."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import quote

from bot.domain import formatting
from bot.domain.money import show_usd
from bot.failures.alert_facts import GroupFacts
from bot.failures.rules import Cap
from bot.slack.mrkdwn import Trusted, escape

_NAMED = 5  # the most members that are named
_HOURS, _DAYS = 120, 48 * 60  # minutes, above which hours and days read better

CAPS = {
    Cap.MEMBER: "the member's own spending cap in Neo is reached",
    Cap.PROJECT: "the project's spending cap in Neo is reached",
    Cap.CREDITS: "the team's Neo credits are used up",
}


def within(group: GroupFacts) -> str:
    """Return within how long a group's failures happened."""
    minutes = (group.last - group.began) // timedelta(minutes=1)
    if minutes < 1:
        return "within a minute"
    if minutes < _HOURS:
        return f"in {minutes} min"
    return f"in {minutes // 60} h" if minutes < _DAYS else f"in {minutes // 1440} days"


def spent(nanos: int) -> str:
    """Return what failures cost."""
    return f"{show_usd(nanos)} spent" if nanos else "nothing spent"


def names(members: Sequence[str]) -> str:
    """Return members by e-mail, as many as a line holds."""
    more = len(members) - _NAMED
    return ", ".join(members[:_NAMED]) + (f" and {formatting.count(more, 'other')}" if more > 0 else "")


def link(template: str | None, task_id: str) -> Trusted:
    """Return the beginning of a task's id, linked to its page in Neo where there is an address for that."""
    label = escape(task_id[:8])
    if template is None:
        return Trusted(label)
    return Trusted(f"<{template.replace('{task_id}', quote(task_id, safe=''))}|{label}>")
