"""Renders alerts of failures: the live message that reports groups, and the replies in its thread."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.database.engine import Database
from bot.domain import formatting
from bot.failures import alert_values, failure_formatting
from bot.failures.alert_facts import AlertFacts, FailedTask, GroupFacts, alert_facts, facts_of, group_tasks
from bot.failures.alert_values import AlertAudience
from bot.failures.keys import (
    AcknowledgeAction,
    FailureKey,
    FailuresKey,
    FailuresTopic,
    ReportedGroups,
    ShowTasksAction,
    SilenceAction,
    StopNotifyingAction,
    TargetType,
)
from bot.failures.listener_store import is_listening
from bot.failures.rules import FailurePolicy
from bot.failures.silence_store import Silence, active_silences
from bot.ledger.members import current_email
from bot.ledger.scope import Scope
from bot.outbox.keys import is_of
from bot.outbox.live_store import live_messages
from bot.outbox.renderers import RenderRequest
from bot.people.member_names import MemberNames
from bot.slack import blocks
from bot.slack.blocks import Button, Draft, Message
from bot.slack.mrkdwn import Trusted, mention
from bot.slack.templates import Templates

_LINKED = 3  # the most tasks that are linked
_SILENCED = {TargetType.KIND: "This error", TargetType.MODEL: "This model", TargetType.MEMBER: "A member"}


@dataclass(frozen=True, slots=True)
class _Content:
    """What a message says: the groups it reports, the latest tasks if it is one group, and silences about them."""

    alert: AlertFacts
    latest: tuple[FailedTask, ...]
    silences: tuple[Silence, ...]
    is_posted: bool
    is_listening: bool  # the member whose tasks alone it is about

    @property
    def is_silenced(self) -> bool:
        """Whether silences are about all of the groups."""
        return all(any(_is_about(each, [group]) for each in self.silences) for group in self.alert.groups)


@dataclass(frozen=True, slots=True)
class FailureRenderer:
    """Renders alerts of failures; `clock` gives aware times, `names` what members are called."""

    database: Database
    templates: Templates
    policy: FailurePolicy
    clock: Callable[[], datetime]
    names: MemberNames

    # --- the live message ----------------------------------------------------------------------------

    async def render_current(self, request: RenderRequest) -> Message | None:
        """Return the alert as it is now, for a member only with their own tasks.

        If no task is left: None if the alert was not posted yet, else a message that says so.
        """
        topic = FailuresTopic.decode(request.topic or "")
        content = await self.database.read(lambda connection: self._content(connection, topic, request))
        groups = content.alert.groups
        if not groups:
            return blocks.paragraph(self.templates.render("failures/group_empty")) if content.is_posted else None
        audience = AlertAudience.of(request, self.policy)
        draft = self._one(groups[0], content.latest, audience) if len(groups) == 1 else self._many(content, audience)
        if notes := list(self._notes(content)):
            draft.add(blocks.context(*notes))
        draft.add(blocks.actions(_buttons(ReportedGroups(topic.id, is_first=True), content, audience)))
        return draft.message()

    def _content(self, connection: Connection, topic: FailuresTopic, request: RenderRequest) -> _Content:
        member = AlertAudience.of(request, self.policy).member
        scope = Scope(member)
        alert = alert_facts(connection, topic.id, self.policy.basis, scope)
        alert = replace(alert, groups=tuple(self._for_reader(connection, each, scope) for each in alert.groups))
        single = [each.group for each in alert.groups] if len(alert.groups) == 1 else []
        return _Content(
            alert=alert,
            latest=tuple(group_tasks(connection, single, self.policy.basis, scope, _LINKED)),
            silences=tuple(each for each in active_silences(connection, self.clock()) if _is_about(each, alert.groups)),
            is_posted=(topic, request.destination) in live_messages(connection, [topic]),
            is_listening=member is not None and _is_listening(connection, member),
        )

    def _one(
        self, facts: GroupFacts, latest: Iterable[FailedTask], audience: AlertAudience, *, reply: bool = False
    ) -> Draft:
        headline = self.templates.render("failures/headline", **alert_values.headline(facts, audience))
        draft = Draft(headline)
        draft.add(blocks.section(headline))
        values = alert_values.details(facts, latest, audience, self.policy, self.clock())
        draft.add(blocks.section(self.templates.render("failures/details", **values, reply=reply)))
        return draft

    def _many(self, content: _Content, audience: AlertAudience) -> Draft:
        text = self.templates.render("failures/summary", **alert_values.summary(content.alert, audience))
        draft = Draft(text.partition("\n")[0])
        draft.add(blocks.section(text))
        return draft

    def _notes(self, content: _Content) -> Iterator[str]:
        """Yield lines on who acknowledged the alert, and on silences about it."""
        zone, now = self.policy.zone, self.clock()
        if ack := content.alert.acknowledgement:
            at = formatting.dated_time(ack.at, zone, now)
            yield Trusted(f":white_check_mark: Acknowledged by {mention(ack.by)}, {at}")
        for each in content.silences:
            end = failure_formatting.until(each.until, zone, now)
            yield Trusted(f":zzz: {_SILENCED[each.target.type]} is silenced {end}, by {mention(each.by)}")

    # --- replies -------------------------------------------------------------------------------------

    async def render_event(self, request: RenderRequest) -> Message | None:
        """Return one of many groups, in the thread of the message that reports all; None if nothing is left of it."""
        if is_of(FailuresKey, request.dedup_key):  # too old to be sent by itself: its headline goes into a summary
            topic = FailuresTopic(FailuresKey.decode(request.dedup_key).id)
            return await self.render_current(replace(request, topic=topic.encode()))
        group = ReportedGroups(FailureKey.decode(request.dedup_key).id, is_first=False)
        audience = AlertAudience.of(request, self.policy)
        facts, latest = await self.database.read(
            lambda connection: self._group(connection, group, Scope(audience.member))
        )
        if facts is None:
            return None
        draft = self._one(facts, latest, audience, reply=True)
        draft.add(blocks.actions([blocks.button("Show tasks", ShowTasksAction(group))]))  # the parent has the others
        return draft.message()

    def _group(
        self, connection: Connection, group: ReportedGroups, scope: Scope
    ) -> tuple[GroupFacts | None, list[FailedTask]]:
        groups = facts_of(connection, group, self.policy.basis, scope)
        latest = group_tasks(connection, [group.id], self.policy.basis, scope, _LINKED)
        return next((self._for_reader(connection, each, scope) for each in groups), None), latest

    def _for_reader(self, connection: Connection, facts: GroupFacts, scope: Scope) -> GroupFacts:
        """Return a group with its members' names, as a reader may see it.

        Members do not see that it closed, as others' failures decide that.
        """
        names = self.names(connection, facts.members)
        named = replace(facts, members=tuple(names[email] for email in facts.members))
        return named if scope.member is None else replace(named, is_closed=False, is_muted=False)


def _is_about(silence: Silence, groups: Sequence[GroupFacts]) -> bool:
    """Return whether a silence is about the error or the model of one of the groups."""
    match silence.target.type:
        case TargetType.KIND:
            return silence.target.value in {str(each.kind) for each in groups}
        case TargetType.MODEL:
            return silence.target.value in {each.model for each in groups}
        case TargetType.MEMBER:
            return False


def _is_listening(connection: Connection, member: int) -> bool:
    """Return whether a member, or the one they were merged into, is notified of their own failures."""
    current = current_email(connection, member)
    return current is not None and is_listening(connection, current[0])


def _buttons(groups: ReportedGroups, content: _Content, audience: AlertAudience) -> Iterator[Button]:
    """Yield what can still be done about an alert."""
    yield blocks.button("Show tasks", ShowTasksAction(groups))
    if audience.is_member:
        if content.is_listening:
            yield blocks.button("Turn off notifications", StopNotifyingAction(groups))
    elif not content.alert.is_closed:
        if not content.is_silenced:
            yield blocks.button("Silence", SilenceAction(groups))
        if content.alert.acknowledgement is None:
            yield blocks.button("Acknowledge", AcknowledgeAction(groups))
