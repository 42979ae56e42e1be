"""The command `reconcile`: compares the ledger with Neo's own total now, and answers an operator with what differs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.access import Caller, RefusedError, Role
from bot.domain.query.errors import QueryError
from bot.domain.query.tokens import clean
from bot.ledger.members import shown_email
from bot.ledger.neo_agreement import agreement_text, difference_texts, member_difference_text, reading_text
from bot.people.people import People
from bot.reconcile.days_comparison import Comparison
from bot.reconcile.document import compared_text, member_text, own_keys_text, undecided_text
from bot.reconcile.job import ReconcileJob
from bot.slack import blocks
from bot.slack.requests import Request
from bot.slack.templates import Templates

_PATIENCE = 25 * 60.0  # Slack takes an answer for half an hour
_MOST_LISTED = 10  # so many days, and so many members


@dataclass(frozen=True, slots=True)
class ReconcileCommands:
    """The command `reconcile` in Slack; `clock` gives aware times, `patience` is how many seconds it may take."""

    job: ReconcileJob
    people: People
    templates: Templates
    clock: Callable[[], datetime]
    patience: float = _PATIENCE

    async def reconcile(self, request: Request, caller: Caller) -> None:
        """`reconcile [time]`: compare, and answer with what differs."""
        if caller.role is not Role.OPERATOR:
            raise RefusedError(
                "Only operators can compare with Neo's total. Try `status` to see how fresh the data is."
            )
        try:
            async with asyncio.timeout(self.patience):
                comparison = await self.job.compare(clean(request.text).partition(" ")[2])
        except QueryError as error:
            raise error.behind("reconcile") from error.__cause__
        except TimeoutError:
            raise RefusedError(
                "Neo takes too long to answer. Try fewer days, such as `reconcile 7d`. I compare all of them each "
                "night, and `status` says what came of it."
            ) from None
        text = self.templates.render("reconcile/comparison", **await self._values(comparison))
        await request.responder.respond(blocks.paragraph(text))

    async def _values(self, comparison: Comparison) -> dict[str, object]:
        agreement, today = comparison.agreement, self.clock().astimezone(UTC).date()
        emails = list(comparison.members)[:_MOST_LISTED]
        differing = [each for each in agreement.members if each.member in comparison.emails][:_MOST_LISTED]
        shown = {*comparison.emails.values(), *map(shown_email, emails)}
        database = self.job.reconciler.database
        names = await database.read(lambda connection: self.people.names(connection, shown))
        differences = difference_texts(agreement, today)
        return {
            "result": agreement_text(agreement, today),
            "compared": compared_text(comparison, today),
            "undecided": undecided_text(comparison, today) if comparison.undecided else "",
            "differences": differences[:_MOST_LISTED],
            "members": [
                *(member_difference_text(names[comparison.emails[each.member]], each, today) for each in differing),
                *(member_text(names[shown_email(each)], *comparison.members[each]) for each in emails),
            ],
            "own_keys": [own_keys_text(counted, *both) for counted, both in comparison.own_keys.items()],
            "more": max(len(differences) - _MOST_LISTED, 0),
            "reading": reading_text(agreement.days),
            "unavailable": agreement.unavailable,
        }
