"""Questions that go on from the one before: `and last week?`, `what about marcus`, `only opus`."""

import re
from dataclasses import replace

from bot.domain.everyday.typography import plain
from bot.domain.query.question import TIME_GROUPINGS, Field, Question

_OPENING = re.compile(
    r"(?:(?:ok|okay|so|no|hmm?) )*(?:and|but|also|only|just|now|then|i meant?|rather|(?:what|how) about)(?!\S)",
    re.IGNORECASE,
)
_POLITE = r"(?:(?:ok|okay|now|then|so|please|and|can you|could you|show|give|send|let|me|us|it|that|see) )*"
_GETTING = (
    rf"{_POLITE}(?:(?:(?:can|could|may|how do|how can) (?:i|we)|i|we|i'd|want|need|like|would like|to|get|have|put"
    r"|download|export|save|it|that|this|them|those|these|the (?:numbers?|data|list|table|answer)) )*"
)
_GROUP = r"(?:by|per|for each) (?:the )?\w+"
_BROKEN_DOWN = r"(?:split|broken down|grouped|group|break) (?:it )?(?:down )?"
_WHY = r"why(?: (?:so (?:much|high|many|expensive)|is (?:it|that)(?: so \w+)?))?|how come"
_INCOMPLETE = re.compile(
    rf"{_GETTING}(?:as|in|to|into) (?:an? )?(?:csv|file|spreadsheet|excel|table)(?: file)?(?: please)?"
    rf"|{_POLITE}(?:export(?: it| that| this)?"
    rf"|(?:the )?top (?:\d{{1,3}}|three|five|ten)|(?:{_BROKEN_DOWN})?{_GROUP}(?:(?: and|,)? (?:{_GROUP}|\w+))?|{_WHY}"
    r"|(?:without|except|excluding|minus|not) \S+(?: \S+)?|(?:the |all )?tasks|who|whose|by whom"
    r"|(?:which|what|whose) (?:models?|tasks?|people|members?|users?|person|days?))(?: please)?",
    re.IGNORECASE,
)
_UNIT = r"day|week|weekend|month|quarter|year|morning|afternoon|evening|time"
_POINTING = re.compile(
    r"(?<!\S)(?:they|them|those|these|(?:it|that)(?= cost)"
    rf"|(?:of|in|from|for|about) (?:it|that|this)(?! (?:{_UNIT})s?))(?!\S)",
    re.IGNORECASE,
)


_BACK = frozenset({"it", "that", "they", "them", "those", "these"})


def points_back(line: str) -> bool:
    """Return whether a typed line has a word that may mean the answer before it: `it`, `that`."""
    return not _BACK.isdisjoint(plain(line).lower().split())


def is_follow_up(line: str) -> bool:
    """Return whether a typed line begins as one that goes on from the question before it, or is no question alone."""
    said = plain(line)
    return _OPENING.match(said) is not None or _INCOMPLETE.fullmatch(said) is not None


def without_pointing(line: str) -> str | None:
    """Return a line without the words that point to the question before it: `they`, `of it`; None if it has none."""
    said = plain(line)
    rest = " ".join(_POINTING.sub(" ", said).split())
    return rest if rest and rest != said else None


def followed_up(before: Question, question: Question) -> Question:
    """Return the question before, with what another one says in place of what it said there."""
    said = {each.field for each in question.filters}
    is_of_somebody = question.team or bool(question.people) or Field.EMAIL in said
    kept = (each for each in before.filters if each.field not in said and not _is_replaced(each.field, is_of_somebody))
    is_list = question.rows or (before.rows and not question.by and not question.average)
    by = question.by or tuple(each for each in before.by if not (each == "member" and _is_one_person(question)))
    if question.average:
        by = tuple(each for each in by if each in TIME_GROUPINGS)
    is_averaged = not is_list and not question.csv and set(by) <= set(TIME_GROUPINGS)
    return replace(
        question,
        team=question.team or (before.team and not is_of_somebody),
        people=question.people or (() if is_of_somebody else before.people),
        when=question.when or before.when,
        filters=tuple(sorted((*question.filters, *kept))),
        byok=before.byok if question.byok is None else question.byok,
        by=() if is_list else by,
        average=question.average or (before.average if is_averaged else ()),
        sort=question.sort or (before.sort if by == before.by else None),
        top=question.top or (before.top if by == before.by else None),
        rows=is_list,
        csv=question.csv,
    )


def _is_replaced(field: Field, is_of_somebody: bool) -> bool:  # noqa: FBT001 - what the question names
    return field is Field.TASK or (field is Field.EMAIL and is_of_somebody)


def _is_one_person(question: Question) -> bool:
    return len(question.people) + len(question.included_values(Field.EMAIL)) == 1
