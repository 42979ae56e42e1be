"""The parser: a typed line becomes a Question, or an error that names the word, its place and what to type."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from bot.domain.query.bare_tokens import read_bare
from bot.domain.query.checks import check_combination, check_line, check_size
from bot.domain.query.draft import QuestionDraft
from bot.domain.query.errors import ExactError, QueryError, UnclosedQuoteError, WhenError, quoted
from bot.domain.query.keyed_tokens import read_keyed
from bot.domain.query.question import Question, describe
from bot.domain.query.spelling import nearest
from bot.domain.query.tokens import Token, clean, split
from bot.domain.query.when import resolve, turned
from bot.domain.query.when_parser import CLOCK, PERIOD_NAMES
from bot.domain.tasks import UPSTREAM_STATUSES

_MAX_CORRECTIONS = 6  # of wrong words in one line
_PERIODS = tuple(name.removeprefix("this ") for name in PERIOD_NAMES if name.startswith("this "))


def parse(line: str, *, now: datetime, zone: tzinfo, statuses: Collection[str] = UPSTREAM_STATUSES) -> Question:
    """Return the question of a line in the query language.

    Args:
        line: as typed, in Slack or in a terminal.
        now: the moment it is asked at; a window that has not begun is an error.
        zone: the time zone of local dates.
        statuses: what `status:` may name, as the upstream spells it.

    Raises:
        QueryError: the line is not a question; its `instead`, if any, is one. It's an ExactError if it can mean nothing
            else, such as one whose time ends before it begins.
    """
    parser = _Parser(now, zone, statuses)
    try:
        return parser.question(line)
    except QueryError as error:
        raise parser.with_correction(error) from error.__cause__


def is_language(line: str) -> bool:
    """Return whether each word of a line is one of the query language, whether or not they go together."""
    draft = QuestionDraft(clean(line), UPSTREAM_STATUSES)
    try:
        _read(draft, tokens_of(draft.line))
    except QueryError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Parser:
    now: datetime
    zone: tzinfo
    statuses: Collection[str]

    def with_correction(self, error: QueryError) -> QueryError:
        """Return the error with a line to type that is a question, corrected word by word, or with none."""
        instead = error.instead
        for _ in range(_MAX_CORRECTIONS):
            if instead is None:
                break
            try:
                self.question(instead)
            except QueryError as another:
                instead = another.instead if another.instead != instead else None
            else:
                return type(error)(error.reason, error.word, error.column, instead)
        return type(error)(error.reason, error.word, error.column)

    def question(self, line: str) -> Question:
        """Return the question of a line. Raises QueryError, whose `instead` need not be a question."""
        check_line(line)
        draft = QuestionDraft(clean(line), self.statuses)
        _read(draft, tokens_of(draft.line))
        question = draft.complete_question()
        check_combination(question)
        self._check_window(draft, question)
        check_size(question)
        return question

    def _check_window(self, draft: QuestionDraft, question: Question) -> None:
        if draft.when_token is None:
            return
        try:
            resolve(question.effective_when, self.now, self.zone)
        except WhenError as error:
            token = draft.when_token
            reason = f"I can't use {quoted(token.raw)}: {error.clause}."
            raise ExactError(reason, token.raw, token.column, self._turned(question)) from error

    def _turned(self, question: Question) -> str | None:
        """Return the line of the question with the ends of its time the other way round; None if that is none."""
        other = None if question.when is None else turned(question.when)
        if other is None:
            return None
        try:
            resolve(other, self.now, self.zone)
        except WhenError:
            return None
        return describe(replace(question, when=other))


def tokens_of(line: str) -> Sequence[Token]:
    """Return the tokens of a cleaned line. Raises QueryError if a quote is not closed."""
    try:
        return split(line)
    except UnclosedQuoteError as error:
        raise QueryError("A quote isn't closed.", line[error.column - 1 :][:20], error.column, f'{line}"') from error


def _read(draft: QuestionDraft, tokens: Sequence[Token]) -> None:
    position = 0
    while position < len(tokens):
        token, count = _first_token(tokens[position : position + 3])
        if token.key is None:
            read_bare(draft, token)
        else:
            read_keyed(draft, token)
        position += count


def _first_token(tokens: Sequence[Token]) -> tuple[Token, int]:
    """Return the first token, joined with up to two following ones that belong to it, and how many were taken."""
    if pair := _pair(*tokens[:2]):
        return pair, 2
    return _with_clock(tokens[0], tokens[1:])


def _pair(first: Token, second: Token | None = None) -> Token | None:
    """Return a pair such as `last month` as one token, also if its second word is misspelt; None if it is no pair."""
    if second is None or first.key or second.key:
        return None
    joined = f"{first.bare} {second.bare}"
    if joined not in PERIOD_NAMES and not (first.bare in {"this", "last"} and nearest(second.bare, _PERIODS)):
        return None
    return Token(f"{first.raw} {second.raw}", first.column, None, (joined,))


def _with_clock(first: Token, following: Sequence[Token]) -> tuple[Token, int]:
    """Return `from:` or `to:` with the time of day (and `UTC`) that stands behind its date, and the count of tokens."""
    if first.key not in {"from", "to"} or len(first.values) > 1:
        return first, 1
    for count in range(len(following), 0, -1):
        rest = [each.values[0] for each in following[:count] if each.key is None]
        if len(rest) == count and CLOCK.fullmatch(" ".join(rest).lower()):
            raw = " ".join(each.raw for each in (first, *following[:count]))
            return Token(raw, first.column, first.key, (" ".join([first.values[0], *rest]),)), count + 1
    return first, 1
