"""Parsing a question, in the query language or in everyday words, with the names that the ledger knows."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from sqlalchemy import Connection

from bot.domain.access import OWN_SPEND_ONLY, Caller, RefusedError, Role
from bot.domain.periods import local_day
from bot.domain.query.errors import EMPTY, AmbiguousError, ExactError, MisspeltError, QueryError, UnknownWordError
from bot.domain.query.parser import parse
from bot.domain.query.question import Question, describe, quote
from bot.domain.query.when import When, compares_with
from bot.domain.tasks import UPSTREAM_STATUSES
from bot.ledger.names import EmailsByName, LedgerNames, no_names
from bot.ledger.scope import Scope
from bot.ledger.scope_queries import seen_values

_OTHERS = "Only operators can see other people's spend. You can ask for your own."


def parse_question(
    connection: Connection,
    caller: Caller,
    line: str,
    *,
    now: datetime,
    zone: tzinfo,
    failing: Sequence[str] = (),
    in_slack: Callable[[Connection], EmailsByName] = no_names,
    takes_groups: bool = True,
) -> Question:
    """Return the question that a line asks. `takes_groups` says whether several people that it names make groups.

    A status is one of the upstream's own, of the settings, or of a task that the caller may see.
    A line of the query language means itself; any other is understood as everyday words, if it can be.

    Raises:
        AmbiguousError: it may mean several questions.
        QueryError: it is not a question.
        RefusedError: it may mean several questions, which the caller may not ask.
    """
    try:
        return parse(line, now=now, zone=zone)
    except ExactError:
        raise
    except QueryError:
        scope = Scope.of(connection, caller)
        # only a line that asks for another status is worth the look at which there are
        statuses = {*UPSTREAM_STATUSES, *failing, *seen_values(connection, scope, "status")}
    try:
        return parse(line, now=now, zone=zone, statuses=statuses)
    except ExactError:
        raise
    except QueryError as error:
        own = "" if caller.member is None else f"email:{quote(caller.member)}"
        reader = _EverydayReader(LedgerNames(connection, scope, in_slack), statuses, now, zone, own, takes_groups)
        is_operator = caller.role is Role.OPERATOR
        return reader.question(line, error, is_operator=is_operator)


@dataclass(frozen=True, slots=True)
class _EverydayReader:
    """Reads questions in everyday words, asked at `now`, by the names and statuses that the caller may use.

    `own` are the words of the query language for the caller.
    """

    names: LedgerNames
    statuses: Collection[str]
    now: datetime
    zone: tzinfo
    own: str
    takes_groups: bool

    def question(self, line: str, strict: QueryError, *, is_operator: bool) -> Question:
        """Return the question of everyday words; `strict` says why the line is none of the query language.

        Raises as `parse_question`.
        """
        # a line of the query language needs none of it, and a command starts faster without it
        from bot.domain.everyday.meaning import TypingContext
        from bot.domain.everyday.understanding import understand

        today = local_day(self.now, self.zone)
        context = TypingContext(
            today, self.statuses, self.names, self._is_compared, self.own, takes_groups=self.takes_groups
        )
        try:
            lines = understand(line, context)
            questions = {each: self._parsed(each) for each in lines}
        except AmbiguousError as error:
            if not is_operator and any(_is_for_operators(self._parsed(each)) for each in error.lines):
                raise RefusedError(OWN_SPEND_ONLY) from None
            raise
        except QueryError as error:
            raise self._clearest(error, strict, is_operator=is_operator) from error.__cause__
        if len(questions) > 1:
            raise AmbiguousError(lines)
        return replace(questions[lines[0]], in_words=True)

    def _parsed(self, line: str) -> Question:
        return parse(line, now=self.now, zone=self.zone, statuses=self.statuses)

    def _is_compared(self, when: When, other: When) -> bool:
        return compares_with(when, other, self.now, self.zone)

    def _clearest(self, error: QueryError, strict: QueryError, *, is_operator: bool) -> QueryError:
        """Return what to say of a line of which both the query language and everyday words have an error."""
        understood = self._askable(error.understood, is_operator=is_operator)
        if not is_operator and isinstance(error, UnknownWordError) and error.is_name:
            # the same whether or not there is somebody of that name
            return QueryError(_OTHERS, error.word, error.column, understood or EMPTY)
        # about one word the query language knows more, unless only everyday words know what was meant
        is_explained = not error.reason.startswith("I don't know \"") and not isinstance(error, MisspeltError)
        is_strict = strict.instead or (error.word == strict.word and not error.instead and not is_explained)
        said = strict if is_strict else error
        return QueryError(said.reason, said.word, said.column, said.instead, understood)

    def _askable(self, line: str, *, is_operator: bool) -> str:
        """Return a line if it is a question that the caller may ask; else an empty one."""
        try:
            question = self._parsed(line)
        except QueryError:
            return ""
        return "" if not is_operator and _is_for_operators(question) else describe(question)


def _is_for_operators(question: Question) -> bool:
    """Return whether only operators may ask it; it names e-mails only of those whom the caller may name."""
    return question.team or bool(question.people) or "member" in question.by
