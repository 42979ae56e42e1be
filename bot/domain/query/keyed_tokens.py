"""Tokens with a key: filters such as `-model:opus`, and `by:`, `average:`, `sort:`, `top:`, `byok:`, `from:`, `to:`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from bot.domain.numbers import whole_number
from bot.domain.query.draft import QuestionDraft
from bot.domain.query.errors import QueryError, WhenError, quoted
from bot.domain.query.question import (
    AVERAGES,
    COUNTED_GROUPINGS,
    GROUPINGS,
    MAX_GROUPINGS,
    SORTS,
    TIME_GROUPINGS,
    Field,
    quote,
)
from bot.domain.query.spelling import enumeration, nearest
from bot.domain.query.tokens import Token
from bot.domain.query.when_parser import parse_edge
from bot.domain.tasks import normalized_email

MAX_TOP = 1_000_000
KEYS = (*Field, "byok", "by", "average", "sort", "top", "from", "to")

_SWITCHES = {"yes": True, "no": False, "true": True, "false": False}
SYNONYMS = {
    "group": "by", "groupby": "by", "since": "from", "until": "to", "before": "to", "after": "from",
    "limit": "top", "user": "email", "member": "email", "who": "email", "id": "task", "task_id": "task",
    "is_byok": "byok", "q": "search", "order": "sort", "state": "status", "avg": "average",
}  # fmt: skip
"""Keys of the upstream and of other tools, by which ours are meant."""

EXAMPLES = {
    "status": "error,failed", "model": "opus", "task": "0b6c2f1e", "search": "acme", "email": "ana@acme.dev",
    "byok": "no", "by": "model", "average": "day", "sort": "cost", "top": "20", "from": "2026-11-01",
    "to": "2026-11-15",
}  # fmt: skip
"""A value of each key, as one might type it."""


def read_keyed(draft: QuestionDraft, token: Token) -> None:
    """Take a token with a key into the draft. Raises QueryError if it is wrong."""
    key, exclude = _key(token)
    if key not in KEYS:
        raise _unknown_key_error(draft, token)
    if not all(token.values):
        raise draft.error(token, f"`{key}:` needs a value, such as `{key}:{EXAMPLES[key]}`.")
    if key in tuple(Field):
        _read_filter(draft, token, Field(key), exclude=exclude)
        return
    if exclude:
        raise draft.error(token, f"`{key}:` can't be excluded.", token.raw.removeprefix("-"))
    _READERS[key](draft, token)


def _key(token: Token) -> tuple[str, bool]:
    """Return the key without a leading `-`, and whether it has one."""
    key = token.key or ""
    return key.removeprefix("-"), key.startswith("-")


def _unknown_key_error(draft: QuestionDraft, token: Token) -> QueryError:
    key, exclude = _key(token)
    better = SYNONYMS.get(key) or nearest(key, KEYS)
    if not better:
        known = _codes(f"{name}:" for name in KEYS)
        return draft.error(token, f"I don't know {quoted(f'{key}:')}. There are {known}.")
    rest = token.raw.split(":", 1)[1]
    prefix = "-" if exclude and better in tuple(Field) else ""
    return draft.error(token, f"I don't know {quoted(f'{key}:')}.", f"{prefix}{better}:{rest}")


# --- filters -------------------------------------------------------------------------------------


def _read_filter(draft: QuestionDraft, token: Token, name: Field, *, exclude: bool) -> None:
    values = list(token.values)
    if name is Field.STATUS:
        values = [_status(draft, token, value) for value in values]
    elif name is Field.EMAIL:
        values = [normalized_email(value) for value in values]
    draft.add_filter(name, values, exclude=exclude)


def _status(draft: QuestionDraft, token: Token, value: str) -> str:
    """Return a status as the upstream spells it."""
    spelled = {status.lower(): status for status in sorted(draft.statuses)}
    if value.lower() in spelled:
        return spelled[value.lower()]
    reason = f"There is no status {quoted(value)}. The statuses are {_codes(sorted(draft.statuses))}."
    raise draft.error(token, reason, _correction(token, spelled))


def _correction(token: Token, choices: Mapping[str, str]) -> str | None:
    """Return the token with every value spelled as the choice nearest to it; None if one is near to none."""
    lowered = [value.lower() for value in token.values]
    nearby = [value if value in choices else nearest(value, choices) for value in lowered]
    values = [quote(choices[each]) for each in nearby if each is not None]
    return f"{token.key}:{','.join(values)}" if len(values) == len(nearby) else None


# --- everything else -----------------------------------------------------------------------------


def _read_by(draft: QuestionDraft, token: Token) -> None:
    names = tuple(
        _one_of(draft, token, value.lower(), GROUPINGS, "I can't group by {}. The groups are {}.")
        for value in token.values
    )
    by = tuple(dict.fromkeys((*draft.question.by, *names)))
    if clash := _clash(by):
        reason, kept = clash
        better = [name for name in names if name in kept and name not in draft.question.by]
        is_clear = set(draft.question.by) <= set(kept)  # else another token would have to go
        raise draft.contradiction(token, reason, (f"by:{','.join(better)}" if better else "") if is_clear else None)
    draft.question = replace(draft.question, by=by)


def _clash(by: Sequence[str]) -> tuple[str, Sequence[str]] | None:
    """Return why groups don't go together, and those that do; None if all do."""
    times = [name for name in by if name in TIME_GROUPINGS]
    counted = [name for name in by if name in COUNTED_GROUPINGS]
    if len(by) > MAX_GROUPINGS:
        first = by[:MAX_GROUPINGS]
        nested = _clash(first)
        return f"You can group by two things at most, and that is {len(by)}.", nested[1] if nested else first
    if len(times) > 1:
        return "Use one of day, week and month at a time.", times[:1]
    if len(counted) > 1:
        return "Tools and agents are counted separately. Use one of them at a time.", counted[:1]
    if counted and times:
        return f"Neo counts {counted[0]}s per task, so they can't be split by {times[0]}.", counted
    return None


