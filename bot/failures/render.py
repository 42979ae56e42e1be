"""What is said of failures in channels and direct messages: the living message of a group, or of many at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.database.engine import Database
from bot.database.reader import Reader
from bot.domain import formatting
from bot.domain.pricing import SpendBasis
from bot.domain.tasks import FAILED_STATUSES
from bot.domain.text import one_line
from bot.domain.visibility import Privacy, Titles
from bot.failures import failure_formatting, store
from bot.failures.facts import Case, FailedTask, Told, look, tasks, told
from bot.failures.grouper import REPLIES
from bot.failures.keys import FailureKey, FailuresKey, FailuresTopic
from bot.failures.store import Silence, Silenced
from bot.ledger.scope import Scope
from bot.outbox.destinations import MemberDestination
from bot.outbox.keys import is_of
from bot.outbox.live_store import live_messages
from bot.outbox.renderers import RenderRequest
from bot.slack import blocks
from bot.slack.blocks import Button, Draft, Message
from bot.slack.mrkdwn import Trusted, code, mention
from bot.slack.templates import Templates

TASKS, SILENCE, ACKNOWLEDGE, OFF = "failure_tasks", "failure_silence", "failure_ack", "failure_off"
_LINES = 10  # kinds that a summary lists
_LINKED = 3  # tasks that are linked
_NAME, _ERROR = 60, 120  # characters of a model and an error in a list, so that all of its lines fit

if TYPE_CHECKING:
    from bot.settings.model import Settings


@dataclass(frozen=True, slots=True)
class FailurePolicy:
    """What messages about failures rest on; `address` has a `{task_id}`, if there is one for tasks.

    Tasks of the `failing` statuses failed.
    """

    zone: ZoneInfo
    basis: SpendBasis
    titles: Titles = Titles.OPERATORS
    privacy: Privacy = Privacy.NAMED
    address: str | None = None
    failing: tuple[str, ...] = FAILED_STATUSES

    @classmethod
    def from_settings(cls, settings: "Settings") -> "FailurePolicy":
        """Return the policy that the settings ask for."""
        return cls(
            zone=settings.timezone,
            basis=settings.spend_basis,
            titles=settings.show_titles,
            privacy=settings.alert_privacy,
            address=settings.neo_task_url_template,
            failing=settings.failure_statuses,
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is to say: the message's groups, the latest tasks, and which silences are about them."""

    told: Told
    latest: tuple[FailedTask, ...]
    silences: tuple[Silence, ...]
    posted: bool


