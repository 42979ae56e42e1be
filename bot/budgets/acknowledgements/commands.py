"""The button that acknowledges an alert."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.acknowledgements.store import acknowledgement, insert_acknowledgement
from bot.budgets.alerts.subject_names import person
from bot.budgets.authorization import BudgetAuthorization
from bot.budgets.keys import AcknowledgeAction, BudgetTopic
from bot.budgets.limits.revision_store import Act
from bot.budgets.policy import BudgetPolicy
from bot.database.engine import Database
from bot.domain import formatting
from bot.domain.access import Caller, Role
from bot.outbox.live_store import request_edits
from bot.people.rate_limit import charge_rate_limit
from bot.slack import blocks
from bot.slack.requests import Request
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class AcknowledgeButton:
    """The button that acknowledges an alert; `clock` gives aware times."""

    database: Database
    templates: Templates
    policy: BudgetPolicy
    authorization: BudgetAuthorization
    clock: Callable[[], datetime]

    async def acknowledge(self, request: Request, caller: Caller) -> None:
        """Record that the caller has seen an alert."""
        topic = AcknowledgeAction.decode(request.action, request.text).topic
        await self.authorization.check_subject(caller, topic.subject)
        is_limited = caller.role is not Role.OPERATOR  # to operators it is their work
        before = await self.database.write(lambda c: self._record(c, topic, request.user, is_limited=is_limited))
        act = before or Act(request.user, self.clock())
        text = self.templates.render(
            "budgets/acknowledgement",
            again=before is not None,
            by=person(act.by),
            when=formatting.local_time(act.at, self.policy.zone, self.clock()),
        )
        await request.responder.respond(blocks.paragraph(text))

    def _record(self, connection: Connection, topic: BudgetTopic, by: str, *, is_limited: bool) -> Act | None:
        """Acknowledge; return who had before. Raises RefusedError if somebody limited has sent too much."""
        before = acknowledge(connection, topic, by, self.clock())
        if before is None and is_limited:
            charge_rate_limit(connection, by, self.clock())
        return before


def acknowledge(connection: Connection, topic: BudgetTopic, by: str, now: datetime) -> Act | None:
    """Record that `by` has seen an alert, unless somebody had before. Returns who had, and when."""
    before = acknowledgement(connection, topic)
    if before is None:
        insert_acknowledgement(connection, topic, by, now)
        request_edits(connection, [topic])
    return before
