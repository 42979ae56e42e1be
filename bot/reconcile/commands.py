"""The command `reconcile`: compares the ledger with Neo's own total now, and answers an operator with what differs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.access import Caller, RefusedError, Role
from bot.domain.query.tokens import clean
from bot.ledger.members import shown_email
from bot.ledger.neo_agreement import agreement_text, difference_text, member_difference_text
from bot.people.people import People
from bot.reconcile.days_comparison import Comparison
from bot.reconcile.document import member_text, own_keys_text
from bot.reconcile.job import ReconcileJob
from bot.slack import blocks
from bot.slack.requests import Request
from bot.slack.templates import Templates

_MOST_LISTED = 10  # so many days, and so many members


@dataclass(frozen=True, slots=True)
class ReconcileCommands:
    """The command `reconcile` in Slack; `clock` gives aware times."""

    job: ReconcileJob
    people: People
    templates: Templates
    clock: Callable[[], datetime]

    async def reconcile(self, request: Request, caller: Caller) -> None:
        """`reconcile [time]`: compare, and answer with what differs."""
        if caller.role is not Role.OPERATOR:
            raise RefusedError(
                "Only operators can compare with Neo's total. Try `status` to see how fresh the data is."
            )
        comparison = await self.job.compare(clean(request.text).partition(" ")[2])
        text = self.templates.render("reconcile/comparison", **await self._values(comparison))
        await request.responder.respond(blocks.paragraph(text))

    async def _values(self, comparison: Comparison) -> dict[str, object]:
        agreement, today = comparison.agreement, self.clock().astimezone(UTC).date()
        emails = list(comparison.members)[:_MOST_LISTED]
        differing = [each for each in agreement.members if each.member in comparison.emails][:_MOST_LISTED]
        shown = {*comparison.emails.values(), *map(shown_email, emails)}
        database = self.job.reconciler.database
        names = await database.read(lambda connection: self.people.names(connection, shown))
        return {
            "result": agreement_text(agreement, today) or "No day could be compared",
            "differences": [difference_text(each, today) for each in agreement.differences[:_MOST_LISTED]],
            "members": [
                *(member_difference_text(names[comparison.emails[each.member]], each, today) for each in differing),
                *(member_text(names[shown_email(each)], *comparison.members[each]) for each in emails),
            ],
            "own_keys": "" if comparison.own_keys is None else own_keys_text(*comparison.own_keys),
            "more": max(len(agreement.differences) - _MOST_LISTED, 0),
            "days": str(agreement.days),
            "unavailable": agreement.unavailable,
        }