def _read_average(draft: QuestionDraft, token: Token) -> None:
    names = (
        _one_of(draft, token, value.lower(), AVERAGES, "I can't average for each {}. There are {}.")
        for value in token.values
    )
    average = tuple(dict.fromkeys((*draft.question.average, *names)))
    draft.question = replace(draft.question, average=average)


def _read_sort(draft: QuestionDraft, token: Token) -> None:
    name = _one_of(draft, token, _single(draft, token).lower(), SORTS, "I can't sort by {}. You can sort by {}.")
    if draft.question.sort not in {None, name}:
        raise draft.error(token, "You gave two `sort:`. One is enough.", "")
    draft.question = replace(draft.question, sort=name)


def _read_top(draft: QuestionDraft, token: Token) -> None:
    top = whole_number(_single(draft, token), 1, MAX_TOP)
    if top is None:
        raise draft.error(token, f"`top:` takes a whole number from 1 to {MAX_TOP:,}.", "top:20")
    if draft.question.top not in {None, top}:
        raise draft.error(token, "You gave two `top:`. One is enough.", "")
    draft.question = replace(draft.question, top=top)


def _read_byok(draft: QuestionDraft, token: Token) -> None:
    text = _one_of(
        draft, token, _single(draft, token).lower(), tuple(_SWITCHES), "{} is neither yes nor no. There are {}."
    )
    if draft.question.byok not in {None, _SWITCHES[text]}:
        raise draft.error(token, "You gave both `byok:yes` and `byok:no`. Leave both out to see everything.", "")
    draft.question = replace(draft.question, byok=_SWITCHES[text])


def _read_edge(draft: QuestionDraft, token: Token) -> None:
    key, _ = _key(token)
    draft.check_edge(token, key)
    try:
        edge = parse_edge(_single(draft, token).lower())
    except WhenError as error:
        raise draft.time_error(token, error) from error
    draft.set_edge(token, key, edge)


def _single(draft: QuestionDraft, token: Token) -> str:
    """Return the only value. Raises QueryError if there are several."""
    if len(token.values) > 1:
        raise draft.error(token, f"`{token.key}:` takes one value.", f"{token.key}:{quote(token.values[0])}")
    return token.values[0]


def _one_of(draft: QuestionDraft, token: Token, value: str, choices: Sequence[str], reason: str) -> str:
    """Return the value. Raises QueryError, with a reason about it and the choices, if it is none of them."""
    if value in choices:
        return value
    better = _correction(token, {choice: choice for choice in choices})
    raise draft.error(token, reason.format(quoted(value), _codes(choices)), better)


def _codes(words: Iterable[str]) -> str:
    """Return words in a row, each to be typed as it stands."""
    return enumeration(f"`{word}`" for word in words)


_READERS: Mapping[str, Callable[[QuestionDraft, Token], None]] = {
    "by": _read_by,
    "average": _read_average,
    "sort": _read_sort,
    "top": _read_top,
    "byok": _read_byok,
    "from": _read_edge,
    "to": _read_edge,
}
