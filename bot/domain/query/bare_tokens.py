"""Tokens without a key: `team`, `rows`, a person, an e-mail, a time."""

import re
from dataclasses import replace

from bot.domain.query.draft import QuestionDraft
from bot.domain.query.errors import QueryError, WhenError, quoted
from bot.domain.query.keyed_tokens import EXAMPLES, KEYS
from bot.domain.query.question import GROUPINGS, Field, quote
from bot.domain.query.spelling import nearest
from bot.domain.query.tokens import Token
from bot.domain.query.when_parser import PERIOD_NAMES, parse_when
from bot.domain.slack_ids import is_mention

_PERSON = re.compile(r"<@[A-Z0-9]+>|@[\w.+-]+", re.ASCII)
_EMAIL = re.compile(r"[^\s<>\"',:@]+@[a-z0-9.-]+\.[a-z]+", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_KNOWN = ("team", "me", "rows", "csv", *PERIOD_NAMES)


def read_bare(draft: QuestionDraft, token: Token) -> None:
    """Take a token without a key into the draft. Raises QueryError if it means nothing."""
    text, lowered = token.values[0], token.bare
    if lowered == "me":
        pass  # one's own scope is the default
    elif lowered == "team":
        draft.question = replace(draft.question, team=True)
    elif lowered == "rows":
        draft.question = replace(draft.question, rows=True)
    elif lowered == "csv":
        draft.question = replace(draft.question, csv=True)
    elif _PERSON.fullmatch(text):
        draft.add_person(text if is_mention(text) else lowered)
    elif _EMAIL.fullmatch(lowered):
        draft.add_filter(Field.EMAIL, [lowered], exclude=False)
    else:
        _read_time(draft, token)


def _read_time(draft: QuestionDraft, token: Token) -> None:
    try:
        when = parse_when(token.bare)
    except WhenError as error:
        raise draft.time_error(token, error) from error
    if when is None:
        raise _unknown_word_error(draft, token)
    draft.set_when(token, when)


def _unknown_word_error(draft: QuestionDraft, token: Token) -> QueryError:
    lowered = token.bare
    if lowered in KEYS and lowered not in GROUPINGS:
        return draft.error(token, f"{quoted(lowered)} needs a value, such as `{lowered}:{EXAMPLES[lowered]}`.")
    return draft.error(token, f"I don't know {quoted(token.raw)}.", _suggestion(draft, lowered))


def _suggestion(draft: QuestionDraft, lowered: str) -> str | None:
    """Return what to type instead of an unknown word; None if that is not known."""
    if lowered in {status.lower() for status in draft.statuses}:
        return f"status:{quote(lowered)}"
    if lowered in GROUPINGS:
        return f"by:{lowered}"
    if lowered in {"this", "last"}:
        return f"{lowered} month"
    if _UUID.fullmatch(lowered):
        return f"task:{lowered}"
    return nearest(lowered, _KNOWN)
