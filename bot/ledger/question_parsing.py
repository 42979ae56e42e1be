"""Parsing a question with the statuses that the ledger knows."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from sqlalchemy import Connection

from bot.domain.query.errors import QueryError
from bot.domain.query.parser import parse
from bot.domain.query.question import Question
from bot.domain.tasks import UPSTREAM_STATUSES
from bot.ledger.scope import Scope
from bot.ledger.scope_queries import seen_values


def parse_question(
    connection: Connection, scope: Scope, line: str, *, now: datetime, zone: tzinfo, failing: Sequence[str] = ()
) -> Question:
    """Return the question that a line asks; a status is one of the upstream's own, of the settings, or of the scope.

    Raises:
        QueryError: the line is not a question.
    """
    try:
        return parse(line, now=now, zone=zone)
    except QueryError:
        # only a line that asks for another status is worth the look at which there are
        statuses = {*UPSTREAM_STATUSES, *failing, *seen_values(connection, scope, "status")}
        return parse(line, now=now, zone=zone, statuses=statuses)
