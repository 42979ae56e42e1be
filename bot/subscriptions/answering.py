"""Answers the question of a subscription for its reader, whose rights and those of its owner are decided anew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.access import Caller, RefusedError, Role, UnmatchedError
from bot.domain.query.errors import QueryError, WhenError
from bot.domain.query.question import TIME_GROUPINGS, Field, Question
from bot.domain.visibility import Privacy
from bot.ledger.spend_groups import SpendGroup
from bot.outbox.destinations import ChannelDestination
from bot.people.people import DeniedError, UnverifiedError
from bot.slack.blocks import TABLE_ROWS
from bot.slack.errors import SlackUnavailableError
from bot.subscriptions.store import EndReason, NewSubscription
from bot.usage.answers import Answers
from bot.usage.report import Report

A_MEMBER = "a member"  # in place of names in channels


class LostRightError(Exception):
    """A subscription cannot be answered any more; `reason` says why."""

    def __init__(self, reason: EndReason, refusal: str = "") -> None:
        super().__init__(refusal or str(reason))
        self.reason, self.refusal = reason, refusal


@dataclass(frozen=True, slots=True)
class SubscriptionAnswers:
    """Answers subscriptions; `privacy` is how members are shown in channels."""

    answers: Answers
    privacy: Privacy

    async def report(self, subscription: NewSubscription) -> tuple[Report, Caller]:
        """Return the answer as of now, and as whom the reader is answered.

        Raises:
            LostRightError: the owner may not have it any more, or the reader may not see it.
            UnreadError: nothing has been read from Neo yet.
            SlackUnavailableError: Slack does not say who they are.
        """
        reader = await self.reader(subscription)
        try:
            question = await self.answers.parse(subscription.question, reader)
            self._check_privacy(subscription, question)
            report = await self.answers.report(subscription.reader, reader, question, TABLE_ROWS)
        except UnmatchedError as error:
            raise LostRightError(EndReason.UNMATCHED, str(error)) from error
        except (RefusedError, QueryError, WhenError) as error:
            raise LostRightError(EndReason.QUESTION, str(error)) from error
        return self._without_names(subscription, report), reader

    # --- rights --------------------------------------------------------------------------------------

    async def reader(self, subscription: NewSubscription) -> Caller:
        """Return as whom the reader is answered. Raises as `report`."""
        owner = await self._caller(subscription.owner, EndReason.DENIED)
        is_own = not isinstance(subscription.place, ChannelDestination) and subscription.reader == subscription.owner
        if not is_own and owner.role is not Role.OPERATOR:
            raise LostRightError(EndReason.NOT_OPERATOR)
        if subscription.reader == subscription.owner:
            return owner
        return await self._caller(subscription.reader, EndReason.READER_DENIED)

    async def _caller(self, user: str, if_denied: EndReason) -> Caller:
        try:
            return await self.answers.people.caller(user)
        except DeniedError as error:
            raise LostRightError(if_denied) from error
        except UnverifiedError as error:
            raise SlackUnavailableError("Slack does not say who has a subscription") from error

    # --- privacy in channels -------------------------------------------------------------------------

    def _check_privacy(self, subscription: NewSubscription, question: Question) -> None:
        """Raise LostRightError if a channel may not see the members that a question shows."""
        if self.privacy is Privacy.NAMED or not isinstance(subscription.place, ChannelDestination):
            return
        is_of_members = "member" in question.by and self.privacy is Privacy.OPERATORS
        if is_of_members or _names_somebody(question):
            raise LostRightError(EndReason.PRIVACY)

    def _without_names(self, subscription: NewSubscription, report: Report) -> Report:
        """Return the report without members' names, where channels may see members but not who they are."""
        if self.privacy is Privacy.NAMED or not isinstance(subscription.place, ChannelDestination):
            return report
        return replace(report, names=dict.fromkeys(report.emails, A_MEMBER), groups=tuple(_in_nameless_order(report)))


def _in_nameless_order(report: Report) -> Sequence[SpendGroup]:
    """Return the groups so that their order tells nothing of names: members stand by what they spent, never by name."""
    by, sort = report.question.by, report.question.sort

    def rank(group: SpendGroup) -> tuple[object, ...]:
        others = [part for name, part in zip(by, group.key, strict=True) if name != "member"]
        return others, -group.spend(report.basis), -group.calls, -group.tasks

    is_by_name = sort == "name" or (sort is None and by[:1] in {(each,) for each in TIME_GROUPINGS})
    return sorted(report.groups, key=rank) if "member" in by and is_by_name else report.groups


def _names_somebody(question: Question) -> bool:
    """Return whether the answer shows whose spend or tasks it is about, apart from groups of members."""
    is_of_everybody = question.team or "member" in question.by
    by_person = {Field.EMAIL, Field.SEARCH, Field.TASK}
    return (
        not is_of_everybody
        or question.rows
        or bool(question.people)
        or any(each.field in by_person for each in question.filters)
    )
