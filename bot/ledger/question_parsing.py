"""Parsing a question, in the query language or in everyday words, with the names that the ledger knows."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from sqlalchemy import Connection

from bot.domain.access import Caller
from bot.domain.everyday.meaning import TypingContext
from bot.domain.everyday.understanding import understand
from bot.domain.periods import local_day
from bot.domain.query.errors import AmbiguousError, QueryError
from bot.domain.query.parser import parse
from bot.domain.query.question import Question
from bot.domain.query.when import When, compares_with
from bot.domain.tasks import UPSTREAM_STATUSES
from bot.ledger.names import EmailsByName, LedgerNames, no_names
from bot.ledger.scope import Scope
from bot.ledger.scope_queries import seen_values


def parse_question(
    connection: Connection,
    caller: Caller,
    line: str,
    *,
    now: datetime,
    zone: tzinfo,
    failing: Sequence[str] = (),
    in_slack: Callable[[Connection], EmailsByName] = no_names,
) -> Question:
    """Return the question that a line asks.

    A status is one of the upstream's own, of the settings, or of a task that the caller may see.
    A line of the query language means itself; any other is understood as everyday words, if it can be.

    Raises:
        AmbiguousError: it may mean several questions.
        QueryError: it is not a question.
    """
    try:
        return parse(line, now=now, zone=zone)
    except QueryError:
        scope = Scope.of(connection, caller)
        # only a line that asks for another status is worth the look at which there are
        statuses = {*UPSTREAM_STATUSES, *failing, *seen_values(connection, scope, "status")}
    try:
        return parse(line, now=now, zone=zone, statuses=statuses)
    except QueryError as error:
        names = LedgerNames(connection, scope, in_slack)
        return _understood(line, error, names, statuses, now=now, zone=zone)


def _understood(
    line: str, strict: QueryError, names: LedgerNames, statuses: Collection[str], *, now: datetime, zone: tzinfo
) -> Question:
    """Return the question of everyday words; `strict` says why the line is none of the query language."""

    def is_compared(when: When, other: When) -> bool:
        return compares_with(when, other, now, zone)

    context = TypingContext(local_day(now, zone), statuses, names, is_compared)
    try:
        lines = understand(line, context)
        questions = {each: parse(each, now=now, zone=zone, statuses=statuses) for each in lines}
    except QueryError as error:
        # about one word the query language knows more, unless only everyday words know what was meant
        is_strict = strict.instead or (error.word == strict.word and not error.instead)
        raise (strict if is_strict else error) from error.__cause__
    if len(questions) > 1:
        raise AmbiguousError(lines)
    return replace(questions[lines[0]], in_words=True)