@dataclass(frozen=True, slots=True)
class FailureRenderer:
    """Renders alerts of failures; `clock` gives aware times."""

    database: Database
    templates: Templates
    policy: FailurePolicy
    clock: Callable[[], datetime]

    # --- the living message ------------------------------------------------------------------------

    async def show(self, telling: RenderRequest) -> Message | None:
        """What a message tells of, as it is now; to a member, of their own tasks alone."""
        topic = FailuresTopic.decode(telling.topic or "")
        found = await self.database.read(lambda reader: self._look(reader, topic, telling))
        if not found.told.cases:
            return self._of_none() if found.posted else None
        return self._of_one(found, telling) if len(found.told.cases) == 1 else self._of_many(found, telling)

    def _look(self, reader: Reader, topic: FailuresTopic, telling: RenderRequest) -> _Found:
        scope = Scope(_member(telling))
        of = told(reader, topic.id, self.policy.basis, scope)
        of = replace(of, cases=tuple(_as_seen(each, scope) for each in of.cases))
        groups = [each.group for each in of.cases]
        latest = tasks(reader, groups, self.policy.basis, _LINKED, scope) if len(groups) == 1 else []
        silences = [each for each in store.silences(reader, self.clock()) if _is_about(each, of.cases)]
        posted = (topic, telling.destination) in live_messages(reader, [topic])
        return _Found(of, tuple(latest), tuple(silences), posted)

    def _of_none(self) -> Message:
        """What a message becomes whose tasks are all told of elsewhere, or of which there is nothing to tell."""
        return blocks.paragraph(self.templates.render("failures/group_empty"))

    def _of_one(self, found: _Found, telling: RenderRequest) -> Message:
        (only,) = found.told.cases
        draft = self._drafted(only, found.latest, telling)
        if acts := list(self._acts(found)):
            draft.add(blocks.context(*acts))
        draft.add(blocks.actions(list(_buttons(f"first:{found.told.first}", telling, closed=only.closed))))
        return draft.message()

    def _drafted(
        self, only: Case, latest: tuple[FailedTask, ...], telling: RenderRequest, *, reply: bool = False
    ) -> Draft:
        headline = self.templates.render("failures/headline", **self._headline(only, telling))
        draft = Draft(headline)
        draft.add(blocks.section(headline))
        details = self._details(only, latest, telling)
        draft.add(blocks.section(self.templates.render("failures/details", **details, reply=reply)))
        return draft

    def _headline(self, only: Case, telling: RenderRequest) -> dict[str, Any]:
        return {
            "tasks": only.tasks,
            "own": _member(telling) is not None,
            "within": failure_formatting.within(only),
            "model": only.model,
            "status": only.status,
            "members": formatting.count(len(only.members), "member"),
            "who": only.members[0] if len(only.members) == 1 and self._named(telling) else "",
            "spent": failure_formatting.spent(only.nanos),
        }

    def _details(self, only: Case, latest: tuple[FailedTask, ...], telling: RenderRequest) -> dict[str, Any]:
        zone = self.policy.zone
        many = len(only.members) > 1 and self._named(telling)
        return {
            "error": code(only.error) if only.error and self._texts(telling) else "",
            "cap": "" if only.cap is None else failure_formatting.CAPS[only.cap],
            "cap_name": only.cap or "",
            "names": failure_formatting.names(only.members) if many else "",
            "tasks": only.tasks,
            "mended": only.mended,
            "began": formatting.moment(only.began, zone),
            "last": formatting.moment(only.last, zone),
            "links": [failure_formatting.link(self.policy.address, each.task_id) for each in latest]
            if self.policy.address
            else [],
            "closed": only.closed,
            "hushed": only.hushed,
        }

    def _texts(self, telling: RenderRequest) -> bool:
        """Whether errors may be shown there."""
        return telling.in_dm or self.policy.titles is Titles.CHANNEL

    def _named(self, telling: RenderRequest) -> bool:
        """Whether members may be named there."""
        return _member(telling) is None and (telling.in_dm or self.policy.privacy is Privacy.NAMED)

    def _acts(self, found: _Found) -> Iterator[str]:
        zone = self.policy.zone
        if found.told.acknowledged:
            by, at = found.told.acknowledged
            yield Trusted(f":white_check_mark: Acknowledged by {mention(by)}, {formatting.moment(at, zone)}")
        for each in found.silences:
            what = {Silenced.KIND: "This error", Silenced.MODEL: "This model", Silenced.MEMBER: "A member"}[each.what]
            yield Trusted(
                f":zzz: {what} is silenced through {formatting.last_day(each.until, zone)}, by {mention(each.by)}"
            )

    # --- many at once --------------------------------------------------------------------------------

    def _of_many(self, found: _Found, telling: RenderRequest) -> Message:
        cases = found.told.cases
        lines = [self._line(each, telling) for each in cases[:_LINES]]
        members = {email for each in cases for email in each.members}
        text = self.templates.render(
            "failures/summary",
            kinds=len(cases),
            own=_member(telling) is not None,
            tasks=formatting.count(sum(each.tasks for each in cases), "task"),
            members=formatting.count(len(members), "member"),
            spent=failure_formatting.spent(sum(each.nanos for each in cases)),
            lines=lines,
            more=len(cases) - len(lines),
            unshown=max(len(cases) - REPLIES, 0) if _member(telling) is None else 0,
            closed=found.told.closed,
            hushed=any(each.hushed for each in cases),
        )
        draft = Draft(text.partition("\n")[0])
        draft.add(blocks.section(text))
        if acts := list(self._acts(found)):
            draft.add(blocks.context(*acts))
        draft.add(blocks.actions(list(_buttons(f"first:{found.told.first}", telling, closed=found.told.closed))))
        return draft.message()

    def _line(self, each: Case, telling: RenderRequest) -> dict[str, Any]:
        return {
            "tasks": each.tasks,
            "model": one_line(each.model, _NAME),
            "status": each.status,
            "members": formatting.count(len(each.members), "member"),
            "spent": failure_formatting.spent(each.nanos),
            "cap": each.cap or "",
            "error": code(one_line(each.error, _ERROR)) if each.error and self._texts(telling) else "",
        }

    # --- what is said in its thread ------------------------------------------------------------------

    async def say(self, telling: RenderRequest) -> Message | None:
        """One of many groups, in the thread of the message that tells of all."""
        if is_of(FailuresKey, telling.dedup_key):  # too old to be sent by itself: its headline stands in a summary
            topic = FailuresTopic(FailuresKey.decode(telling.dedup_key).id)
            return await self.show(replace(telling, topic=topic.encode()))
        group, member = FailureKey.decode(telling.dedup_key).id, _member(telling)
        found, latest = await self.database.read(lambda reader: self._look_at_one(reader, group, member))
        if found is None:
            return None
        draft = self._drafted(found, latest, telling, reply=True)
        draft.add(blocks.actions(list(_buttons(f"group:{group}", telling, closed=found.closed))))
        return draft.message()

    def _look_at_one(
        self, reader: Reader, group: int, member: int | None
    ) -> tuple[Case | None, tuple[FailedTask, ...]]:
        with reader:
            scope = Scope(member)
            latest = tasks(reader, [group], self.policy.basis, _LINKED, scope)
            found = look(reader, group, self.policy.basis, scope)
            return found and _as_seen(found, scope), tuple(latest)


def _as_seen(case: Case, scope: Scope) -> Case:
    """A group as it may be told of: when it closes depends on others' failures, so a member is not told that."""
    return case if scope.member is None else replace(case, closed=False, hushed=False)


def _member(telling: RenderRequest) -> int | None:
    """Whose own tasks a message is about, if it is one member's."""
    return telling.destination.member if isinstance(telling.destination, MemberDestination) else None


def _is_about(silence: Silence, cases: tuple[Case, ...]) -> bool:
    values = {Silenced.KIND: {str(each.kind) for each in cases}, Silenced.MODEL: {each.model for each in cases}}
    return silence.value in values.get(silence.what, set())


def _buttons(value: str, telling: RenderRequest, *, closed: bool) -> Iterator[Button]:
    yield blocks.raw_button("Show tasks", TASKS, value)
    if _member(telling) is not None:
        yield blocks.raw_button("Tell me no more", OFF, value)
    elif not closed:
        yield blocks.raw_button("Silence", SILENCE, value)
        yield blocks.raw_button("Acknowledge", ACKNOWLEDGE, value)
